//! Runs the missing runs of a study, side by side, one worker process each.
//!
//! A worker reads one [`Job`] from its standard input, writes the run through the store, and
//! says how far it is by [`Message`]s on its standard output. Its input stays open for as long
//! as the run is wanted: **a worker that is told to stop, or whose input ends, must exit**, past
//! a checkpoint if it can. Whether a run succeeded is never taken from what a worker says: the
//! store has it, whole, or it failed.
//!
//! # Layout
//! - [`job`]: what passes between the executor and a worker
//! - `worker`: a worker process: started, listened to, reaped
//! - [`event`]: what the executor tells: [`Event`], [`Outcome`]
//! - `queue`: which run is next
//! - [`stop`]: how an execution is asked to end: [`Stop`]
//! - `meter`: how fast it goes, and how long it will take
//! - `executor`: the loop over what happens; `stored`: what is there already; `outcome`: what was
//!   achieved

pub mod event;
mod executor;
pub mod job;
mod meter;
mod outcome;
mod queue;
pub mod stop;
mod stored;
mod worker;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use crate::spec::Study;
use crate::store::{Store, StoreError};

pub use event::{BlockedPhase, BlockedRun, Event, Exit, FailedRun, Failure, Outcome};
pub use job::{Job, Message, wait_for_end};
pub use stop::{Stop, Urgency};

/// Time that workers have to leave a checkpoint and end, before they are killed.
pub const GRACE: Duration = Duration::from_secs(4);

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
#[derive(Clone, Debug)]
pub struct Options {
    /// Runs side by side at most.
    pub jobs: NonZeroUsize,
    /// Threads that all workers have together. Workers get one each, or more where there are
    /// fewer runs than threads.
    pub threads: NonZeroUsize,
    /// Where the data set is, if it is one of files.
    pub data: Option<PathBuf>,
    /// Seconds after which a run leaves a checkpoint within an epoch, too.
    pub checkpoint_seconds: f64,
    /// Whoever wants the execution to end asks this.
    pub stop: Stop,
}

/// What ends the execution as a whole. A run that fails doesn't.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError {
    /// The study's folder can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A worker could not store what it had. The others were asked to end.
    #[error("the study can't go on: {reason}")]
    Disk {
        /// On what, and why.
        reason: String,
    },
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
/// follows from it, and the rest goes on. After a worker was killed, by the system for want of
/// memory as a rule, there is one fewer side by side. `study.toml` is rewritten whenever a phase
/// is resolved. Asked to stop, workers have [`GRACE`] for a checkpoint.
///
/// # Errors
/// If the store can't be used, a worker can't write to it, or no worker can be started. Workers
/// still at work are ended.
pub fn execute(
    study: &Study,
    store: &Store,
    worker: &WorkerCommand,
    options: &Options,
    observer: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, ExecuteError> {
    executor::Executor::new(study, store, worker, options, observer)?.run()
}
