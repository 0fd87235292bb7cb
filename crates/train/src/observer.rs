//! Who watches a run.

use std::io;

use plateau_model::Weights;
use plateau_record::{Epoch, EpochRecord, Step};

use crate::checkpoint::Checkpoint;

/// What one training step did.
#[derive(Clone, Debug)]
pub struct StepReport<'a> {
    /// The epoch under way, from 1.
    pub epoch: Epoch,
    /// The step, from 1.
    pub step: Step,
    /// Steps of the whole run.
    pub total_steps: u64,
    /// Learning rate of its update.
    pub learning_rate: f64,
    /// Mean loss of its batch before the update, in nats.
    pub loss: f32,
    /// Indices of its images in the data set's training pool.
    pub pool_indices: &'a [u32],
}

/// Takes a run's reports; an error ends the run.
pub trait Observer {
    /// Before the first step, with the initial weights.
    ///
    /// # Errors
    /// Ends the run.
    fn started(&mut self, _weights: &Weights) -> io::Result<()> {
        Ok(())
    }

    /// After each step.
    ///
    /// # Errors
    /// Ends the run.
    fn step(&mut self, _report: &StepReport<'_>) -> io::Result<()> {
        Ok(())
    }

    /// After each epoch's evaluation, epoch 0 included.
    ///
    /// # Errors
    /// Ends the run.
    fn epoch(&mut self, _record: &EpochRecord) -> io::Result<()> {
        Ok(())
    }

    /// Whether the run should end as soon as it has left a checkpoint.
    fn wants_stop(&self) -> bool {
        false
    }

    /// Asked between two steps: whether a checkpoint is wanted before the run goes on.
    fn wants_pause(&self) -> bool {
        false
    }

    /// Asked after each epoch but the last: whether a checkpoint is wanted. `n_left` epochs are
    /// still to come.
    fn wants_checkpoint(&self, _n_left: u32) -> bool {
        false
    }

    /// With the state of the run, where a checkpoint is wanted or the run is to stop.
    ///
    /// # Errors
    /// Ends the run.
    fn checkpoint(&mut self, _checkpoint: &Checkpoint) -> io::Result<()> {
        Ok(())
    }

    /// With the final weights.
    ///
    /// # Errors
    /// Ends the run.
    fn finished(&mut self, _weights: &Weights) -> io::Result<()> {
        Ok(())
    }
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}
