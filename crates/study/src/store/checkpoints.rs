//! The checkpoints of a run under way, each with its checksum.
//!
//! A file's first line says what it is: `plateau-checkpoint 1 RUN STEP SHA256 MAKER`, the
//! checksum being that of the maker, a line feed, and all bytes after the line. What these are is
//! up to whoever trains.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use plateau_record::{RunId, Step};
use sha2::{Digest as _, Sha256};

use super::disk::Disk;
use super::error::{Action, Context as _, StoreError};
use super::{files, stale, sums};

const MAGIC: &str = "plateau-checkpoint 1";
const EXTENSION: &str = "checkpoint";
/// The line is shorter than that: a longer one isn't looked through for its end.
const MAX_LINE_BYTES: usize = 512;
/// So many are kept of a run under way, so that a damaged one has another before it.
const N_KEPT: usize = 2;

/// The checkpoints of one run.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    dir: PathBuf,
    run: RunId,
    disk: Disk,
}

/// A checkpoint read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// Which program made it, in its own words.
    pub maker: String,
    /// What was saved.
    pub bytes: Vec<u8>,
}

impl Checkpoints {
    pub(super) fn new(all: &Path, run: &RunId, disk: &Disk) -> Self {
        Self { dir: all.join(&run.0), run: run.clone(), disk: disk.clone() }
    }

    /// Where they are.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Stores the state after so many steps, whole or not at all, and removes those before the
    /// last two. `maker`, a few words on one line, is the program whose bits it promises.
    ///
    /// # Errors
    /// If it can't be written. Those that were there before stay.
    pub fn save(&self, step: Step, maker: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.disk.create_dir_all(&self.dir)?;
        let mut file = line(&self.run, step, maker, bytes).into_bytes();
        file.extend_from_slice(bytes);
        self.disk.write_whole(&self.path(step), &file)?;
        self.keep(N_KEPT)
    }

    /// The state after so many steps.
    ///
    /// # Errors
    /// If it isn't there, can't be read, or isn't what was saved.
    pub fn read(&self, step: Step) -> Result<StoredCheckpoint, StoreError> {
        let path = self.path(step);
        let file = files::bytes(&path).context(Action::Read, &path)?;
        Self::parse(file, &self.run, step).ok_or(StoreError::Damaged { path })
    }

    /// What a file of that run and step holds; none if it isn't what was saved.
    pub(crate) fn parse(mut file: Vec<u8>, run: &RunId, step: Step) -> Option<StoredCheckpoint> {
        let (maker, start) = maker(&file)?;
        let bytes = file.split_off(start);
        (file == line(run, step, &maker, &bytes).as_bytes())
            .then_some(StoredCheckpoint { maker, bytes })
    }

    /// Keeps the last one alone, of a finished run: to verify it from there.
    ///
    /// # Errors
    /// If the others can't be removed.
    pub fn keep_last(&self) -> Result<(), StoreError> {
        self.keep(1)
    }

    /// Removes one that can't be used, so that the ones that are kept are good.
    ///
    /// # Errors
    /// If it can't be removed.
    pub fn discard(&self, step: Step) -> Result<(), StoreError> {
        self.remove(step)
    }

    /// Removes what a dead process was writing.
    ///
    /// # Errors
    /// If it can't be removed.
    pub fn remove_stale(&self) -> Result<(), StoreError> {
        stale::remove_files(&self.dir)
    }

    /// The steps of which there is one, in order.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn steps(&self) -> Result<Vec<Step>, StoreError> {
        let names = match fs::metadata(&self.dir) {
            Ok(_) => files::names_in(&self.dir)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error).context(Action::Read, &self.dir),
        };
        let step = |given: &String| {
            let digits = given.strip_suffix(EXTENSION)?.strip_suffix('.')?;
            digits.parse().ok().filter(|step| name(Step(*step)) == *given).map(Step)
        };
        let mut steps: Vec<Step> = names.iter().filter_map(step).collect();
        steps.sort_unstable();
        Ok(steps)
    }

    fn keep(&self, n: usize) -> Result<(), StoreError> {
        let steps = self.steps()?;
        for step in steps.iter().rev().skip(n) {
            self.remove(*step)?;
        }
        Ok(())
    }

    fn remove(&self, step: Step) -> Result<(), StoreError> {
        let path = self.path(step);
        match self.disk.remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.context(Action::Remove, &path),
        }
    }

    /// Where the state after so many steps is, if it is there.
    #[must_use]
    pub fn path(&self, step: Step) -> PathBuf {
        self.dir.join(name(step))
    }
}

/// The first line of a file.
fn line(run: &RunId, step: Step, maker: &str, bytes: &[u8]) -> String {
    let sum = Sha256::new().chain_update(maker).chain_update("\n").chain_update(bytes);
    format!("{MAGIC} {run} {step} {} {maker}\n", sums::hex(&sum.finalize()))
}

/// What the first line says of the maker, and where the content begins.
fn maker(file: &[u8]) -> Option<(String, usize)> {
    let end = file.iter().take(MAX_LINE_BYTES).position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(&file[..end]).ok()?.strip_prefix(MAGIC)?;
    // A space, the run, the step, the checksum, the maker.
    let maker = line.splitn(5, ' ').nth(4)?;
    Some((maker.to_owned(), end + 1))
}

fn name(step: Step) -> String {
    format!("{:010}.{EXTENSION}", step.0)
}
