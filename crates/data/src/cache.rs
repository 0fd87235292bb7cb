//! The folder where CIFAR-10 is kept, what belongs into it, and how files get there whole.
//!
//! `<cache>/cifar-10-batches-bin/` holds the six files of the official binary version,
//! unchanged. A file there is either whole or absent: it is written under another name, checked
//! and synchronised, then renamed; processes that do so at once disturb each other in nothing.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::{NamedTempFile, TempDir};

use crate::error::DataError;
use crate::image_set::IMAGE_BYTES;

/// Bytes of a label and its image in a binary batch.
pub(crate) const RECORD_BYTES: usize = 1 + IMAGE_BYTES;

/// Name and MD5 of the official binary batches (files of cifar-10-binary.tar.gz from
/// <https://www.cs.toronto.edu/~kriz/cifar.html>).
const OFFICIAL_BATCHES: [(&str, Role, &str); 6] = [
    ("data_batch_1", Role::Training, "5dd7e06a14cb22eb9f671a540d1b7c25"),
    ("data_batch_2", Role::Training, "5ea93a67294ea407fff1d09f752e9692"),
    ("data_batch_3", Role::Training, "942cd6a4bcdd0dd3c604fbe906cb4421"),
    ("data_batch_4", Role::Training, "ae636b3ba5c66a11e91e8cb52e771fcb"),
    ("data_batch_5", Role::Training, "53f37980c15c3d472c316c40844f3f0d"),
    ("test_batch", Role::Test, "803d5f7f4d78ea53de84dbe85f74fb6d"),
];

/// Temporary files start with this; nothing else in the cache does.
const TEMPORARY: &str = ".plateau-";

/// What killed processes left behind is removed after this time.
const LEFTOVER_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// What the images of a batch are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The training pool.
    Training,
    /// The test images.
    Test,
}

/// A file that belongs into the cache.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    /// Its name without extension: `data_batch_1`.
    pub(crate) stem: String,
    /// What its images are for.
    pub(crate) role: Role,
    /// Images in it.
    pub(crate) n_images: usize,
    /// MD5 of the whole file.
    pub(crate) md5: String,
}

impl Batch {
    /// Its name: `data_batch_1.bin`.
    pub(crate) fn file_name(&self) -> String {
        format!("{}.bin", self.stem)
    }

    /// Its size.
    pub(crate) fn bytes(&self) -> u64 {
        (self.n_images * RECORD_BYTES) as u64
    }
}

/// A folder where CIFAR-10 is kept. It needs not exist yet.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
    batches: Vec<Batch>,
}

impl Cache {
    /// The cache in this folder.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let batches = OFFICIAL_BATCHES.map(|(stem, role, md5)| Batch {
            stem: stem.into(),
            role,
            n_images: 10_000,
            md5: md5.into(),
        });
        Self { root: root.into(), batches: batches.into() }
    }

    /// A cache that other batches belong into.
    #[cfg(test)]
    pub(crate) fn with_batches(root: impl Into<PathBuf>, batches: Vec<Batch>) -> Self {
        Self { root: root.into(), batches }
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of the binary batches within it.
    #[must_use]
    pub fn batches_dir(&self) -> PathBuf {
        self.root.join("cifar-10-batches-bin")
    }

    /// What belongs into it.
    pub(crate) fn batches(&self) -> &[Batch] {
        &self.batches
    }

    /// The same batches with other contents, in a folder of their own within this cache.
    pub(crate) fn of_altered(&self, id: &str) -> Self {
        let root = self.root.join(format!("altered-{id}"));
        Self { root, batches: self.batches.clone() }
    }

    /// Writes a file of the cache, whole or not at all.
    pub(crate) fn write(&self, path: &Path, contents: &[u8]) -> Result<(), DataError> {
        let write = || {
            let dir = self.batches_dir();
            fs::create_dir_all(&dir)?;
            let mut file = temporary_in(&dir)?;
            file.write_all(contents)?;
            flushed(file.as_file().sync_all())?;
            file.persist(path).map_err(|error| error.error)?;
            sync_dir(&dir)
        };
        write().map_err(|source| self.cannot_write(source))
    }

    /// A file that vanishes when dropped, for downloads.
    pub(crate) fn temporary_file(&self) -> Result<NamedTempFile, DataError> {
        fs::create_dir_all(&self.root)
            .and_then(|()| temporary_in(&self.root))
            .map_err(|source| self.cannot_write(source))
    }

    /// A folder that vanishes when dropped, for the npm client to work in.
    pub(crate) fn temporary_dir(&self) -> Result<TempDir, DataError> {
        fs::create_dir_all(&self.root)
            .and_then(|()| tempfile::Builder::new().prefix(TEMPORARY).tempdir_in(&self.root))
            .map_err(|source| self.cannot_write(source))
    }

    fn cannot_write(&self, source: io::Error) -> DataError {
        DataError::Cache { path: self.root.clone(), source }
    }

    /// Removes what killed processes left behind. What cannot be removed stays: it only takes
    /// up space.
    pub(crate) fn sweep(&self) {
        for dir in [self.root.clone(), self.batches_dir()] {
            for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
                let is_ours = entry.file_name().to_string_lossy().starts_with(TEMPORARY);
                let modified = entry.metadata().and_then(|metadata| metadata.modified());
                if is_ours && modified.is_ok_and(is_leftover) {
                    let path = entry.path();
                    let _ = if path.is_dir() {
                        fs::remove_dir_all(path)
                    } else {
                        fs::remove_file(path)
                    };
                }
            }
        }
    }
}

fn is_leftover(modified: SystemTime) -> bool {
    SystemTime::now().duration_since(modified).is_ok_and(|age| age > LEFTOVER_AGE)
}

fn temporary_in(dir: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    // Temporary files are private by default; a cache may serve several users.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o644));
    }
    builder.tempfile_in(dir)
}

/// Makes a renaming survive a power failure. Windows has no such call and needs none.
fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { flushed(File::open(dir).and_then(|dir| dir.sync_all())) } else { Ok(()) }
}

/// What a file system doesn't know how to flush is left to it.
fn flushed(outcome: io::Result<()>) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    match outcome {
        Err(error) if matches!(error.kind(), InvalidInput | PermissionDenied | Unsupported) => {
            Ok(())
        }
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;

    #[test]
    fn only_old_temporary_files_are_swept() {
        let fixture = Fixture::filled();
        let root = fixture.cache.root();
        let long_ago = SystemTime::now() - 2 * LEFTOVER_AGE;
        for (name, modified) in
            [(".plateau-old", long_ago), (".plateau-new", SystemTime::now()), ("old", long_ago)]
        {
            File::create(root.join(name)).unwrap().set_modified(modified).unwrap();
        }
        fixture.cache.sweep();
        let is_there = |name: &str| root.join(name).exists();
        assert_eq!(
            [is_there(".plateau-old"), is_there(".plateau-new"), is_there("old")],
            [false, true, true]
        );
    }
}
