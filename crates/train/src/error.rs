//! What can keep a run from being trained.

use plateau_data::DataError;
use plateau_model::WeightsError;
use plateau_record::{Device, RunId};
use thiserror::Error;

use crate::checkpoint::CheckpointError;
use crate::precondition::Precondition;

/// A run that could not be trained. A diverged run is not an error: it is a result.
#[derive(Debug, Error)]
pub enum TrainError {
    /// No run can have the configuration.
    #[error(transparent)]
    Precondition(#[from] Precondition),
    /// The images can't be divided as asked.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The weights don't fit the network.
    #[error("weights of the run: {0}")]
    Weights(#[from] WeightsError),
    /// A transfer run without the weights it starts from.
    #[error("the run starts from the weights of run {0}, which were not given")]
    ParentMissing(RunId),
    /// The back end is not part of this build.
    #[error(
        "device {0:?} is not part of this program: build it with `cargo build --release --features wgpu`"
    )]
    DeviceMissing(Device),
    /// The state to go on from isn't one of this run.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Whoever watches the run wanted it to end. It has left a checkpoint, unless it was still
    /// preparing.
    #[error("the run was stopped")]
    Stopped,
    /// Whoever watches the run could not take its report.
    #[error("could not report the run's progress: {0}")]
    Observer(#[from] std::io::Error),
}
