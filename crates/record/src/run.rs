//! What one run measures.

use serde::{Deserialize, Serialize};

use crate::config::{RunConfig, RunId};
use crate::predictions::Predictions;
use crate::provenance::Provenance;
use crate::units::{Epoch, Step};

/// One run, whole: all that its folder holds apart from the weights.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRecord {
    /// Hash of `config`.
    pub id: RunId,
    /// What the run was asked to do.
    pub config: RunConfig,
    /// What it ran on.
    pub provenance: Provenance,
    /// What its weights expect of an image; none in records of earlier versions.
    pub input: Option<Input>,
    /// One entry per finished epoch, epoch 0 (before training) first. Empty for range tests.
    pub epochs: Vec<EpochRecord>,
    /// One entry per epoch, layer and parameter kind. Empty for range tests.
    pub gradients: Vec<GradientRecord>,
    /// One entry per step of a learning-rate range test, else empty.
    pub range: Vec<RangeRecord>,
    /// What the final weights say about each test image; none for diverged runs and range
    /// tests.
    pub predictions: Option<Predictions>,
    /// How it ended.
    pub result: RunResult,
}

impl RunRecord {
    /// What is impossible in it, if anything is: shares outside 0 to 1, losses and times below 0,
    /// numbers of images that don't agree.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let RunResult { train, validation, best_validation, test, seconds, .. } = &self.result;
        let of_epochs = self.epochs.iter().flat_map(|epoch| [epoch.train, epoch.validation]);
        let best = best_validation.map(|best| best.performance);
        let tested = test.as_ref().map(|test| test.performance);
        let of_result = [*train, *validation, best, tested].into_iter().flatten();
        let problem = of_epochs.chain(of_result).find_map(|performance| performance.problem());
        let times = self.epochs.iter().map(|epoch| epoch.seconds).chain([*seconds]);
        let below = |time: &f64| *time < 0.0;
        problem
            .or_else(|| times.into_iter().find(below).map(|t| format!("a time is {t} s")))
            .or_else(|| test.as_ref().and_then(TestRecord::problem))
            .or_else(|| self.predictions.as_ref().and_then(Predictions::problem))
    }
}

impl Performance {
    fn problem(&self) -> Option<String> {
        let Self { loss, accuracy } = *self;
        if !(0.0..=1.0).contains(&accuracy) {
            return Some(format!("an accuracy is {accuracy}, not in [0, 1]"));
        }
        (loss < 0.0).then(|| format!("a loss is {loss}, below 0"))
    }
}

impl TestRecord {
    fn problem(&self) -> Option<String> {
        let row_lengths = self.confusion.iter().map(Vec::len);
        let n_classes = self.confusion.len();
        let odd = row_lengths.into_iter().find(|length| *length != n_classes);
        odd.map(|length| {
            format!("a row of the confusion matrix has {length} of {n_classes} numbers")
        })
    }
}

/// What a run's weights expect of an image, and what their outputs stand for: all that is needed
/// to use them elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Channels, height and width.
    pub shape: [u32; 3],
    /// Means of the channels (red, green, blue) of pixels in [0, 1], to be subtracted.
    pub mean: Vec<f32>,
    /// Standard deviations of the channels, to be divided by afterwards.
    pub std: Vec<f32>,
    /// Names of the classes, in the order of the outputs.
    pub classes: Vec<String>,
}

/// Loss and accuracy in evaluation mode on one set of images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    /// Mean cross-entropy per image, in nats. Lower is better.
    pub loss: f64,
    /// Fraction of images whose largest logit is the label's, in [0, 1]. Higher is better.
    pub accuracy: f64,
}

/// A line of `epochs.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Passes finished; 0 before training.
    pub epoch: Epoch,
    /// Updates finished.
    pub step: Step,
    /// Learning rate of the last step (of the first step, for epoch 0).
    pub learning_rate: f64,
    /// Evaluation mode, on a fixed class-balanced subset of the training images.
    pub train: Performance,
    /// Evaluation mode, on the validation images.
    pub validation: Performance,
    /// Wall time of the epoch's training steps, without evaluation.
    pub seconds: f64,
    /// Training images per second of that time; 0 for epoch 0.
    pub images_per_second: f64,
}

/// Weights and biases are counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParameterKind {
    /// Kernels of convolutions and matrices of fully connected layers.
    Weight,
    /// Their biases.
    Bias,
}

/// Mean and population standard deviation of a set of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// Arithmetic mean.
    pub mean: f64,
    /// Population standard deviation.
    pub std: f64,
}

/// A line of `gradients.jsonl`: the loss gradient of one layer's parameters over all elements
/// and all steps of one epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GradientRecord {
    /// The epoch, from 1.
    pub epoch: Epoch,
    /// Number of the layer, from 1, input side first.
    pub layer: u32,
    /// Its name: `conv1` … `fc2`.
    pub name: String,
    /// Weights or biases.
    pub parameter: ParameterKind,
    /// Mean and standard deviation of dL/dw.
    pub signed: Moments,
    /// Mean and standard deviation of |dL/dw|.
    pub absolute: Moments,
    /// Numbers that went into it: elements × steps.
    pub count: u64,
}

/// A line of `range.jsonl`: one step of a learning-rate range test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RangeRecord {
    /// The step, from 1.
    pub step: Step,
    /// The learning rate of that step.
    pub learning_rate: f64,
    /// Loss of the step's batch before the update, in nats. Finite: the test ends before the
    /// first loss that is not.
    pub loss: f64,
}

/// `result.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// The run it belongs to.
    pub id: RunId,
    /// Version of the stored format.
    pub format: u32,
    /// How the run ended.
    pub status: RunStatus,
    /// Training metrics after the last epoch; none for diverged runs and range tests.
    pub train: Option<Performance>,
    /// Validation metrics after the last epoch; none for diverged runs and range tests.
    pub validation: Option<Performance>,
    /// The epoch with the highest validation accuracy (the first of equals).
    pub best_validation: Option<BestValidation>,
    /// Test metrics of the final weights, measured once; none for diverged runs and range
    /// tests.
    pub test: Option<TestRecord>,
    /// Wall time of the run.
    pub seconds: f64,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum RunStatus {
    /// All epochs were trained (of a range test: the loss grew far above its minimum, or the
    /// highest rate was reached).
    Finished,
    /// The loss was no longer a finite number.
    Diverged {
        /// The epoch under way, from 1.
        epoch: Epoch,
        /// The step whose loss was not finite, from 1.
        step: Step,
    },
}

/// The best epoch by validation accuracy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestValidation {
    /// Which epoch.
    pub epoch: Epoch,
    /// Its validation metrics.
    pub performance: Performance,
}

/// The one look at the test images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestRecord {
    /// Loss and accuracy on all test images.
    pub performance: Performance,
    /// `confusion[label][prediction]`: numbers of images, 10×10.
    pub confusion: Vec<Vec<u32>>,
}
