//! What the executor tells while it is at work, and in the end.

use std::fmt;
use std::path::Path;

use plateau_record::{Epoch, Performance, PhaseRecord, RunId};

use crate::plan::{Plan, PlannedRun, Results};
use crate::store::StoreError;

/// Something that happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The plan was made, at first or anew: phases may have been resolved since.
    Planned {
        /// The plan.
        plan: &'a Plan,
        /// The runs that are finished.
        results: &'a Results,
    },
    /// What a phase waited for is known. Not told of phases that never waited.
    PhaseResolved {
        /// The phase, with what was chosen.
        phase: &'a PhaseRecord,
    },
    /// A worker began.
    RunStarted {
        /// The run.
        run: &'a PlannedRun,
        /// Which attempt, from 1.
        attempt: u32,
        /// Its threads.
        threads: usize,
    },
    /// A worker has done some steps.
    Progress {
        /// The run.
        run: &'a PlannedRun,
        /// Steps done.
        step: u64,
        /// Steps of the run.
        of: u64,
    },
    /// A worker has finished an epoch.
    Epoch {
        /// The run.
        run: &'a PlannedRun,
        /// Which.
        epoch: Epoch,
        /// Epochs of the run.
        of: Epoch,
        /// Speed of its training steps.
        images_per_second: f64,
        /// Training metrics after it.
        train: Performance,
        /// Validation metrics after it.
        validation: Performance,
    },
    /// A worker goes on from a checkpoint.
    RunResumed {
        /// The run.
        run: &'a PlannedRun,
        /// Steps that were done before.
        step: u64,
    },
    /// A worker has something to say that the user should know.
    Notice {
        /// The run.
        run: &'a PlannedRun,
        /// What.
        text: &'a str,
    },
    /// A stored run can't be read, or its weights can't, which another run starts from: it was
    /// moved aside and is made again.
    SetAside {
        /// Which.
        id: &'a RunId,
        /// What is wrong with it.
        error: &'a StoreError,
        /// Where it is now.
        place: &'a Path,
    },
    /// A file that the user changed was in the way of one that had to be written.
    Kept {
        /// Where it is now.
        place: &'a Path,
    },
    /// From now on there are fewer runs side by side, since a worker was killed.
    FewerJobs {
        /// So many at most.
        jobs: usize,
    },
    /// The execution was asked to end: workers leave a checkpoint.
    Stopping,
    /// A run is stored.
    RunFinished {
        /// The run.
        run: &'a PlannedRun,
        /// Whether its loss stopped being finite: a result like others.
        diverged: bool,
        /// Wall time of the run.
        seconds: f64,
    },
    /// A worker failed, and the run will be tried once more.
    RunRetried {
        /// The run.
        run: &'a PlannedRun,
        /// What happened.
        failure: &'a Failure,
    },
    /// A run was given up.
    RunFailed {
        /// The run.
        run: &'a PlannedRun,
        /// What happened the last time.
        failure: &'a Failure,
    },
}

/// Why a run has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The worker ended without storing the run.
    #[error("the worker {exit} without storing the run{}", tail(.last_lines))]
    Worker {
        /// How it ended.
        exit: Exit,
        /// The last lines of what it said, other than messages.
        last_lines: Vec<String>,
    },
    /// The run is stored, and can't be read.
    #[error("the stored run can't be read: {0}")]
    Unreadable(#[source] StoreError),
    /// The weights of the run it starts from were not kept.
    #[error("the weights of run {parent}, from which it starts, can't be had: {error}")]
    NoParentWeights {
        /// That run.
        parent: RunId,
        /// What is wrong with them.
        error: StoreError,
    },
}

fn tail(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n  {line}")).collect()
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By a signal.
    Signal(i32),
    /// The system doesn't say.
    Unknown(String),
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exited with code {code}"),
            Self::Signal(9) => f.write_str("was killed (signal 9; out of memory?)"),
            Self::Signal(signal) => write!(f, "was ended by signal {signal}"),
            Self::Unknown(reason) => write!(f, "ended in an unknown way ({reason})"),
        }
    }
}

/// What was achieved.
#[derive(Debug)]
pub struct Outcome {
    /// The last plan.
    pub plan: Plan,
    /// All finished runs of the plan, those included that were there before.
    pub results: Results,
    /// Runs that were there before.
    pub n_reused: usize,
    /// Runs that were run now.
    pub n_ran: usize,
    /// Whether it was asked to end, and did before all was done.
    pub stopped: bool,
    /// Stored runs that aren't the study's, as it is now written.
    pub others: Vec<RunId>,
    /// Runs that were given up.
    pub failed: Vec<FailedRun>,
    /// Runs that start from one that was given up.
    pub blocked_runs: Vec<BlockedRun>,
    /// Phases that could not be resolved.
    pub blocked_phases: Vec<BlockedPhase>,
}

impl Outcome {
    /// Whether anything is missing because workers failed. What is missing otherwise can't be
    /// had from the results that there are.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        !self.failed.is_empty() || !self.blocked_runs.is_empty()
    }

    /// Whether every run of the study has a result.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.stopped
            && self.failed.is_empty()
            && self.blocked_runs.is_empty()
            && self.blocked_phases.is_empty()
    }
}

/// A run that was given up.
#[derive(Debug)]
pub struct FailedRun {
    /// The run.
    pub run: PlannedRun,
    /// What happened the last time.
    pub failure: Failure,
}

/// A run that could not begin.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockedRun {
    /// The run.
    pub run: PlannedRun,
    /// The run it starts from, which failed.
    pub parent: RunId,
}

/// A phase that could not be resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockedPhase {
    /// Its name.
    pub name: String,
    /// Why not.
    pub reason: String,
    /// What to change in the study, if the phase can't be resolved from the results there are.
    pub advice: Option<String>,
}
