//! What a folder or archive may hold, and how binary batches are made of it.

use std::collections::BTreeMap;
use std::io::Read;

use crate::cache::{Batch, RECORD_BYTES, Role};
use crate::checksum::md5_hex;
use crate::error::{DataError, Difference};
use crate::load::bad_label;
use crate::source::kind::{HEAD_BYTES, Kind};
use crate::source::{pickle, picture};

/// More than any batch takes up in any form: the largest, a Python batch, has 31 MB.
pub(crate) const FILE_LIMIT: u64 = 64 << 20;

const TRAINING_LABELS: &str = "train_lables.json";
const TEST_LABELS: &str = "test_lables.json";

/// The forms in which the batches are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

    /// Names of all files that are needed.
    pub(crate) fn files(self, batches: &[Batch]) -> Vec<String> {
        let mut files: Vec<String> = batches.iter().map(|batch| self.batch_file(batch)).collect();
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
    /// A batch, by its position among all.
    Batch(usize),
    /// The labels of all training pictures.
    TrainingLabels,
    /// The labels of the test pictures.
    TestLabels,
}

impl Part {
    /// What a file of this name holds, and in which form; `None` if it isn't needed.
    pub(crate) fn of(batches: &[Batch], name: &str) -> Option<(Form, Self)> {
        match name {
            TRAINING_LABELS => return Some((Form::Picture, Self::TrainingLabels)),
            TEST_LABELS => return Some((Form::Picture, Self::TestLabels)),
            _ => {}
        }
        Form::ALL.into_iter().find_map(|form| {
            let of_form = |batch: &Batch| form.batch_file(batch) == name;
            Some((form, Self::Batch(batches.iter().position(of_form)?)))
        })
    }
}

/// All batches in their binary form, in their order: each of the right size, with labels of
/// classes.
#[derive(Debug)]
pub(crate) struct Converted {
    pub(crate) batches: Vec<Vec<u8>>,
}

impl Converted {
    /// MD5 of each by its file name.
    pub(crate) fn md5(&self, batches: &[Batch]) -> BTreeMap<String, String> {
        let named = batches.iter().zip(&self.batches);
        named.map(|(batch, contents)| (batch.file_name(), md5_hex(contents))).collect()
    }
}

/// Takes the files of one form in any order, and converts them.
pub(crate) struct Intake<'a> {
    form: Form,
    batches: &'a [Batch],
    /// Binary batches; pictures, still compressed, whose labels may come later.
    contents: Vec<Option<Vec<u8>>>,
    training_labels: Option<Vec<u8>>,
    test_labels: Option<Vec<u8>>,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(batches: &'a [Batch], form: Form) -> Self {
        let contents = vec![None; batches.len()];
        Self { form, batches, contents, training_labels: None, test_labels: None }
    }

    /// Whether nothing more is needed.
    pub(crate) fn is_complete(&self) -> bool {
        let has_labels = self.training_labels.is_some() && self.test_labels.is_some();
        let needs_labels = self.form == Form::Picture;
        self.contents.iter().all(Option::is_some) && (has_labels || !needs_labels)
    }

    /// Takes one file. `file` names it in errors. Of two with one name, the first is taken.
    pub(crate) fn take(
        &mut self,
        part: Part,
        file: &str,
        reader: impl Read,
    ) -> Result<(), DataError> {
        let contents = read_bounded(reader, file)?;
        Kind::refuse_stand_in(&contents[..contents.len().min(HEAD_BYTES)], file)?;
        match part {
            Part::Batch(index) => {
                let contents = match self.form {
                    Form::Binary => self.checked(index, contents, file)?,
                    Form::Python => {
                        let records = pickle::to_binary(&contents).map_err(|source| {
                            DataError::Pickle { file: file.to_owned(), source }
                        })?;
                        self.checked(index, records, file)?
                    }
                    Form::Picture => contents,
                };
                if let Some(place) = self.contents.get_mut(index) {
                    place.get_or_insert(contents);
                }
            }
            Part::TrainingLabels => {
                self.training_labels.get_or_insert(picture::labels(&contents, file)?);
            }
            Part::TestLabels => {
                self.test_labels.get_or_insert(picture::labels(&contents, file)?);
            }
        }
        Ok(())
    }

    /// Converts what had to wait, and checks that nothing is missing. `place` names the folder
    /// or archive.
    pub(crate) fn finish(mut self, place: &str) -> Result<Converted, DataError> {
        let mut missing: Vec<String> = self
            .batches
            .iter()
            .zip(&self.contents)
            .filter(|(_, contents)| contents.is_none())
            .map(|(batch, _)| self.form.batch_file(batch))
            .collect();
        if self.form == Form::Picture {
            let labels = [
                (TRAINING_LABELS, self.training_labels.is_none()),
                (TEST_LABELS, self.test_labels.is_none()),
            ];
            let lacking = labels.into_iter().filter(|(_, is_missing)| *is_missing);
            missing.extend(lacking.map(|(name, _)| name.to_owned()));
        }
        if !missing.is_empty() {
            return Err(DataError::Incomplete { place: place.to_owned(), missing });
        }
        if self.form == Form::Picture {
            self.convert_pictures()?;
        }
        Ok(Converted { batches: self.contents.into_iter().flatten().collect() })
    }

    /// A binary batch of the right size, whose labels are classes.
    fn checked(&self, index: usize, contents: Vec<u8>, file: &str) -> Result<Vec<u8>, DataError> {
        let (expected, actual) = (self.batches[index].bytes(), contents.len() as u64);
        if actual != expected {
            let difference = Difference::Size { expected, actual };
            return Err(DataError::Mismatch { file: file.to_owned(), difference });
        }
        match bad_label(contents.chunks_exact(RECORD_BYTES).map(|record| record[0])) {
            None => Ok(contents),
            Some((image, label)) => Err(DataError::BadLabel { path: file.into(), image, label }),
        }
    }

    fn convert_pictures(&mut self) -> Result<(), DataError> {
        let n_images = |role| -> usize {
            let of_role = self.batches.iter().filter(|batch| batch.role == role);
            of_role.map(|batch| batch.n_images).sum()
        };
        let training_labels = self.training_labels.take().unwrap_or_default();
        let test_labels = self.test_labels.take().unwrap_or_default();
        picture::expect_labels(&training_labels, n_images(Role::Training), TRAINING_LABELS)?;
        picture::expect_labels(&test_labels, n_images(Role::Test), TEST_LABELS)?;
        let mut training_rest = training_labels.as_slice();
        let mut test_rest = test_labels.as_slice();
        for (index, batch) in self.batches.iter().enumerate() {
            let rest = match batch.role {
                Role::Training => &mut training_rest,
                Role::Test => &mut test_rest,
            };
            let (labels, later) = rest.split_at(batch.n_images);
            *rest = later;
            if let Some(picture) = self.contents[index].take() {
                let file = self.form.batch_file(batch);
                let records = picture::to_binary(&picture, labels, &file)?;
                self.contents[index] = Some(self.checked(index, records, &file)?);
            }
        }
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
