//! Means over seeds, and curves of them.

use serde::Serialize;

/// A confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Its lower end.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
}

/// A mean over seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Number of seeds, at least 1.
    pub n: usize,
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation (divisor n − 1); none for n = 1.
    pub sd: Option<f64>,
    /// 95 % Student-t confidence interval of the mean; none for n = 1.
    pub interval: Option<Interval>,
}

/// A quantity over epochs, over the finished runs of an arm.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Curve {
    /// Passes finished; 0 is the state before training.
    pub epochs: Vec<u32>,
    /// The estimate after each of these epochs.
    pub points: Vec<Estimate>,
}

/// How an arm learned. Every curve has the same epochs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LearningCurves {
    /// Training loss in nats, in evaluation mode.
    pub train_loss: Curve,
    /// Training accuracy, in evaluation mode.
    pub train_accuracy: Curve,
    /// Validation loss in nats.
    pub validation_loss: Curve,
    /// Validation accuracy.
    pub validation_accuracy: Curve,
    /// Generalisation gap: training minus validation accuracy.
    pub gap: Curve,
}
