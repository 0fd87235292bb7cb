//! The folder that holds a study's results.
//!
//! ```text
//! DIR/study.toml                      which runs belong to which question (StudyRecord)
//! DIR/study-as-written.toml           the study file that it follows from
//! DIR/SHA256SUMS                      of these and the other files beside the records
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
//! DIR/damaged/<id>/                   a run that could not be read, moved aside
//! DIR/report/                         the report, with its own SHA256SUMS
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
//! - [`runs`](StoredRuns): the finished runs; `reader`: a run read back and checked
//! - [`checkpoints`]: the states of a run under way: [`Checkpoints`]
//! - [`lock`]: one execution at a time
//! - [`progress`]: how far an execution is, for others to read
//! - `sums`: the checksums of files
//! - `open`: whose folder it is, and what it can do
//! - `owned`: the files beside the records, and whose they are
//! - `report`: the report's folder replaced as a whole
//! - `stale`: what dead processes left behind

pub mod checkpoints;
pub mod disk;
pub mod error;
mod files;
pub mod lock;
mod open;
mod owned;
pub mod progress;
mod reader;
mod report;
mod runs;
mod stale;
mod sums;
mod writer;

use std::path::{Path, PathBuf};

use plateau_record::{
    EpochRecord, FORMAT_VERSION, GradientRecord, Predictions, RangeRecord, RunId, RunResult,
    StudyRecord,
};

use sums::Sums;

pub use checkpoints::{Checkpoints, StoredCheckpoint};
pub use disk::Disk;
pub use error::StoreError;
pub use lock::Lock;
pub use open::Lacks;
pub use progress::Progress;
pub use report::ReportFile;
pub use runs::{StoredRuns, UnreadableRun};
pub use writer::{Commit, RunWriter};

/// The resolved study.
pub const STUDY_FILE: &str = "study.toml";
/// The study as written.
pub const WRITTEN_FILE: &str = "study-as-written.toml";
/// Keeps git from changing line ends, and with them checksums.
const ATTRIBUTES_FILE: &str = ".gitattributes";
const ATTRIBUTES: &str =
    "# Checksums hold of these very bytes: git must not change line ends.\n* -text\n";
/// What stands beside the records, hidden files and folders apart.
const OWN_FILES: [&str; 7] = [
    STUDY_FILE,
    WRITTEN_FILE,
    ATTRIBUTES_FILE,
    "samples.png",
    "samples.json",
    "mistakes.png",
    "mistakes.json",
];
const RUNS: &str = "runs";
const DAMAGED: &str = "damaged";
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
    /// Keeps the study as it was written, so that it can be run from its folder; and what keeps
    /// git from changing the folder's files. Returns where a file of the user is kept that was in
    /// its place.
    ///
    /// # Errors
    /// If they can't be written.
    pub fn write_written(&self, source: &str) -> Result<Option<PathBuf>, StoreError> {
        let attributes = self.dir.join(ATTRIBUTES_FILE);
        if !attributes.exists() {
            // Not listed: users add to it, and nothing is read from it.
            self.disk.create_dir_all(&self.dir)?;
            self.disk.write_whole(&attributes, ATTRIBUTES.as_bytes())?;
        }
        self.write_file(WRITTEN_FILE, source.as_bytes())
    }

    /// The study as it was written, if the folder has it.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn written(&self) -> Result<Option<String>, StoreError> {
        files::read_if_there(&self.dir.join(WRITTEN_FILE))
    }

    /// Replaces the report, and returns where files are kept that weren't ours, or were changed,
    /// and that were in the way.
    ///
    /// # Errors
    /// If it can't be written; the former report is still there then.
    pub fn write_report(&self, files: &[ReportFile<'_>]) -> Result<Vec<PathBuf>, StoreError> {
        report::write(&self.disk, &self.dir, files)
    }

    /// Keeps other executions out of the folder for as long as the lock is kept, and removes
    /// what dead ones were writing. `holder` is what others are told.
    ///
    /// # Errors
    /// If another process has the lock: its own words say who it is.
    pub fn lock(&self, holder: &str) -> Result<Lock, StoreError> {
        self.refuse_other_kinds()?;
        let lock = Lock::take(&self.dir, holder)?;
        report::recover(&self.disk, &self.dir)?;
        stale::remove_files(&self.dir)?;
        Ok(lock)
    }

    /// Checks the files beside the records, and the report's. Returns how many are what was
    /// stored, and what is wrong with the others. Folders of earlier versions list none.
    #[must_use]
    pub fn check_files(&self) -> (usize, Vec<StoreError>) {
        let (mut n_sound, mut problems) = (0, Vec::new());
        let has_lists = self.dir.join(WRITTEN_FILE).exists();
        for dir in [self.dir.clone(), self.dir.join(report::REPORT)] {
            match Sums::read_if_there(&dir) {
                Ok(None) if has_lists && dir.is_dir() => {
                    problems.push(StoreError::Incomplete { path: dir.join(sums::SUMS_FILE) });
                }
                Ok(None) => {}
                Ok(Some(sums)) => {
                    let (n, wrong) = sums.check_all(&dir);
                    n_sound += n;
                    problems.extend(wrong);
                }
                Err(error) => problems.push(error),
            }
        }
        (n_sound, problems)
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

    /// Writes the resolved study, unless the file says the same already. Returns where a file of
    /// the user is kept that was in its place.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn write_study(&self, study: &StudyRecord) -> Result<Option<PathBuf>, StoreError> {
        let path = self.dir.join(STUDY_FILE);
        let body = toml::to_string(study).map_err(|error| StoreError::Unrepresentable {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        self.write_file(STUDY_FILE, format!("{STUDY_HEADER}{body}").as_bytes())
    }

    /// Writes a file beside the records, whole or not at all. What is in its place and isn't as
    /// this program wrote it is kept: the path says where.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn write_file(&self, name: &str, bytes: &[u8]) -> Result<Option<PathBuf>, StoreError> {
        owned::write(&self.disk, &self.dir, name, bytes)
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
        let names = files::names_if_there(&self.dir.join(CHECKPOINTS))?;
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
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        Progress::read(&self.dir)
    }

    fn runs_dir(&self) -> PathBuf {
        self.dir.join(RUNS)
    }

    fn run_dir(&self, id: &RunId) -> PathBuf {
        self.runs_dir().join(&id.0)
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
        _ => drop(Sums::parse(path, text)),
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
