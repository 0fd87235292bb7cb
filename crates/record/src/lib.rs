//! Plateau's only result format: what a run was asked to do, what it measured, and where.
//!
//! Everything that is stored passes through these types; analysis and report see nothing else.
//!
//! # Layout
//! - [`units`]: epochs, steps, seeds: numbers that must not be mixed up
//! - [`bounds`]: what a setting's number may be
//! - [`config`]: [`RunConfig`], the resolved configuration of one run, and its [`RunId`]
//! - [`run`]: what a run measures: [`EpochRecord`], [`GradientRecord`], [`RunResult`]
//! - [`predictions`]: what the final weights say about each test image
//! - [`provenance`]: which program, machine and data made it
//! - [`stream`]: random streams keyed by seed, concern, epoch and step
//! - [`study`]: which runs belong to which question: [`StudyRecord`]

pub mod bounds;
pub mod config;
pub mod predictions;
pub mod provenance;
pub mod run;
pub mod stream;
pub mod study;
pub mod units;

pub use config::{
    Activation, BATCH_NORM_EPSILON, DataConfig, DataSet, Device, Network, Optimizer,
    RANGE_TEST_DECAY, RANGE_TEST_STOP_FACTOR, RUNNING_STAT_DECAY, RunConfig, RunId, Schedule,
    ScheduleShape, Split, SplitScheme, Start,
};
pub use predictions::Predictions;
pub use provenance::Provenance;
pub use run::{
    BestValidation, EpochRecord, GradientRecord, Input, Moments, ParameterKind, Performance,
    RangeRecord, RunRecord, RunResult, RunStatus, TestRecord,
};
pub use stream::{Concern, Stream};
pub use study::{
    Choice, ExperimentRecord, Group, GroupRun, PhaseRecord, StudyRecord, default_folder,
};
pub use units::{Epoch, Seed, Step};

/// The number of classes of every data set that Plateau knows.
pub const N_CLASSES: usize = 10;

/// Version of the stored format. Records of another version are refused.
pub const FORMAT_VERSION: u32 = 2;
