//! One execution at a time in a study's folder.
//!
//! The system's lock on `.lock` ends with the process that holds it. File systems without locks
//! (NFS without its lock service, some of FUSE) get a lock of another kind: a file that only one
//! process can make, and that says which one; it is taken over once that process is gone.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::error::{Action, Context as _, StoreError};

pub(super) const LOCK_FILE: &str = ".lock";
pub(super) const OWNER_FILE: &str = ".lock-owner";
/// More than who holds the lock has to say.
const MAX_HOLDER_BYTES: u64 = 1024;

/// Whoever only looks who holds the lock has it for a moment.
const N_TRIES: u32 = 5;
const PATIENCE: Duration = Duration::from_millis(20);

/// Held for as long as this is kept.
#[derive(Debug)]
pub struct Lock {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// The system gives it back when the process ends, however it ends.
    System { _file: File },
    /// The file that stands for the lock; removed in the end.
    Owner(PathBuf),
}

impl Lock {
    /// Whether the file system knows no locks, so that a file stands for one.
    #[must_use]
    pub fn is_a_file(&self) -> bool {
        matches!(self.kind, Kind::Owner(_))
    }

    /// Locks a study's folder; `holder` tells others who has it.
    pub(super) fn take(dir: &Path, holder: &str) -> Result<Self, StoreError> {
        let path = dir.join(LOCK_FILE);
        let (mut file, is_writable) = open(&path).context(Action::Create, &path)?;
        let mut n_tries = 0;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if n_tries < N_TRIES => {
                    n_tries += 1;
                    thread::sleep(PATIENCE);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::Locked { dir: dir.to_owned(), holder: read(&file) });
                }
                Err(TryLockError::Error(_)) => return own(dir, holder),
            }
        }
        let mut write = || {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(holder.as_bytes())
        };
        if is_writable {
            write().context(Action::Write, &path)?;
        }
        Ok(Self { kind: Kind::System { _file: file } })
    }

    /// Who holds the lock of a folder now, if somebody does.
    pub(super) fn holder(dir: &Path) -> Option<String> {
        let file = File::open(dir.join(LOCK_FILE)).ok()?;
        match file.try_lock_shared() {
            Ok(()) => None,
            Err(TryLockError::WouldBlock) => Some(read(&file)),
            Err(TryLockError::Error(_)) => {
                let owner = Owner::read(&dir.join(OWNER_FILE)).ok()??;
                (!owner.is_gone()).then_some(owner.holder)
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Kind::Owner(path) = &self.kind {
            // What can't be removed is taken over by the next one, as this process is gone then.
            let _ = fs::remove_file(path);
        }
    }
}

/// The lock's file, and whether it may be written to: another user of the folder may have made
/// it, and a lock needs no more than to read it.
fn open(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            File::open(path).map(|file| (file, false)).map_err(|_| error)
        }
        opened => opened.map(|file| (file, true)),
    }
}

/// Makes the file that stands for a lock.
fn own(dir: &Path, holder: &str) -> Result<Lock, StoreError> {
    let path = dir.join(OWNER_FILE);
    let me = Owner::me(holder);
    for _ in 0..=N_TRIES {
        match File::create_new(&path) {
            Ok(mut file) => {
                file.write_all(me.to_text().as_bytes()).context(Action::Write, &path)?;
                drop(file);
                // Two that take over the same dead owner's file may both come so far.
                thread::sleep(PATIENCE);
                if Owner::read(&path).context(Action::Read, &path)?.as_ref() == Some(&me) {
                    return Ok(Lock { kind: Kind::Owner(path) });
                }
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let found = Owner::read(&path).context(Action::Read, &path)?;
                match found {
                    Some(owner) if !owner.is_gone() => {
                        let holder = format!(
                            "{} (if that isn't so, remove {})",
                            owner.holder,
                            path.display()
                        );
                        return Err(StoreError::Locked { dir: dir.to_owned(), holder });
                    }
                    // Of a process that is gone, or cut short when the power went.
                    _ => {
                        thread::sleep(PATIENCE);
                        if Owner::read(&path).context(Action::Read, &path)? == found {
                            remove(&path).context(Action::Remove, &path)?;
                        }
                    }
                }
            }
            Err(error) => return Err(error).context(Action::Create, &path),
        }
    }
    Err(StoreError::Locked { dir: dir.to_owned(), holder: "another process".to_owned() })
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// A process that holds a lock: `HOST PROCESS START`, a line feed, and what it says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Owner {
    host: String,
    process: u32,
    /// Tells processes apart that got the same number.
    start: String,
    holder: String,
}

