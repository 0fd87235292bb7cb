//! Studies: the questions as written, the runs they ask for, their execution, their results.
//!
//! # Layout
//! - [`spec`]: a study file read, checked, and resolved to a [`Study`]
//! - [`plan`]: the study expanded to phases, groups and runs: [`Plan`]
//! - [`store`]: the folder that holds a study's results: [`Store`]
//! - [`execute`](mod@execute): the missing runs, run side by side by worker processes

pub mod execute;
pub mod plan;
pub mod spec;
pub mod store;
#[doc(hidden)]
pub mod untrusted;

pub use execute::{
    Event, ExecuteError, Job, Message, Options, Outcome, Stop, Urgency, WorkerCommand, execute,
    wait_for_end,
};
pub use plan::{PhaseState, Plan, PlannedPhase, PlannedRun};
pub use spec::{Overrides, Phase, Preset, SpecError, SpecErrors, Study};
pub use store::{Checkpoints, Commit, Lock, RunWriter, Store, StoreError};
