//! What a study found: the types that the report is written from.
//!
//! Numbers in here are always finite; what could not be computed is an absent value with its
//! reason. Accuracies and gaps are fractions in [0, 1], not per cent.
//!
//! # Layout
//! - [`estimate`]: [`Estimate`] of a mean over seeds, and [`Curve`]s of them
//! - [`arm`]: [`Arm`], the runs that differ only by the seed
//! - [`comparison`]: [`Comparison`] of two arms by a paired test
//! - [`learning_rate`], [`regularisation`], [`gradient_flow`], [`sweep`]: one experiment each
//! - [`predictions`]: calibration, classes, mistakes; [`power`]: how many seeds it takes
//! - [`overview`]: what all experiments share: the study, its runs, its best model

pub mod arm;
pub mod comparison;
pub mod estimate;
pub mod gradient_flow;
pub mod learning_rate;
pub mod overview;
pub mod power;
pub mod predictions;
pub mod regularisation;
pub mod sweep;

use plateau_record::Provenance;
use serde::Serialize;

pub use arm::{Arm, FinalEstimates, FinalMetrics, SeedResult, SeedStatus, Setting};
pub use comparison::{Comparison, Measure, PairMeans, PairedTest, TestOutcome, Untestable};
pub use estimate::{Curve, Estimate, Interval, LearningCurves};
pub use gradient_flow::{
    GradientComparison, GradientFlowFindings, GradientModel, GradientProfile, GradientSummary,
    HeatMap, Layer, ModelRole, Window, WindowKind,
};
pub use learning_rate::{
    LearningRateFindings, RangeCurve, RangeMinimum, RangeTestFindings, RateCheck, Saturation,
};
pub use overview::{
    BestModel, ClassResult, Failure, FailureKind, Missing, RunSummary, StudySummary,
};
pub use power::{PowerEntry, PowerFindings};
pub use predictions::{
    ArmPredictions, Mistake, Mistakes, N_BINS, N_SUREST, PredictionFindings, ReliabilityBin,
};
pub use regularisation::{RegularisationFindings, TransferFindings, TransferPair, Trend};
pub use sweep::SweepFindings;

/// All that a study's records say.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Findings {
    /// What was studied, and how much of it is there.
    pub study: StudySummary,
    /// One entry per experiment of the study, in its order.
    pub experiments: Vec<ExperimentFindings>,
    /// The arm with the highest mean final validation accuracy, over all phases.
    pub best_model: Option<BestModel>,
    /// Calibration, per-class accuracy and mistakes; none if no run was tested.
    pub predictions: Option<PredictionFindings>,
    /// How many seeds the comparisons would have needed.
    pub power: PowerFindings,
    /// Phases and runs without a result.
    pub missing: Vec<Missing>,
    /// Runs that diverged or collapsed.
    pub failures: Vec<Failure>,
    /// Every run that the study names, once, in the order of its phases.
    pub runs: Vec<RunSummary>,
    /// The distinct provenances of all runs, in the order of first appearance.
    pub provenances: Vec<Provenance>,
}

/// What one experiment found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ExperimentFindings {
    /// Constant learning rates against a schedule.
    LearningRate(LearningRateFindings),
    /// Dropout rates, and transfer to the other half of the data.
    Regularisation(RegularisationFindings),
    /// Gradients by layer, for a plain model, one with dropout and one with batch norm.
    GradientFlow(GradientFlowFindings),
    /// One phase by itself.
    Sweep(SweepFindings),
}

impl ExperimentFindings {
    /// Whether runs that the experiment needs are still missing.
    #[must_use]
    pub fn preliminary(&self) -> bool {
        match self {
            Self::LearningRate(findings) => findings.preliminary,
            Self::Regularisation(findings) => findings.preliminary,
            Self::GradientFlow(findings) => findings.preliminary,
            Self::Sweep(findings) => findings.preliminary,
        }
    }

    /// Its comparisons of test accuracy and gaps, in the order of the report.
    #[must_use]
    pub fn comparisons(&self) -> Vec<&Comparison> {
        match self {
            Self::LearningRate(findings) => findings.comparisons.iter().collect(),
            Self::Regularisation(findings) => {
                let pairs = findings.transfer.iter().flat_map(|transfer| &transfer.pairs);
                let transferred = pairs.flat_map(|pair| &pair.comparisons);
                findings.comparisons.iter().chain(transferred).collect()
            }
            Self::GradientFlow(findings) => findings.performance.iter().collect(),
            Self::Sweep(findings) => findings.comparisons.iter().collect(),
        }
    }
}
