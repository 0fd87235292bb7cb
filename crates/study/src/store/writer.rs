//! A run under way: written aside, moved into place when it is whole.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use plateau_record::{
    EpochRecord, FORMAT_VERSION, GradientRecord, Input, Predictions, Provenance, RangeRecord,
    RunConfig, RunId, RunResult,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::check_format;
use super::disk::Disk;
use super::error::{Action, Context as _, StoreError};
use super::reader::{self, RunHead};
use super::sums::{SUMS_FILE, Sums};

pub(super) const RUN_FILE: &str = "run.json";
pub(super) const EPOCHS_FILE: &str = "epochs.jsonl";
pub(super) const GRADIENTS_FILE: &str = "gradients.jsonl";
pub(super) const RANGE_FILE: &str = "range.jsonl";
pub(super) const PREDICTIONS_FILE: &str = "predictions.json";
pub(super) const RESULT_FILE: &str = "result.json";
pub(super) const WEIGHTS_FILE: &str = "weights.safetensors";

/// A run being written. Dropped before [`RunWriter::finish`], it leaves nothing behind.
#[derive(Debug)]
pub struct RunWriter {
    disk: Disk,
    id: RunId,
    /// The folder that holds all runs.
    runs: PathBuf,
    /// The folder of this run, until it is renamed.
    aside: PathBuf,
    /// `run.json`, locked for as long as the process lives: an unlocked folder is stale.
    head: File,
    epochs: Lines,
    gradients: Lines,
    range: Lines,
    /// Of the files that are whole already.
    sums: Sums,
}

/// What became of a run that was finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// It is in the store.
    Stored,
    /// The same run was there already, whole. It was kept and this one discarded.
    AlreadyThere,
}

impl RunWriter {
    pub(super) fn begin(
        disk: &Disk,
        runs: PathBuf,
        config: &RunConfig,
        provenance: &Provenance,
        input: Option<&Input>,
    ) -> Result<Self, StoreError> {
        disk.create_dir_all(&runs)?;
        let id = config.id();
        let (aside, mut head) = claim(disk, &runs, &id)?;
        let path = aside.join(RUN_FILE);
        let record = RunHead {
            format: FORMAT_VERSION,
            id: id.clone(),
            config: config.clone(),
            provenance: provenance.clone(),
            input: input.cloned(),
        };
        let json = to_json(&path, &record, serde_json::to_string_pretty)?;
        disk.write(&mut head, &path, json.as_bytes()).context(Action::Write, &path)?;
        let mut sums = Sums::default();
        sums.add(RUN_FILE, json.as_bytes());
        Ok(Self {
            disk: disk.clone(),
            id,
            epochs: Lines::new(&aside, EPOCHS_FILE),
            gradients: Lines::new(&aside, GRADIENTS_FILE),
            range: Lines::new(&aside, RANGE_FILE),
            runs,
            aside,
            head,
            sums,
        })
    }

    /// The run's id.
    #[must_use]
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// Adds a finished epoch.
    ///
    /// # Errors
    /// If a number in it isn't finite.
    pub fn epoch(&mut self, record: &EpochRecord) -> Result<(), StoreError> {
        self.epochs.push(record)
    }

    /// Adds the gradients of one layer in one epoch.
    ///
    /// # Errors
    /// If a number in them isn't finite.
    pub fn gradient(&mut self, record: &GradientRecord) -> Result<(), StoreError> {
        self.gradients.push(record)
    }

    /// Adds a step of a range test.
    ///
    /// # Errors
    /// If a number in it isn't finite.
    pub fn range(&mut self, record: &RangeRecord) -> Result<(), StoreError> {
        self.range.push(record)
    }

    /// Adds what the final weights say about each test image.
    ///
    /// # Errors
    /// If they can't be written, or make no sense.
    pub fn predictions(&mut self, predictions: &Predictions) -> Result<(), StoreError> {
        let path = self.aside.join(PREDICTIONS_FILE);
        if let Some(reason) = predictions.problem() {
            return Err(StoreError::Unrepresentable { path, reason });
        }
        let json = to_json(&path, predictions, serde_json::to_string)?;
        self.write_new(PREDICTIONS_FILE, json.as_bytes())
    }

