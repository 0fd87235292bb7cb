//! Experiment: the arms of any phase against its best.

use plateau_record::Choice;
use serde::Serialize;

use super::{Arm, Comparison};

/// What a sweep found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SweepFindings {
    /// Whether runs are still missing.
    pub preliminary: bool,
    /// The phase.
    pub phase: String,
    /// What its settings followed from.
    pub choices: Vec<Choice>,
    /// Its arms, in the order of the study.
    pub arms: Vec<Arm>,
    /// Index of the arm with the highest mean final validation accuracy, no run diverged or
    /// collapsed (of equals, the first).
    pub best: Option<usize>,
    /// Each other arm (a) against the best (b): test accuracy, then gap. One family.
    pub comparisons: Vec<Comparison>,
}
