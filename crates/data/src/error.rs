//! What can go wrong, with what was expected and what was found.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::source::pickle::PickleError;
use crate::source::trust;

/// Why images could not be had. Causes are found by [`Error::source`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The operating system refused something.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Files of the cache are missing or damaged.
    #[error("{}", damage(dir, problems))]
    Damaged {
        /// The folder they belong into.
        dir: PathBuf,
        /// All of them.
        problems: Vec<FileProblem>,
    },
    /// Nothing can be written to the cache.
    #[error(
        "cannot write to the cache {}: set PLATEAU_CACHE to a folder that you may write to, or name \
         a folder with the binary batches, which is used where it is",
        path.display()
    )]
    Cache {
        /// The cache.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// What is named is never written to, and the cache would be in it.
    #[error(
        "what {} holds has to be converted, and the cache {} lies in it, which is never written \
         to: set PLATEAU_CACHE to a folder elsewhere",
        place.display(),
        path.display()
    )]
    CacheWithin {
        /// The folder that the user names.
        place: PathBuf,
        /// The cache.
        path: PathBuf,
    },
    /// No place is named where one is needed.
    #[error(
        "the path of CIFAR-10 is empty: name a folder or an archive with its batches, or \
         leave the path out"
    )]
    EmptyPath,
    /// What the user names isn't there.
    #[error("{place}: there is no such file or folder")]
    NotThere {
        /// The path.
        place: String,
    },
    /// What the user names holds no CIFAR-10.
    #[error(
        "{place} holds no CIFAR-10: it is {found} (expected the batches data_batch_1 … test_batch, \
         binary or of Python, in a folder or in an archive)"
    )]
    NoData {
        /// The path.
        place: String,
        /// What it is instead.
        found: String,
    },
    /// What the user names may hold CIFAR-10, but can't be read.
    #[error("{place} cannot be read: {reason}")]
    Unread {
        /// The path.
        place: String,
        /// Why, and what to do.
        reason: String,
    },
    /// What the user names holds other images than the published ones.
    #[error("{}", altered(place, files))]
    Altered {
        /// The path.
        place: String,
        /// The files that differ.
        files: Vec<AlteredFile>,
    },
    /// Batches that the user names can't be used.
    #[error("the batches in {} can't be used:{}", dir.display(), problem_lines(problems))]
    Unusable {
        /// Their folder.
        dir: PathBuf,
        /// All that is wrong with them.
        problems: Vec<FileProblem>,
    },
    /// Altered images have changed since they were last used.
    #[error("the images in {} are others now: id {actual}, expected {expected}", dir.display())]
    OtherImages {
        /// The folder of their batches.
        dir: PathBuf,
        /// The id that was asked for.
        expected: String,
        /// The id of what is there.
        actual: String,
    },
    /// An image has a label that is no class.
    #[error("{}: image {image} has the label {label}, expected 0 to 9", path.display())]
    BadLabel {
        /// The file.
        path: PathBuf,
        /// Position in the file, from 0.
        image: usize,
        /// The label.
        label: u8,
    },

    /// A part of the split would have no images.
    #[error("the split has no {part} images, expected at least 1")]
    EmptyPart {
        /// `training` or `validation`.
        part: &'static str,
    },
    /// The split asks for more images than there are.
    #[error("the split asks for {requested} images for {part}, but there are {available}")]
    SplitTooLarge {
        /// What for.
        part: &'static str,
        /// How many are asked for.
        requested: u64,
        /// How many there are.
        available: u64,
    },

    /// No source delivered the images.
    #[error("{}", no_source(attempts))]
    NoSource {
        /// All that were tried, in order.
        attempts: Vec<FailedSource>,
    },
    /// A file was not what its publisher offers.
    #[error("{file} is not the published file: {difference}")]
    Mismatch {
        /// Its name or address.
        file: String,
        /// In what it differs.
        difference: Difference,
    },
    /// A download failed.
    #[error("cannot download {url}{}", trust::help(source))]
    Download {
        /// The address.
        url: String,
        /// The reason.
        source: Box<ureq::Error>,
    },
    /// The certificates that a server would be told by can't be read.
    #[error(
        "cannot read the certificates that the server would be told by: {reason}: let \
         SSL_CERT_FILE name a file that has some (PEM), or unset it and SSL_CERT_DIR for the \
         system's own"
    )]
    Certificates {
        /// Which, and why.
        reason: String,
    },
    /// The npm client ran and failed.
    #[error("`{command}` failed ({status}): {stderr}{}", trust::help_of_npm(stderr))]
    Npm {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// What it complained of.
        stderr: String,
    },
    /// A file is larger than any that is known.
    #[error("{file} is larger than {limit} bytes")]
    TooLarge {
        /// Its name.
        file: String,
        /// The most that is read.
        limit: u64,
    },
    /// A folder or archive lacks some of the batches.
    #[error("{place} has only some of the batches; missing: {}", missing.join(", "))]
    Incomplete {
        /// The folder or archive.
        place: String,
        /// Names of the files it lacks.
        missing: Vec<String>,
    },
    /// A Python batch has another form than the published ones.
    #[error("cannot read the Python batch {file}")]
    Pickle {
        /// Its name.
        file: String,
        /// The reason.
        source: PickleError,
    },
    /// A picture of the npm package cannot be decoded.
    #[error("cannot decode {file}")]
    Png {
        /// Its name.
        file: String,
        /// The reason.
        source: png::DecodingError,
    },
    /// A picture of the npm package has another shape than expected.
    #[error("{file} is {actual}, expected {expected}")]
    PictureShape {
        /// Its name.
        file: String,
        /// Width × height, colours and depth.
        expected: String,
        /// The same, as found.
        actual: String,
    },
    /// The labels of the npm package are no list of numbers.
    #[error("cannot read the labels in {file}")]
    LabelsJson {
        /// Its name.
        file: String,
        /// The reason.
        source: serde_json::Error,
    },
    /// The labels of the npm package are fewer or more than its images.
    #[error("{file} has {actual} labels, expected {expected}")]
    LabelCount {
        /// Its name.
        file: String,
        /// One for each image.
        expected: usize,
        /// As found.
        actual: usize,
    },
}

