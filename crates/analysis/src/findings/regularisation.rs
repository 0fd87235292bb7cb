//! Experiment: dropout rates, and transfer to the other half of the data.

use plateau_record::Choice;
use serde::Serialize;

use super::{Arm, Comparison, Estimate, Measure};

/// What the regularisation experiment found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegularisationFindings {
    /// Whether runs are still missing.
    pub preliminary: bool,
    /// What the settings of the dropout phase followed from.
    pub choices: Vec<Choice>,
    /// One arm per dropout rate, in the order of the study.
    pub arms: Vec<Arm>,
    /// Index of the arm without dropout.
    pub plain: Option<usize>,
    /// Index of the best non-zero arm: highest mean final validation accuracy, no run diverged
    /// or collapsed (of equals, the smaller rate).
    pub best: Option<usize>,
    /// The rule behind `best` in words, with its numbers.
    pub best_rule: Option<String>,
    /// Each non-zero arm (a) against the arm without dropout (b), in the order of the arms:
    /// test accuracy, then gap. One family with the transfer's comparisons.
    pub comparisons: Vec<Comparison>,
    /// Linear trends over the dropout rate: of test accuracy, then gap.
    pub trends: Vec<Trend>,
    /// The transfer to the other half, if the study has one and it is there.
    pub transfer: Option<TransferFindings>,
}

impl RegularisationFindings {
    /// The best non-zero rate against no dropout, by one measure.
    #[must_use]
    pub fn best_against_plain(&self, measure: Measure) -> Option<&Comparison> {
        let best = &self.arms.get(self.best?)?.label;
        self.comparisons.iter().find(|c| c.measure == measure && c.a == *best)
    }
}

/// A straight line fitted to a measure against the dropout rate, seed by seed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Trend {
    /// The measure.
    pub measure: Measure,
    /// Change of the measure per unit of dropout rate, over the seeds that finished at every
    /// rate.
    pub slope: Estimate,
}

/// Fully connected layers retrained on frozen convolutions, against all layers trained
/// together.
///
/// The validation half of a transferred run trained its frozen convolutions, so its validation
/// accuracy is too high and its generalisation gap too low: the test measures are the fair ones.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TransferFindings {
    /// Whether runs are still missing.
    pub preliminary: bool,
    /// How the dropout rates of the transfer followed.
    pub choices: Vec<Choice>,
    /// One entry per transferred model.
    pub pairs: Vec<TransferPair>,
}

/// A transferred model and its counterpart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TransferPair {
    /// The dropout rate of both.
    pub dropout: f64,
    /// The model with frozen convolutions.
    pub transferred: Arm,
    /// Index of the arm whose layers were trained together, in
    /// [`RegularisationFindings::arms`].
    pub together: Option<usize>,
    /// Transferred (a) against together (b): test accuracy, generalisation gap, test gap; empty
    /// without a counterpart. One family with the dropout rates' comparisons.
    pub comparisons: Vec<Comparison>,
}
