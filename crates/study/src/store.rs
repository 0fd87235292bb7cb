//! The folder that holds a study's results.
//!
//! ```text
//! DIR/study.toml                      which runs belong to which question (StudyRecord)
//! DIR/runs/<id>/run.json              format, id, configuration, provenance
//! DIR/runs/<id>/epochs.jsonl          a line per epoch
//! DIR/runs/<id>/gradients.jsonl       a line per epoch, layer and parameter kind
//! DIR/runs/<id>/range.jsonl           a line per step of a range test
//! DIR/runs/<id>/predictions.json      what it says about each test image, if it was tested
//! DIR/runs/<id>/result.json           how it ended
//! DIR/runs/<id>/weights.safetensors   the final weights, if they were kept
//! DIR/runs/<id>/SHA256SUMS            of all these files, as `sha256sum --check` reads it
//! DIR/runs/.<id>.<unique>.tmp/        a run being stored
//! DIR/checkpoints/<id>/<step>.checkpoint   states of a run under way; of a finished one the last
//! DIR/.lock                           who executes the study, locked meanwhile
//! DIR/.progress.json                  how far that is, for `status`
//! ```
//!
//! A run is written into a folder of its own and renamed when it is finished: **a run is whole
//! or absent, and never overwritten**.
//!
//! # Layout
//! - [`error`]: what can go wrong with it: [`StoreError`]
//! - [`disk`]: all that is written goes through it; tests let it fail
//! - `files`: reading with the line in the error
//! - `writer`: a run being stored: [`RunWriter`]
//! - `reader`: a run read back and checked
//! - [`checkpoints`]: the states of a run under way: [`Checkpoints`]
//! - [`lock`]: one execution at a time
//! - [`progress`]: how far an execution is, for others to read
//! - `sums`: the checksums of a run's files
//! - `stale`: what dead processes left behind

pub mod checkpoints;
pub mod disk;
pub mod error;
mod files;
pub mod lock;
pub mod progress;
mod reader;
mod stale;
mod sums;
mod writer;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plateau_record::{
    EpochRecord, FORMAT_VERSION, GradientRecord, Input, Predictions, Provenance, RangeRecord,
    RunConfig, RunId, RunRecord, RunResult, StudyRecord,
};

pub use checkpoints::{Checkpoints, StoredCheckpoint};
pub use disk::Disk;
pub use error::StoreError;
pub use lock::Lock;
pub use progress::Progress;
pub use writer::{Commit, RunWriter};

const STUDY_FILE: &str = "study.toml";
const CHECKPOINTS: &str = "checkpoints";
const STUDY_HEADER: &str = "\
# The resolved study: which runs belong to which question, and what followed from results.
# Written by plateau; `runs/` holds the runs by id.

";

/// A study's folder.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
    disk: Disk,
}

impl Store {
    /// Opens the folder of the study of that name, and makes it if it isn't there. Removes what
    /// dead processes left behind.
    ///
    /// # Errors
    /// If the folder holds another study or anything else, or can't be made or read.
    pub fn open(dir: &Path, study_name: &str) -> Result<Self, StoreError> {
        let store = Self::at(dir);
        let runs = store.runs_dir();
        if dir.is_dir() {
            if let Some(found) = store.study()? {
                if found.name != study_name {
                    return Err(StoreError::OtherStudy {
                        dir: dir.to_owned(),
                        expected: study_name.to_owned(),
                        found: found.name,
                    });
                }
            } else {
                store.refuse_foreign_files()?;
            }
        }
        store.disk.create_dir_all(&runs)?;
        stale::remove(&runs)?;
        Ok(store)
    }

    /// Keeps other executions out of the folder for as long as the lock is kept, and removes
    /// what dead ones were writing. `holder` is what others are told.
    ///
    /// # Errors
    /// If another process has the lock: its own words say who it is.
    pub fn lock(&self, holder: &str) -> Result<Lock, StoreError> {
        let lock = Lock::take(&self.dir, holder)?;
        stale::remove_files(&self.dir)?;
        Ok(lock)
    }

    /// Who executes the study now, if somebody does.
    #[must_use]
    pub fn lock_holder(&self) -> Option<String> {
        Lock::holder(&self.dir)
    }

