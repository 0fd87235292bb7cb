//! Runs the missing runs of a study, side by side, one worker process each.
//!
//! A worker reads one [`Job`] from its standard input, writes the run through the store, and
//! says how far it is by [`Message`]s on its standard output. Its input stays open for as long
//! as the run is wanted: **a worker whose input ends must exit**. Whether a run succeeded is
//! never taken from what a worker says: the store has it, whole, or it failed.
//!
//! # Layout
//! - [`job`]: what passes between the executor and a worker
//! - `worker`: a worker process: started, listened to, reaped
//! - [`event`]: what the executor tells: [`Event`], [`Outcome`]
//! - `queue`: which run is next
//! - `executor`: the loop over what happens

pub mod event;
mod executor;
pub mod job;
mod queue;
mod worker;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use crate::spec::Study;
use crate::store::{Store, StoreError};

pub use event::{BlockedPhase, BlockedRun, Event, Exit, FailedRun, Failure, Outcome};
pub use job::{Job, Message};

/// How to start a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Variables to set in its environment, beside those it inherits.
    pub envs: Vec<(OsString, OsString)>,
}

/// How to execute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Runs side by side at most.
    pub jobs: NonZeroUsize,
    /// Threads that all workers have together. Workers get one each, or more where there are
    /// fewer runs than threads.
    pub threads: NonZeroUsize,
    /// Where the data set is, if it is one of files.
    pub data: Option<PathBuf>,
}

/// What ends the execution as a whole. A run that fails doesn't.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError {
    /// The study's folder can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No worker can be started.
    #[error("cannot start the worker {}: {source}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A job that can't be told to a worker: a path that isn't Unicode.
    #[error("cannot describe the job to a worker: {0}")]
    Job(#[source] serde_json::Error),
}

/// Runs what is missing of a study, and tells `observer` about it.
///
/// A worker that dies is started once more; a run that fails twice is given up, with whatever
/// follows from it, and the rest goes on. `study.toml` is rewritten whenever a phase is
/// resolved.
///
/// # Errors
/// If the store can't be used or no worker can be started. Workers still at work are ended.
pub fn execute(
    study: &Study,
    store: &Store,
    worker: &WorkerCommand,
    options: &Options,
    observer: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, ExecuteError> {
    executor::Executor::new(study, store, worker, options, observer)?.run()
}