    /// Ends the run: flushes everything to the disk and moves it into place.
    ///
    /// # Errors
    /// If it can't be written, if `result` belongs to another run or format, or if a run of the
    /// same id is there already and can't be read.
    pub fn finish(
        mut self,
        result: &RunResult,
        weights: Option<&[u8]>,
    ) -> Result<Commit, StoreError> {
        let path = self.aside.join(RESULT_FILE);
        if result.id != self.id {
            return Err(StoreError::OtherRun {
                path,
                expected: self.id.clone(),
                found: result.id.clone(),
            });
        }
        check_format(&path, result.format)?;
        let json = to_json(&path, result, serde_json::to_string_pretty)?;
        self.write_new(RESULT_FILE, json.as_bytes())?;
        if let Some(weights) = weights {
            self.write_new(WEIGHTS_FILE, weights)?;
        }
        let lines = [&mut self.epochs, &mut self.gradients, &mut self.range];
        let texts = lines.map(|lines| std::mem::take(&mut lines.text));
        for (name, text) in [EPOCHS_FILE, GRADIENTS_FILE, RANGE_FILE].into_iter().zip(texts) {
            self.write_new(name, text.as_bytes())?;
        }
        self.disk.write_new(&self.aside.join(SUMS_FILE), self.sums.to_text().as_bytes())?;
        let head = self.aside.join(RUN_FILE);
        self.disk.flush(&self.head, &head).context(Action::Write, &head)?;
        self.disk.flush_dir(&self.aside)?;

        let place = self.runs.join(&self.id.0);
        // A rename never replaces a folder with something in it.
        if let Err(source) = self.disk.rename(&self.aside, &place) {
            if fs::symlink_metadata(&place).is_err() {
                return Err(StoreError::Io { action: Action::Rename, path: place, source });
            }
            reader::run(&place, &self.id)?;
            return Ok(Commit::AlreadyThere);
        }
        self.disk.flush_dir(&self.runs)?;
        Ok(Commit::Stored)
    }

    fn write_new(&mut self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.sums.add(name, bytes);
        self.disk.write_new(&self.aside.join(name), bytes)
    }
}

impl Drop for RunWriter {
    fn drop(&mut self) {
        // After a rename there is nothing to remove; what cannot be removed is stale, and
        // removed when the store is next opened.
        let _ = self.disk.remove_dir_all(&self.aside);
    }
}

/// Makes a folder for a run under way, and locks it by its `run.json`.
fn claim(disk: &Disk, runs: &Path, id: &RunId) -> Result<(PathBuf, File), StoreError> {
    let mut unique = 0_u32;
    loop {
        let aside = runs.join(format!(".{id}.{}-{unique}.tmp", std::process::id()));
        unique += 1;
        match disk.create_dir(&aside) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error).context(Action::Create, &aside),
        }
        // Until the lock is held another process may take the folder for a stale one.
        let path = aside.join(RUN_FILE);
        let file = match disk.create_new(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error).context(Action::Create, &path),
        };
        // On a file system without locks, `stale` leaves the folder alone.
        let _ = file.lock();
        if path.exists() {
            return Ok((aside, file));
        }
    }
}

/// A file of one JSON value per line, on its way.
#[derive(Debug)]
struct Lines {
    path: PathBuf,
    text: String,
}

impl Lines {
    fn new(dir: &Path, name: &str) -> Self {
        Self { path: dir.join(name), text: String::new() }
    }

    fn push<T>(&mut self, record: &T) -> Result<(), StoreError>
    where
        T: Serialize + DeserializeOwned + PartialEq,
    {
        self.text += &to_json(&self.path, record, serde_json::to_string)?;
        Ok(())
    }
}

/// A line of JSON, or several, that reads back as the same record, to the last bit: NaN and
/// infinities don't.
fn to_json<T>(
    path: &Path,
    record: &T,
    write: impl Fn(&T) -> serde_json::Result<String>,
) -> Result<String, StoreError>
where
    T: DeserializeOwned + PartialEq,
{
    let unrepresentable =
        |reason: String| StoreError::Unrepresentable { path: path.to_owned(), reason };
    let json = write(record).map_err(|error| unrepresentable(error.to_string()))? + "\n";
    match serde_json::from_str::<T>(&json) {
        Ok(read) if read == *record => Ok(json),
        Ok(_) => Err(unrepresentable(format!("reads back as another record: {json}"))),
        Err(error) => Err(unrepresentable(format!("a number is not finite: {error}"))),
    }
}