    /// The folder of a study that is known to be there: no check, nothing made.
    #[must_use]
    pub fn at(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), disk: Disk::default() }
    }

    /// The same folder, on a disk that may fail.
    #[must_use]
    pub fn on(self, disk: Disk) -> Self {
        Self { disk, ..self }
    }

    /// Where it is.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The resolved study as last written, if it was.
    ///
    /// # Errors
    /// If the file can't be read or isn't one of this format.
    pub fn study(&self) -> Result<Option<StudyRecord>, StoreError> {
        let path = self.dir.join(STUDY_FILE);
        let Some(text) = files::read_if_there(&path)? else { return Ok(None) };
        reader::study(&path, &text).map(Some)
    }

    /// Writes the resolved study, unless the file says the same already.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn write_study(&self, study: &StudyRecord) -> Result<(), StoreError> {
        let path = self.dir.join(STUDY_FILE);
        let body = toml::to_string(study).map_err(|error| StoreError::Unrepresentable {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        let text = format!("{STUDY_HEADER}{body}");
        if files::read_if_there(&path)?.is_some_and(|old| old == text) {
            return Ok(());
        }
        self.disk.create_dir_all(&self.dir)?;
        self.disk.write_whole(&path, text.as_bytes())
    }

    /// Whether a run is finished.
    #[must_use]
    pub fn has(&self, id: &RunId) -> bool {
        self.run_dir(id).is_dir()
    }

    /// The ids of all finished runs, in order.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn run_ids(&self) -> Result<Vec<RunId>, StoreError> {
        let dir = self.runs_dir();
        if !dir.is_dir() {
            return Ok(Vec::new());
        }
        let names = files::names_in(&dir)?;
        Ok(names.into_iter().filter(|name| is_run_id(name)).map(RunId).collect())
    }

    /// Reads one finished run.
    ///
    /// # Errors
    /// If it isn't there, can't be read, is of another format, or isn't the run of that id.
    pub fn load(&self, id: &RunId) -> Result<RunRecord, StoreError> {
        reader::run(&self.run_dir(id), id)
    }

    /// Reads all finished runs.
    ///
    /// # Errors
    /// As [`Store::load`], at the first run that fails.
    pub fn runs(&self) -> Result<BTreeMap<RunId, RunRecord>, StoreError> {
        let ids = self.run_ids()?.into_iter();
        ids.map(|id| self.load(&id).map(|run| (id, run))).collect()
    }

    /// Where the final weights of a run are, if they were kept.
    #[must_use]
    pub fn weights(&self, id: &RunId) -> Option<PathBuf> {
        Some(self.run_dir(id).join(writer::WEIGHTS_FILE)).filter(|path| path.is_file())
    }

    /// Reads the final weights of a run.
    ///
    /// # Errors
    /// If they weren't kept, or aren't what was stored.
    pub fn read_weights(&self, id: &RunId) -> Result<Vec<u8>, StoreError> {
        reader::weights(&self.run_dir(id))
    }

    /// SHA-256 of a run's final weights, whether or not they were kept; none if it had none.
    ///
    /// # Errors
    /// If the run can't be read.
    pub fn weights_sum(&self, id: &RunId) -> Result<Option<String>, StoreError> {
        let sums = sums::Sums::read(&self.run_dir(id))?;
        Ok(sums.of(writer::WEIGHTS_FILE).map(str::to_owned))
    }

    /// Begins to write a run; `input` is what its weights expect of an image.
    ///
    /// # Errors
    /// If the folder can't be written to.
    pub fn begin(
        &self,
        config: &RunConfig,
        provenance: &Provenance,
        input: Option<&Input>,
    ) -> Result<RunWriter, StoreError> {
        RunWriter::begin(&self.disk, self.runs_dir(), config, provenance, input)
    }

    /// Writes a file beside the records, whole or not at all.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn write_file(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.disk.write_whole(&self.dir.join(name), bytes)
    }

    /// The checkpoints of a run.
    #[must_use]
    pub fn checkpoints(&self, id: &RunId) -> Checkpoints {
        Checkpoints::new(&self.dir.join(CHECKPOINTS), id, &self.disk)
    }

    /// The runs that have checkpoints, finished or not.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn checkpointed_runs(&self) -> Result<Vec<RunId>, StoreError> {
        let dir = self.dir.join(CHECKPOINTS);
        if !dir.is_dir() {
            return Ok(Vec::new());
        }
        let names = files::names_in(&dir)?;
        Ok(names.into_iter().filter(|name| is_run_id(name)).map(RunId).collect())
    }

    /// Tells others how far the execution is.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn write_progress(&self, progress: &Progress) -> Result<(), StoreError> {
        progress.write(&self.dir, &self.disk)
    }

    /// How far the execution is, or the last one was, if it says so.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn progress(&self) -> Result<Option<Progress>, StoreError> {
        Progress::read(&self.dir)
    }

    fn runs_dir(&self) -> PathBuf {
        self.dir.join("runs")
    }

    fn run_dir(&self, id: &RunId) -> PathBuf {
        self.runs_dir().join(&id.0)
    }

    /// A folder without `study.toml` is taken if it is empty, or if an execution that was cut
    /// short has left its folder of runs there.
    fn refuse_foreign_files(&self) -> Result<(), StoreError> {
        let names = files::names_in(&self.dir)?;
        if self.runs_dir().is_dir() {
            let runs = files::names_in(&self.runs_dir())?;
            if runs.iter().all(|name| is_run_id(name) || stale::is_under_way(name)) {
                return Ok(());
            }
        }
        match names.into_iter().find(|name| !name.starts_with('.')) {
            None => Ok(()),
            Some(entry) => Err(StoreError::NotAStudy { dir: self.dir.clone(), entry }),
        }
    }
}

/// One of the readers, by the first byte: for [`crate::untrusted`].
pub(crate) fn read_untrusted_record(bytes: &[u8]) {
    let Some((sort, bytes)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let path = Path::new("record");
    match sort % 8 {
        0 => drop(reader::study(path, text)),
        1 => drop(files::parse_json::<reader::RunHead>(path, text)),
        2 => drop(files::parse_json::<RunResult>(path, text)),
        3 => drop(files::parse_lines::<EpochRecord>(path, text)),
        4 => drop(files::parse_lines::<GradientRecord>(path, text)),
        5 => drop(files::parse_lines::<RangeRecord>(path, text)),
        6 => drop(files::parse_json::<Predictions>(path, text).map(|p| p.problem())),
        _ => drop(sums::Sums::parse(path, text)),
    }
}

fn is_run_id(name: &str) -> bool {
    name.len() == 16 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn check_format(path: &Path, found: u32) -> Result<(), StoreError> {
    if found == FORMAT_VERSION {
        return Ok(());
    }
    Err(StoreError::Format { path: path.to_owned(), expected: FORMAT_VERSION, found })
}
