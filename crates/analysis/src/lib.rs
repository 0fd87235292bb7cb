//! What a study's records say: summaries, intervals, paired tests, curves.
//!
//! Records in, findings out; nothing else goes in or out. Settings are chosen by validation
//! data alone; test data only judge what was chosen.
//!
//! # Layout
//! - [`findings()`]: from a study and its runs to [`Findings`]
//! - [`findings`](mod@findings): the types of the findings
//! - [`choose`]: settings that follow from results, by written rules
//! - [`stats`]: intervals and tests
//! - [`number`]: numbers as people read them
//! - [`outcome`]: when a run counts as collapsed

mod analyse;
pub mod choose;
pub mod findings;
pub mod number;
pub mod outcome;
pub mod stats;

pub use analyse::findings;

pub use findings::{
    Arm, ArmPredictions, BestModel, ClassResult, Comparison, Curve, Estimate, ExperimentFindings,
    Failure, FailureKind, FinalEstimates, FinalMetrics, Findings, GradientComparison,
    GradientFlowFindings, GradientModel, GradientProfile, GradientSummary, HeatMap, Interval,
    Layer, LearningCurves, LearningRateFindings, Measure, Missing, Mistake, Mistakes, ModelRole,
    N_BINS, PairMeans, PairedTest, PowerEntry, PowerFindings, PredictionFindings, RangeCurve,
    RangeMinimum, RangeTestFindings, RateCheck, RegularisationFindings, ReliabilityBin, RunSummary,
    Saturation, SeedResult, SeedStatus, Setting, StudySummary, SweepFindings, TestOutcome,
    TransferFindings, TransferPair, Trend, Untestable, Window, WindowKind,
};
