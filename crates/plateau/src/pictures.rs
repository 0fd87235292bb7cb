//! The images that a study keeps beside its records, so that its report needs no data set.

use std::io;
use std::path::{Path, PathBuf};

use plateau_report::{SampleError, SampleImages, ShownImages};

/// Files of the images that show what the data look like: a sheet, and its index.
pub const SAMPLES: [&str; 2] = ["samples.png", "samples.json"];

/// Files of the test images that the report shows, and where they stand among all.
pub const SHOWN: [&str; 2] = ["mistakes.png", "mistakes.json"];

/// What a report shows of the data; what isn't there, it does without.
#[derive(Clone, Debug, Default)]
pub struct Pictures {
    /// Some training images of each class.
    pub samples: Option<SampleImages>,
    /// Mistakes among the test images.
    pub shown: Option<ShownImages>,
}

/// Why images beside the records could not be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} can't be read: {reason}; without {} and {} the report does without these images, and \
     `plateau run` keeps them anew",
    path.display(), files[0], files[1]
)]
pub struct PictureError {
    /// The sheet or the index.
    pub path: PathBuf,
    /// Both files.
    pub files: [&'static str; 2],
    /// What is wrong with it.
    pub reason: String,
}

impl Pictures {
    /// Reads what a study's folder has of them.
    ///
    /// # Errors
    /// If files are there that can't be read, or that don't fit each other.
    pub fn read(folder: &Path) -> Result<Self, PictureError> {
        Ok(Self {
            samples: read(folder, SAMPLES, SampleImages::from_files)?,
            shown: read(folder, SHOWN, ShownImages::from_files)?,
        })
    }
}

impl Pictures {
    /// The same, without those that can't be read: what is wrong with them.
    #[must_use]
    pub fn read_what_can_be_read(folder: &Path) -> (Self, Vec<PictureError>) {
        let mut problems = Vec::new();
        let samples = read(folder, SAMPLES, SampleImages::from_files);
        let shown = read(folder, SHOWN, ShownImages::from_files);
        let pictures = Self {
            samples: samples.map_err(|problem| problems.push(problem)).unwrap_or_default(),
            shown: shown.map_err(|problem| problems.push(problem)).unwrap_or_default(),
        };
        (pictures, problems)
    }
}

fn read<T>(
    folder: &Path,
    files: [&'static str; 2],
    parse: impl Fn(&[u8], &[u8]) -> Result<T, SampleError>,
) -> Result<Option<T>, PictureError> {
    let failed = |path: PathBuf, reason: String| PictureError { path, files, reason };
    let bytes = |name: &str| {
        let path = folder.join(name);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(path, error.to_string())),
        }
    };
    let (Some(sheet), Some(index)) = (bytes(files[0])?, bytes(files[1])?) else { return Ok(None) };
    parse(&sheet, &index)
        .map(Some)
        .map_err(|error| failed(folder.join(files[0]), error.to_string()))
}