impl Owner {
    fn me(holder: &str) -> Self {
        let process = std::process::id();
        let start = start_of(process).unwrap_or_else(|| "-".to_owned());
        Self { host: host(), process, start, holder: holder.to_owned() }
    }

    fn to_text(&self) -> String {
        format!("{} {} {}\n{}", self.host, self.process, self.start, self.holder)
    }

    /// None if the file is there and isn't whole, or isn't there.
    fn read(path: &Path) -> io::Result<Option<Self>> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let mut bytes = Vec::new();
        file.take(MAX_HOLDER_BYTES).read_to_end(&mut bytes)?;
        Ok(Self::parse(&String::from_utf8_lossy(&bytes)))
    }

    fn parse(text: &str) -> Option<Self> {
        let (first, holder) = text.split_once('\n')?;
        let mut parts = first.split(' ');
        let host = parts.next()?.to_owned();
        let process = parts.next()?.parse().ok()?;
        let start = parts.next()?.to_owned();
        Some(Self { host, process, start, holder: holder.to_owned() })
    }

    /// Whether it is known to have ended: a process of this host that isn't there any more.
    fn is_gone(&self) -> bool {
        cfg!(target_os = "linux")
            && self.host == host()
            && start_of(self.process).as_ref() != Some(&self.start)
    }
}

/// Where numbers of processes mean the same: the machine, since it last started, and within it
/// the container. Of processes elsewhere nothing is known.
fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let processes = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!("{}/{}/{}", name.trim(), boot.trim(), processes.display())
}

/// When a process of this host started, in clock ticks since the system did; none if it isn't
/// there.
fn start_of(process: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name may hold spaces and brackets: field 22 is the twentieth after its last bracket.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(19).map(str::to_owned)
}

/// What the holder wrote. It may not have yet, or be unreadable: then it is just somebody.
fn read(mut file: &File) -> String {
    let mut text = String::new();
    let _ = file.rewind();
    let mut start = file.take(MAX_HOLDER_BYTES);
    match start.read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        _ => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_stands_for_a_lock_until_its_process_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(OWNER_FILE);
        let lock = own(dir.path(), "process 1 (plateau run)").unwrap();
        assert!(lock.is_a_file() && path.is_file());
        let error = own(dir.path(), "me").unwrap_err();
        assert!(error.to_string().contains("process 1 (plateau run) (if that isn't so, remove"));
        drop(lock);
        assert!(!path.exists());
        if cfg!(target_os = "linux") {
            let gone = Owner { process: u32::MAX, ..Owner::me("gone") };
            for left in [gone.to_text(), String::new(), "half".to_owned()] {
                fs::write(&path, left).unwrap();
                drop(own(dir.path(), "me").unwrap());
            }
            // A process of the same number may be another one.
            let again = Owner { start: "0".to_owned(), ..Owner::me("again") };
            fs::write(&path, again.to_text()).unwrap();
            drop(own(dir.path(), "me").unwrap());
        }
        let elsewhere = Owner { host: "elsewhere/0".to_owned(), ..Owner::me("far away") };
        fs::write(&path, elsewhere.to_text()).unwrap();
        assert!(matches!(own(dir.path(), "me"), Err(StoreError::Locked { .. })));
    }
}
