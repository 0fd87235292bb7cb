//! The only way to the disk for what the store keeps: so that a test can let every single
//! operation fail, or be the last one before the power goes. (The lock's file holds nothing that
//! is kept, and what dead processes left is removed directly.)

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use super::error::{Action, Context as _, StoreError};
use super::stale;

/// An operation that is about to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation<'a> {
    /// Making a folder, or a file.
    Create(&'a Path),
    /// Writing so many bytes into a file that was made.
    Write(&'a Path, usize),
    /// Bringing a file's content, or a folder's entries, to the disk.
    Flush(&'a Path),
    /// Moving the first to the place of the second.
    Rename(&'a Path, &'a Path),
    /// Swapping the two. One that fails as unsupported was not done, and is done otherwise.
    Exchange(&'a Path, &'a Path),
    /// Removing a file or a folder.
    Remove(&'a Path),
}

/// What becomes of an operation.
#[derive(Debug)]
pub enum Verdict {
    /// It is done.
    Go,
    /// It fails.
    Fail(io::Error),
    /// Of a write: so many bytes are written, then it fails.
    FailAfter(usize, io::Error),
}

/// Decides about operations.
pub trait Faults: Send + Sync {
    /// Called before each operation.
    fn verdict(&self, operation: Operation<'_>) -> Verdict;
}

/// The disk, sound unless faults are injected.
#[derive(Clone, Default)]
pub struct Disk {
    faults: Option<Arc<dyn Faults>>,
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.faults.is_some() { "Disk(with faults)" } else { "Disk" })
    }
}

impl Disk {
    /// A disk that fails as told.
    #[must_use]
    pub fn with_faults(faults: Arc<dyn Faults>) -> Self {
        Self { faults: Some(faults) }
    }

    fn check(&self, operation: Operation<'_>) -> io::Result<()> {
        match self.faults.as_ref().map(|faults| faults.verdict(operation)) {
            None | Some(Verdict::Go) => Ok(()),
            Some(Verdict::Fail(error) | Verdict::FailAfter(_, error)) => Err(error),
        }
    }

    pub(super) fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.check(Operation::Create(path))?;
        fs::create_dir(path)
    }

    pub(super) fn create_dir_all(&self, path: &Path) -> Result<(), StoreError> {
        if path.is_dir() {
            return Ok(());
        }
        // Of the folders that are missing, too: the last parent is there.
        let missing = path
            .ancestors()
            .take_while(|folder| !folder.as_os_str().is_empty() && !folder.is_dir());
        let parents: Vec<&Path> = missing.filter_map(Path::parent).collect();
        let made = self.check(Operation::Create(path)).and_then(|()| fs::create_dir_all(path));
        made.context(Action::Create, path)?;
        parents.into_iter().rev().try_for_each(|parent| self.flush_dir(parent))
    }

    /// Makes a file that must not be there yet.
    pub(super) fn create_new(&self, path: &Path) -> io::Result<File> {
        self.check(Operation::Create(path))?;
        File::create_new(path)
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        self.check(Operation::Create(path))?;
        File::create(path)
    }

    /// Writes all bytes to a file that was made at `path`.
    pub(super) fn write(&self, file: &mut File, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let operation = Operation::Write(path, bytes.len());
        match self.faults.as_ref().map(|faults| faults.verdict(operation)) {
            None | Some(Verdict::Go) => file.write_all(bytes),
            Some(Verdict::Fail(error)) => Err(error),
            Some(Verdict::FailAfter(n, error)) => {
                file.write_all(&bytes[..n.min(bytes.len())])?;
                Err(error)
            }
        }
    }

    pub(super) fn flush(&self, file: &File, path: &Path) -> io::Result<()> {
        self.check(Operation::Flush(path))?;
        match file.sync_all() {
            Err(error) if is_lacking(&error) => Ok(()),
            flushed => flushed,
        }
    }

    pub(super) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.check(Operation::Rename(from, to))?;
        fs::rename(from, to)
    }

    /// Swaps two names at once: nobody ever sees one of them missing. False where the system or
    /// the file system can't, and nothing was done.
    pub(super) fn exchange(&self, one: &Path, other: &Path) -> io::Result<bool> {
        match self.check(Operation::Exchange(one, other)).and_then(|()| exchange(one, other)) {
            Err(error) if is_lacking(&error) => Ok(false),
            exchanged => exchanged.map(|()| true),
        }
    }

    pub(super) fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.check(Operation::Remove(path))?;
        fs::remove_file(path)
    }

    pub(super) fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.check(Operation::Remove(path))?;
        fs::remove_dir_all(path)
    }

    /// Makes a new file and brings it to the disk.
    pub(super) fn write_new(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let write = || {
            let mut file = self.create_new(path)?;
            self.write(&mut file, path, bytes)?;
            self.flush(&file, path)
        };
        write().context(Action::Write, path)
    }

    /// Writes a file beside its place, flushes it to the disk, and moves it there: under its
    /// name, it is whole or absent.
    pub(super) fn write_whole(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let aside = path.with_file_name(stale::temporary(&name));
        let write = || {
            let mut file = self.create(&aside)?;
            self.write(&mut file, &aside, bytes)?;
            self.flush(&file, &aside)
        };
        let moved = write()
            .context(Action::Write, &aside)
            .and_then(|()| self.rename(&aside, path).context(Action::Rename, path));
        if moved.is_err() {
            // Best effort: on a full disk, half a file would keep the room that others need.
            let _ = self.remove_file(&aside);
            return moved;
        }
        match path.parent() {
            Some(parent) => self.flush_dir(parent),
            None => Ok(()),
        }
    }

    /// Makes the entries of a folder durable.
    pub(super) fn flush_dir(&self, dir: &Path) -> Result<(), StoreError> {
        // Elsewhere a folder cannot be opened as a file, and its entries need no flushing.
        if cfg!(unix) {
            let here = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
            let flush = || match File::open(here) {
                // A folder that may be written to and not read can't be flushed, either.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
                opened => self.flush(&opened?, dir),
            };
            flush().context(Action::Write, dir)?;
        }
        Ok(())
    }
}

/// Whether the file system doesn't know what it was asked to do, as CIFS, NFS and FUSE may not
/// know how to flush a folder: what was to be done is left undone, and nothing is wrong.
pub(super) fn is_lacking(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, Unsupported};
    matches!(error.kind(), InvalidInput | Unsupported)
}

#[cfg(target_os = "linux")]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(target_os = "linux"))]
fn exchange(_one: &Path, _other: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Makes, flushes, moves and removes a file, and says whether folders can be flushed.
pub(super) fn probe(dir: &Path, name: &str) -> Result<bool, StoreError> {
    let (path, moved) = (dir.join(name), dir.join(format!("{name}.moved")));
    let write = || {
        let mut file = File::create(&path)?;
        file.write_all(b"plateau")?;
        file.sync_all().or_else(|error| if is_lacking(&error) { Ok(()) } else { Err(error) })?;
        fs::rename(&path, &moved)
    };
    let written = write().context(Action::Write, dir);
    let _ = fs::remove_file(&path);
    let _ = fs::remove_file(&moved);
    written?;
    let here = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    Ok(!cfg!(unix) || File::open(here).and_then(|folder| folder.sync_all()).is_ok())
}
