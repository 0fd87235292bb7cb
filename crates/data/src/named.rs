//! Images that the user names, and images that were found and checked.
//!
//! **What is named is used, or refused by name**: nothing is taken in its place, and nothing is
//! ever written to it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cache::{Batch, Cache};
use crate::checksum::md5_hex;
use crate::error::{AlteredFile, DataError};
use crate::load;
use crate::source::Progress;
use crate::source::intake::Converted;
use crate::source::{archive, folder};

/// Whether images that are not the published ones may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// No: every file must have the MD5 that its publisher gives.
    Published,
    /// Yes, such as a copy with noisy labels. Sizes and the range of labels are checked.
    Altered,
}

/// Images that were found and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Folder of the binary batches, for [`load()`](crate::load()).
    pub batches: PathBuf,
    /// MD5 of each file by name, in hexadecimal.
    pub md5: BTreeMap<String, String>,
    /// None for the published images; of others, [`altered_id`] of the above.
    pub altered: Option<String>,
}

/// A place that the user names: a folder or an archive.
#[derive(Clone, Debug)]
pub struct Named {
    path: PathBuf,
}

/// What a named place holds.
enum Found {
    /// Binary batches, to be used where they are.
    InPlace(PathBuf),
    /// Anything else, as binary batches.
    Converted(Converted),
}

impl Named {
    /// The place of that path.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Finds the images there, and checks every file. Binary batches in a folder are used where
    /// they are; other forms and archives are converted, and the cache keeps what comes of them.
    ///
    /// # Errors
    /// If there is nothing of that name, if it holds no CIFAR-10, if files are missing, damaged
    /// or (unless that is accepted) altered, or if a conversion can't be kept.
    pub fn open(
        &self,
        acceptance: Acceptance,
        cache: &Cache,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Opened, DataError> {
        match self.find(cache)? {
            Found::InPlace(dir) => {
                let md5 = load::check_all(&dir, cache.batches()).map_err(|error| match error {
                    // To fetch the published images would not mend what was named.
                    DataError::Damaged { dir, problems } => DataError::Unusable { dir, problems },
                    error => error,
                })?;
                self.judge(&md5, cache, acceptance).map(|altered| Opened {
                    batches: dir,
                    md5,
                    altered,
                })
            }
            Found::Converted(converted) => {
                let md5 = converted.md5(cache.batches());
                let altered = self.judge(&md5, cache, acceptance)?;
                let batches = self.keep(cache, &converted, altered.as_deref(), progress)?;
                Ok(Opened { batches, md5, altered })
            }
        }
    }

    /// Checks the published images there, and puts them into the cache.
    ///
    /// # Errors
    /// As [`Named::open`].
    pub fn import(
        &self,
        cache: &Cache,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Opened, DataError> {
        let opened = self.open(Acceptance::Published, cache, progress)?;
        if opened.batches == cache.batches_dir() {
            return Ok(opened);
        }
        let read = |batch: &Batch| {
            let path = opened.batches.join(batch.file_name());
            fs::read(&path).map_err(|source| DataError::Io { action: "read", path, source })
        };
        let batches = cache.batches().iter().map(read).collect::<Result<_, _>>()?;
        let batches = self.keep(cache, &Converted { batches }, None, progress)?;
        Ok(Opened { batches, ..opened })
    }

    fn find(&self, cache: &Cache) -> Result<Found, DataError> {
        if self.path.as_os_str().is_empty() {
            return Err(DataError::EmptyPath);
        }
        let place = self.path.display().to_string();
        let metadata = fs::metadata(&self.path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => DataError::NotThere { place: place.clone() },
            _ => DataError::Io { action: "open", path: self.path.clone(), source },
        })?;
        if metadata.is_file() {
            return archive::read(&self.path, &place, cache.batches()).map(Found::Converted);
        }
        if !metadata.is_dir() {
            let found = "neither a folder nor a regular file".to_owned();
            return Err(DataError::NoData { place, found });
        }
        match folder::find(&self.path, cache.batches())? {
            folder::Found::Binary(dir) => Ok(Found::InPlace(dir)),
            folder::Found::Converted(converted) => Ok(Found::Converted(converted)),
        }
    }

    /// Which images these are: none for the published ones.
    fn judge(
        &self,
        md5: &BTreeMap<String, String>,
        cache: &Cache,
        acceptance: Acceptance,
    ) -> Result<Option<String>, DataError> {
        let differs = |batch: &Batch| {
            let file = batch.file_name();
            let actual = md5.get(&file).filter(|actual| **actual != batch.md5)?.clone();
            Some(AlteredFile { file, expected: batch.md5.clone(), actual })
        };
        let files: Vec<AlteredFile> = cache.batches().iter().filter_map(differs).collect();
        if files.is_empty() {
            return Ok(None);
        }
        match acceptance {
            Acceptance::Altered => Ok(Some(altered_id(md5))),
            Acceptance::Published => {
                Err(DataError::Altered { place: self.path.display().to_string(), files })
            }
        }
    }
}

/// What tells altered images from others: the MD5 of the lines `MD5␣␣NAME⏎`, in the order of the
/// names.
#[must_use]
pub fn altered_id(md5: &BTreeMap<String, String>) -> String {
    md5_hex(md5_lines(md5).as_bytes())
}

/// A line for each file, as `md5sum` prints it.
#[must_use]
pub fn md5_lines(md5: &BTreeMap<String, String>) -> String {
    md5.iter().map(|(file, md5)| format!("{md5}  {file}\n")).collect()
}

impl Named {
    /// Puts batches into the cache, altered ones into a folder of their own, and says which.
    fn keep(
        &self,
        cache: &Cache,
        converted: &Converted,
        altered: Option<&str>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<PathBuf, DataError> {
        let cache = match altered {
            None => cache.clone(),
            Some(id) => cache.of_altered(id),
        };
        let dir = cache.batches_dir();
        let total = cache.batches().len();
        let all = cache.batches().iter().zip(&converted.batches);
        for (done, (batch, contents)) in all.enumerate() {
            let path = dir.join(batch.file_name());
            if !is_there(&path, contents) {
                if self.contains(cache.root()) {
                    let (place, path) = (self.path.clone(), cache.root().to_owned());
                    return Err(DataError::CacheWithin { place, path });
                }
                cache.write(&path, contents)?;
                let file = batch.file_name();
                progress(Progress::Installed { file, done: done + 1, total });
            }
        }
        Ok(dir)
    }

    /// Whether a path, which need not be there yet, lies in the named folder or is it.
    fn contains(&self, path: &Path) -> bool {
        let Ok(named) = self.path.canonicalize() else { return false };
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let present = absolute.ancestors().find_map(|ancestor| ancestor.canonicalize().ok());
        named.is_dir() && present.is_some_and(|present| present.starts_with(named))
    }
}

fn is_there(path: &Path, contents: &[u8]) -> bool {
    let has_size = fs::metadata(path).is_ok_and(|file| file.len() == contents.len() as u64);
    has_size && fs::read(path).is_ok_and(|present| present == contents)
}

/// The published images in a cache.
pub(crate) fn published(cache: &Cache, md5: BTreeMap<String, String>) -> Opened {
    Opened { batches: cache.batches_dir(), md5, altered: None }
}

#[cfg(test)]
mod tests;
