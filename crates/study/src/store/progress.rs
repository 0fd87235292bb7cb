//! How far an execution is: written by it now and then, for `status` to read.

use std::path::Path;

use plateau_record::{RunId, Step};
use serde::{Deserialize, Serialize};

use super::disk::Disk;
use super::error::StoreError;
use super::files;

pub(super) const PROGRESS_FILE: &str = ".progress.json";

/// What an execution says of itself. It holds for as long as the lock is held; afterwards it
/// tells which runs were given up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Workers at work.
    pub running: Vec<RunningRun>,
    /// Runs that were given up.
    pub failed: Vec<GivenUp>,
    /// Phases that can't be resolved, and why not.
    #[serde(default)]
    pub blocked: Vec<BlockedPhase>,
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

/// A phase whose settings can't be chosen from the results there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockedPhase {
    /// Its name.
    pub phase: String,
    /// Why not.
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

    /// It only tells how far it is: one that can't be read tells nothing.
    pub(super) fn read(dir: &Path) -> Option<Self> {
        let path = dir.join(PROGRESS_FILE);
        files::parse_json(&path, &files::read(&path).ok()?).ok()
    }
}
