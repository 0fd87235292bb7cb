//! The finished runs of a study's folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use plateau_record::{Input, Provenance, RunConfig, RunId, RunRecord};

use super::error::{Action, Context as _, StoreError};
use super::sums::Sums;
use super::writer::{self, RunWriter};
use super::{DAMAGED, Store, files, is_run_id, reader};

impl Store {
    /// Whether a run is finished: whether something has its place.
    #[must_use]
    pub fn has(&self, id: &RunId) -> bool {
        fs::symlink_metadata(self.run_dir(id)).is_ok()
    }

    /// Moves a run that can't be read aside, so that it can be made again. Returns where it is.
    ///
    /// # Errors
    /// If it can't be moved.
    pub fn set_aside(&self, id: &RunId) -> Result<PathBuf, StoreError> {
        let damaged = self.dir.join(DAMAGED);
        self.disk.create_dir_all(&damaged)?;
        let place = damaged.join(&id.0);
        let to = if fs::symlink_metadata(&place).is_ok() {
            files::aside(&place, "again")
        } else {
            place
        };
        let from = self.run_dir(id);
        self.disk.rename(&from, &to).context(Action::Rename, &from)?;
        Ok(to)
    }

    /// The ids of all finished runs, in order.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn run_ids(&self) -> Result<Vec<RunId>, StoreError> {
        let names = files::names_if_there(&self.runs_dir())?;
        Ok(names.into_iter().filter(|name| is_run_id(name)).map(RunId).collect())
    }

    /// Reads one finished run.
    ///
    /// # Errors
    /// If it isn't there, can't be read, is of another format, or isn't the run of that id.
    pub fn load(&self, id: &RunId) -> Result<RunRecord, StoreError> {
        reader::run(&self.run_dir(id), id).map(|loaded| loaded.run)
    }

    /// Reads one finished run, and checks its weights if they were kept.
    ///
    /// # Errors
    /// As [`Store::load`], and if the weights aren't what was stored.
    pub fn load_whole(&self, id: &RunId) -> Result<RunRecord, StoreError> {
        let run = self.load(id)?;
        if self.weights(id).is_some() {
            self.read_weights(id)?;
        }
        Ok(run)
    }

    /// Reads all finished runs; those that can't be read are told of, and don't keep the others
    /// from being read.
    ///
    /// # Errors
    /// If the folder of runs can't be read.
    pub fn runs(&self) -> Result<StoredRuns, StoreError> {
        let mut stored = StoredRuns::default();
        for id in self.run_ids()? {
            match reader::run(&self.run_dir(&id), &id) {
                Ok(reader::Loaded { run, has_other_line_ends }) => {
                    stored.n_other_line_ends += usize::from(has_other_line_ends);
                    stored.runs.insert(id, run);
                }
                Err(error) => stored.unreadable.push(UnreadableRun { id, error }),
            }
        }
        Ok(stored)
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
        let sums = Sums::read(&self.run_dir(id))?;
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
}

/// The runs of a folder.
#[derive(Debug, Default)]
pub struct StoredRuns {
    /// Those that can be read, by id.
    pub runs: BTreeMap<RunId, RunRecord>,
    /// Those that can't.
    pub unreadable: Vec<UnreadableRun>,
    /// How many have other line ends than those that were stored, as git makes them where it is
    /// told to: what they say is what was stored.
    pub n_other_line_ends: usize,
}

/// A run whose folder is there and can't be read.
#[derive(Debug)]
pub struct UnreadableRun {
    /// What its folder is called.
    pub id: RunId,
    /// Why not.
    pub error: StoreError,
}
