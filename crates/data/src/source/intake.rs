//! What a folder or archive may hold, and its way into the cache.

use std::io::Read;

use crate::cache::{Batch, Cache, Role};
use crate::error::DataError;
use crate::source::{Progress, pickle, picture};

/// More than any batch takes up in any form: the largest, a Python batch, has 31 MB.
pub(crate) const FILE_LIMIT: u64 = 64 << 20;

const TRAINING_LABELS: &str = "train_lables.json";
const TEST_LABELS: &str = "test_lables.json";

/// The forms in which the batches are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `data_batch_1.bin`: label and planar image, 10,000 times.
    Binary,
    /// `data_batch_1`: a Python dictionary.
    Python,
    /// `data_batch_1.png`: one row per image; the labels are in files of their own.
    Picture,
}

impl Form {
    pub(crate) const ALL: [Self; 3] = [Self::Binary, Self::Python, Self::Picture];

    /// The folder that the form's archive consists of.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Binary => "cifar-10-batches-bin",
            Self::Python => "cifar-10-batches-py",
            Self::Picture => "package",
        }
    }

    /// What a file of this name holds; `None` if it isn't needed.
    pub(crate) fn part(self, cache: &Cache, name: &str) -> Option<Part> {
        if self == Self::Picture {
            match name {
                TRAINING_LABELS => return Some(Part::TrainingLabels),
                TEST_LABELS => return Some(Part::TestLabels),
                _ => {}
            }
        }
        let batch_idx = cache.batches().iter().position(|batch| self.batch_file(batch) == name)?;
        Some(Part::Batch(self, batch_idx))
    }

    /// Names of all files that are needed.
    pub(crate) fn files(self, cache: &Cache) -> Vec<String> {
        let mut files: Vec<String> =
            cache.batches().iter().map(|batch| self.batch_file(batch)).collect();
        if self == Self::Picture {
            files.extend([TRAINING_LABELS.to_owned(), TEST_LABELS.to_owned()]);
        }
        files
    }

    fn batch_file(self, batch: &Batch) -> String {
        match self {
            Self::Binary => batch.file_name(),
            Self::Python => batch.stem.clone(),
            Self::Picture => format!("{}.png", batch.stem),
        }
    }
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A batch, by its position among the cache's batches.
    Batch(Form, usize),
    /// The labels of all training pictures.
    TrainingLabels,
    /// The labels of the test pictures.
    TestLabels,
}

/// Takes files in any order, converts them and installs them in the cache.
pub(crate) struct Intake<'a> {
    pub(crate) cache: &'a Cache,
    progress: &'a mut dyn FnMut(Progress),
    is_installed: Vec<bool>,
    /// Pictures, still compressed: their labels may come later.
    pictures: Vec<Option<Vec<u8>>>,
    training_labels: Option<Vec<u8>>,
    test_labels: Option<Vec<u8>>,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(cache: &'a Cache, progress: &'a mut dyn FnMut(Progress)) -> Self {
        let n_batches = cache.batches().len();
        Self {
            cache,
            progress,
            is_installed: vec![false; n_batches],
            pictures: vec![None; n_batches],
            training_labels: None,
            test_labels: None,
        }
    }

    /// Whether nothing more is needed.
    pub(crate) fn is_complete(&self) -> bool {
        let has_labels = self.training_labels.is_some() && self.test_labels.is_some();
        let mut batches = self.is_installed.iter().zip(&self.pictures);
        batches.all(|(installed, picture)| *installed || (has_labels && picture.is_some()))
    }

    /// Takes one file. `file` names it in errors.
    pub(crate) fn take(
        &mut self,
        part: Part,
        file: &str,
        reader: impl Read,
    ) -> Result<(), DataError> {
        let contents = read_bounded(reader, file)?;
        match part {
            Part::Batch(Form::Binary, batch_idx) => self.install(batch_idx, &contents, file),
            Part::Batch(Form::Python, batch_idx) => {
                let records = pickle::to_binary(&contents)
                    .map_err(|source| DataError::Pickle { file: file.to_owned(), source })?;
                drop(contents);
                self.install(batch_idx, &records, file)
            }
            Part::Batch(Form::Picture, batch_idx) => {
                self.pictures[batch_idx] = Some(contents);
                Ok(())
            }
            Part::TrainingLabels => {
                self.training_labels = Some(picture::labels(&contents, file)?);
                Ok(())
            }
            Part::TestLabels => {
                self.test_labels = Some(picture::labels(&contents, file)?);
                Ok(())
            }
        }
    }

    /// Converts what had to wait, and checks that nothing is missing. `place` names the folder
    /// or archive.
    pub(crate) fn finish(mut self, place: &str) -> Result<(), DataError> {
        if self.pictures.iter().any(Option::is_some) {
            self.install_pictures()?;
        }
        if self.is_installed.iter().all(|&installed| installed) {
            return Ok(());
        }
        let has_any = self.is_installed.iter().any(|&installed| installed)
            || self.pictures.iter().any(Option::is_some);
        if !has_any {
            return Err(DataError::NothingFound { place: place.to_owned() });
        }
        let batches = self.cache.batches().iter().zip(&self.is_installed);
        let missing =
            batches.filter(|(_, installed)| !**installed).map(|(batch, _)| batch.stem.clone());
        Err(DataError::Incomplete { place: place.to_owned(), missing: missing.collect() })
    }

    fn install_pictures(&mut self) -> Result<(), DataError> {
        let batches = self.cache.batches();
        let n_images = |role| -> usize {
            batches.iter().filter(|batch| batch.role == role).map(|batch| batch.n_images).sum()
        };
        let training_labels = self.training_labels.take().unwrap_or_default();
        let test_labels = self.test_labels.take().unwrap_or_default();
        picture::expect_labels(&training_labels, n_images(Role::Training), TRAINING_LABELS)?;
        picture::expect_labels(&test_labels, n_images(Role::Test), TEST_LABELS)?;
        let mut training_rest = training_labels.as_slice();
        let mut test_rest = test_labels.as_slice();
        for (batch_idx, batch) in batches.iter().enumerate() {
            let rest = match batch.role {
                Role::Training => &mut training_rest,
                Role::Test => &mut test_rest,
            };
            let (labels, later) = rest.split_at(batch.n_images);
            *rest = later;
            if let Some(picture) = &self.pictures[batch_idx] {
                let file = Form::Picture.batch_file(batch);
                let records = picture::to_binary(picture, labels, &file)?;
                self.install(batch_idx, &records, &file)?;
            }
        }
        Ok(())
    }

    fn install(&mut self, batch_idx: usize, records: &[u8], origin: &str) -> Result<(), DataError> {
        let batch = &self.cache.batches()[batch_idx];
        self.cache.install(batch, records, origin)?;
        self.is_installed[batch_idx] = true;
        (self.progress)(Progress::Installed {
            file: batch.file_name(),
            done: self.is_installed.iter().filter(|&&installed| installed).count(),
            total: self.is_installed.len(),
        });
        Ok(())
    }
}

fn read_bounded(reader: impl Read, file: &str) -> Result<Vec<u8>, DataError> {
    let mut contents = Vec::new();
    let read = reader.take(FILE_LIMIT + 1).read_to_end(&mut contents);
    read.map_err(|source| DataError::Io { action: "read", path: file.into(), source })?;
    if contents.len() as u64 > FILE_LIMIT {
        return Err(DataError::TooLarge { file: file.to_owned(), limit: FILE_LIMIT });
    }
    Ok(contents)
}
