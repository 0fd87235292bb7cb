//! How far an execution is: written by it now and then, for `status` to read.

use std::path::Path;

use plateau_record::{RunId, Step};
use serde::{Deserialize, Serialize};

use super::disk::Disk;
use super::error::StoreError;
use super::files;

const PROGRESS_FILE: &str = ".progress.json";

/// What an execution says of itself. It holds for as long as the lock is held; afterwards it
/// tells which runs were given up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Workers at work.
    pub running: Vec<RunningRun>,
    /// Runs that were given up.
    pub failed: Vec<GivenUp>,
    /// Wall time to the end, from the speed so far; none before there is one.
    pub seconds_left: Option<f64>,
}

/// A run under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunningRun {
    /// Which.
    pub id: RunId,
    /// Steps done.
    pub step: Step,
    /// Steps of the run.
    pub of: u64,
}

/// A run that failed too often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenUp {
    /// Which.
    pub id: RunId,
    /// What happened the last time.
    pub reason: String,
}

impl Progress {
    pub(super) fn write(&self, dir: &Path, disk: &Disk) -> Result<(), StoreError> {
        let path = dir.join(PROGRESS_FILE);
        let json = serde_json::to_vec(self).map_err(|error| StoreError::Unrepresentable {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        disk.write_whole(&path, &json)
    }

    pub(super) fn read(dir: &Path) -> Result<Option<Self>, StoreError> {
        let path = dir.join(PROGRESS_FILE);
        match files::read_if_there(&path)? {
            Some(text) => files::parse_json(&path, &text).map(Some),
            None => Ok(None),
        }
    }
}
