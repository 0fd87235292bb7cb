//! An arm: the runs of a phase that differ only by the seed.

use plateau_record::{BestValidation, Epoch, Performance, RunConfig, RunId, Schedule, Seed};
use serde::Serialize;

use super::{Estimate, LearningCurves};

/// The runs of one group of a phase, summarised over seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Arm {
    /// Short name for legends and tables, unique within its experiment: `dropout 0.3`,
    /// `rate 0.01`, `cosine from 0.02`, `batch norm`.
    pub label: String,
    /// The phase it belongs to.
    pub phase: String,
    /// What varies in that phase.
    pub setting: Setting,
    /// The value of that setting, for axes; the group's number from 0 where it has none.
    pub value: f64,
    /// The learning rate over time.
    pub schedule: Schedule,
    /// Dropout rate.
    pub dropout: f64,
    /// With batch normalisation or not.
    pub batch_norm: bool,
    /// Convolutions taken from another run and frozen, or all layers trained.
    pub transfer: bool,
    /// Passes over the training images.
    pub epochs: Epoch,
    /// The configuration of its first stored run; the others differ in the seed (and with
    /// `transfer` in the parent).
    pub config: Option<RunConfig>,
    /// Runs that the study asks for.
    pub n_expected: usize,
    /// Runs that trained all epochs, the collapsed ones among them.
    pub n_finished: usize,
    /// Runs whose loss was no longer finite.
    pub n_diverged: usize,
    /// Finished runs that learned nothing (see [`SeedStatus::Collapsed`]).
    pub n_collapsed: usize,
    /// Runs without a result.
    pub n_missing: usize,
    /// Means over the finished runs, by epoch.
    pub curves: LearningCurves,
    /// Means over the finished runs, after the last epoch; none without a finished run.
    pub finals: Option<FinalEstimates>,
    /// One entry per expected run, in the order of the study's seeds.
    pub seeds: Vec<SeedResult>,
}

/// What varies between the arms of a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Setting {
    /// The (starting) learning rate.
    LearningRate,
    /// The dropout rate.
    Dropout,
    /// Batch normalisation: 0 without, 1 with.
    BatchNorm,
    /// The shape of the learning-rate schedule.
    Schedule,
    /// Frozen convolutions: 0 without, 1 with.
    Transfer,
    /// The number of epochs.
    Epochs,
    /// Images per step.
    BatchSize,
    /// Units of the hidden fully connected layer.
    Hidden,
    /// Several settings at once, or one that has no number.
    Other,
    /// Nothing: the phase has a single arm.
    Nothing,
}

/// Means over the finished runs of an arm, after the last epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FinalEstimates {
    /// Training loss in nats, in evaluation mode.
    pub train_loss: Estimate,
    /// Training accuracy, in evaluation mode.
    pub train_accuracy: Estimate,
    /// Validation loss in nats.
    pub validation_loss: Estimate,
    /// Validation accuracy.
    pub validation_accuracy: Estimate,
    /// Test loss in nats.
    pub test_loss: Estimate,
    /// Test accuracy.
    pub test_accuracy: Estimate,
    /// Generalisation gap: training minus validation accuracy.
    pub gap: Estimate,
    /// Training minus test accuracy: the gap where the validation images are not independent
    /// of the weights (transfer).
    pub test_gap: Estimate,
}

/// How the run of one seed ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeedStatus {
    /// All epochs were trained, and something was learned.
    Finished,
    /// All epochs were trained, but the final training loss is not below 0.98·ln 10 ≈ 2.256
    /// nats: that of guessing, within 2 %.
    Collapsed,
    /// The loss was no longer a finite number.
    Diverged,
    /// No result is stored, or one without final metrics.
    Missing,
}

/// The run of one seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeedResult {
    /// The seed.
    pub seed: Seed,
    /// The run.
    pub run: RunId,
    /// How it ended.
    pub status: SeedStatus,
    /// What it reached; none for diverged and missing runs.
    pub finals: Option<FinalMetrics>,
    /// Its best epoch by validation accuracy.
    pub best_validation: Option<BestValidation>,
    /// Wall time of the run.
    pub seconds: Option<f64>,
}

/// The metrics of one run after its last epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FinalMetrics {
    /// On the training subset, in evaluation mode.
    pub train: Performance,
    /// On the validation images.
    pub validation: Performance,
    /// On the test images.
    pub test: Performance,
    /// Generalisation gap: training minus validation accuracy.
    pub gap: f64,
    /// Training minus test accuracy.
    pub test_gap: f64,
}
