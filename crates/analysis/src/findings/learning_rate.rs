//! Experiment: constant learning rates against a schedule.

use plateau_record::Choice;
use serde::Serialize;

use super::{Arm, Comparison, Estimate};

/// What the learning-rate experiment found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LearningRateFindings {
    /// Whether runs are still missing.
    pub preliminary: bool,
    /// The range test, if the study has one and it is there.
    pub range_test: Option<RangeTestFindings>,
    /// How the constant rates followed from the range test.
    pub constant_choices: Vec<Choice>,
    /// One arm per constant rate, in the order of the study.
    pub arms: Vec<Arm>,
    /// One check per arm, in the same order.
    pub checks: Vec<RateCheck>,
    /// Index of the arm with the highest mean final validation accuracy among the stable ones
    /// (of equals, the smaller rate).
    pub best: Option<usize>,
    /// The rule behind `best` in words, with its numbers.
    pub best_rule: Option<String>,
    /// How the schedule followed from the constant rates.
    pub scheduled_choices: Vec<Choice>,
    /// The arms of the schedule, usually one.
    pub scheduled: Vec<Arm>,
    /// Each scheduled arm (a) against the best constant arm (b): test accuracy, then gap. The
    /// p-values are adjusted as one family.
    pub comparisons: Vec<Comparison>,
}

/// A learning-rate range test over several seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RangeTestFindings {
    /// Range tests with a record.
    pub n_runs: usize,
    /// Range tests without one.
    pub n_missing: usize,
    /// Loss against rate.
    pub curve: RangeCurve,
    /// Where the curve is lowest, where it rises, and the highest rate that follows.
    pub minimum: Option<RangeMinimum>,
    /// Why there is no minimum, if there is none.
    pub problem: Option<String>,
}

/// Smoothed loss against learning rate, on the rates that every range test reached.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RangeCurve {
    /// Learning rates, ascending.
    pub rates: Vec<f64>,
    /// Smoothed loss of the batch in nats at each rate, over seeds.
    pub losses: Vec<Estimate>,
    /// Weight of the past in the exponential moving average.
    pub smoothing: f64,
}

/// The lowest point of a range test's curve, and where it begins to rise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RangeMinimum {
    /// The rate at which the mean smoothed loss is lowest.
    pub rate: f64,
    /// That loss, in nats.
    pub loss: f64,
    /// The last rate from there on before the loss is more than `tolerance` above its minimum.
    pub edge: f64,
    /// How far above its minimum the loss may be at the edge, as a fraction.
    pub tolerance: f64,
    /// What the edge is divided by, to give the highest rate worth a run.
    pub divisor: f64,
    /// The highest rate worth a run, rounded to two significant digits.
    pub highest: f64,
}

/// Whether a constant rate was neither too high nor too low.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RateCheck {
    /// Label of the arm.
    pub label: String,
    /// The rate.
    pub rate: f64,
    /// Not too high: at least one run finished, none diverged, none collapsed.
    pub stable: bool,
    /// Not too low: the validation accuracy had levelled off. None without a finished run of
    /// at least two epochs.
    pub saturation: Option<Saturation>,
    /// Stable and saturated.
    pub passed: bool,
}

/// Whether the validation accuracy had levelled off at the end of the runs.
///
/// Of each finished run, a straight line is fitted to the validation accuracy over the last
/// third of the epochs; its rise from the window's first epoch to its last is the gain (at most
/// 1: fitted lines may leave the range of accuracies). An arm
/// is saturated if the mean gain over seeds is below the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Saturation {
    /// First epoch of the window.
    pub from: u32,
    /// Last epoch of the window, and of the run.
    pub to: u32,
    /// Rise of the fitted line over the window, as a fraction, over seeds.
    pub gain: Estimate,
    /// What the mean gain has to stay below.
    pub threshold: f64,
    /// Mean gain < threshold.
    pub saturated: bool,
}
