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
    /// 95 % Student-t confidence interval of the mean, cut where the quantity's possible values
    /// end; none for n = 1.
    pub interval: Option<Interval>,
}

impl Estimate {
    /// Half the width of the interval where it reaches equally far to both sides of the mean, so
    /// that ± says no more than the interval does; none where it was cut.
    #[must_use]
    pub fn half_width(&self) -> Option<f64> {
        let Interval { lower, upper } = self.interval?;
        let uneven = ((upper - self.mean) - (self.mean - lower)).abs();
        // Up to what rounding makes of equal reaches.
        let rounding = 1e-6 * (upper - lower) + 8.0 * f64::EPSILON * self.mean.abs();
        (uneven <= rounding).then_some((upper - lower) / 2.0)
    }

    /// Whether the interval was cut where the quantity's possible values end.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.interval.is_some() && self.half_width().is_none()
    }
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