/// A file with other images than the published ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlteredFile {
    /// Its name, as a binary batch.
    pub file: String,
    /// MD5 of the published file.
    pub expected: String,
    /// MD5 of what was found.
    pub actual: String,
}

/// A source that did not deliver.
#[derive(Debug)]
pub struct FailedSource {
    /// What it is, in words.
    pub source: String,
    /// Why it failed.
    pub error: DataError,
}

/// A file of the cache that cannot be used.
#[derive(Debug)]
pub enum FileProblem {
    /// It isn't there.
    Missing {
        /// Its name.
        file: String,
    },
    /// It cannot be read.
    Unreadable {
        /// Its name.
        file: String,
        /// The reason.
        error: io::Error,
    },
    /// It isn't the published file.
    Altered {
        /// Its name.
        file: String,
        /// In what it differs.
        difference: Difference,
    },
}

/// How a file differs from the published one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It has another size, in bytes.
    Size {
        /// As published.
        expected: u64,
        /// As found.
        actual: u64,
    },
    /// It has other contents.
    Md5 {
        /// Size as found, in bytes.
        bytes: u64,
        /// As published.
        expected: String,
        /// As found.
        actual: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { expected, actual } => write!(f, "{actual} bytes, expected {expected}"),
            Self::Md5 { bytes, expected, actual } => {
                write!(f, "{bytes} bytes with MD5 {actual}, expected MD5 {expected}")
            }
        }
    }
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { file } => write!(f, "{file}: missing"),
            Self::Unreadable { file, error } => write!(f, "{file}: cannot be read: {error}"),
            Self::Altered { file, difference } => write!(f, "{file}: {difference}"),
        }
    }
}

/// An error and its causes in one line.
pub(crate) fn in_one_line(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}

fn altered(place: &str, files: &[AlteredFile]) -> String {
    let lines: String = files
        .iter()
        .map(|AlteredFile { file, expected, actual }| {
            format!("\n  {file}: MD5 {actual}, expected {expected}")
        })
        .collect();
    format!(
        "{place} holds images that are not the published ones:{lines}\nIf you know that, as of \
         labels with noise, give run, plan or train --accept-altered: their runs are kept apart \
         from others."
    )
}

fn damage(dir: &std::path::Path, problems: &[FileProblem]) -> String {
    let mut text = format!("CIFAR-10 in {} is missing or damaged:", dir.display());
    text.push_str(&problem_lines(problems));
    text.push_str(
        "\nRun `plateau data fetch` to get it, or choose generated images with `--data synthetic`.",
    );
    text
}

fn problem_lines(problems: &[FileProblem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}

fn no_source(attempts: &[FailedSource]) -> String {
    let mut text = "CIFAR-10 could not be had from any source:".to_owned();
    for attempt in attempts {
        text.push_str(&format!("\n  {}: {}", attempt.source, in_one_line(&attempt.error)));
    }
    text.push_str(
        "\nIf you have it, say where with `--data PATH` (a folder with the binary or Python \
         batches, or one of the archives); or choose generated images with `--data synthetic`.",
    );
    text
}
