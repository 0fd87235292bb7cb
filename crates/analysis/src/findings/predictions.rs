//! What the final weights say about single test images.

use serde::Serialize;

use super::{Comparison, Estimate};

/// Calibration, per-class accuracy, and the mistakes that the models are surest of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PredictionFindings {
    /// Every arm whose runs were tested, in the order of the phases.
    pub arms: Vec<ArmPredictions>,
    /// The arms that are looked at closely, as positions in `arms`: the models of the
    /// gradient-flow experiment, or the best model.
    pub featured: Vec<usize>,
    /// Expected calibration error of the other featured arms (a) against the first (b): a
    /// family.
    pub comparisons: Vec<Comparison>,
    /// Mistakes of the best model.
    pub mistakes: Option<Mistakes>,
}

/// One arm's predictions, summarised over seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArmPredictions {
    /// Its label, as in its phase; `plain` for the plain model of the gradient-flow experiment.
    pub label: String,
    /// Its phase.
    pub phase: String,
    /// Accuracy on the test images.
    pub accuracy: Estimate,
    /// Mean confidence: the softmax probability of the predicted class.
    pub confidence: Estimate,
    /// Mean confidence minus accuracy: above 0, the model is surer than right.
    pub excess: Estimate,
    /// Expected calibration error: Σ nₖ/n |accuracyₖ − confidenceₖ| over [`N_BINS`] bins of
    /// equal width (Guo et al., 2017).
    pub calibration_error: Estimate,
    /// By confidence, ascending; bins without images are left out.
    pub bins: Vec<ReliabilityBin>,
    /// Accuracy on the test images of each class, in the order of the labels.
    pub classes: Vec<Estimate>,
}

/// Bins of a reliability diagram, of equal width between 0 and 1.
pub const N_BINS: usize = 15;

/// The test images whose prediction has a confidence within a bin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// Their mean confidence, over seeds.
    pub confidence: f64,
    /// Their accuracy; over the seeds that have images in this bin.
    pub accuracy: Estimate,
    /// Their share of all test images, over all seeds.
    pub share: f64,
}

/// Test images that an arm gets wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mistakes {
    /// The arm's label.
    pub label: String,
    /// Its tested runs.
    pub n_seeds: usize,
    /// Test images.
    pub n_images: usize,
    /// Images that at least one run gets wrong.
    pub n_by_any: usize,
    /// Images that every run gets wrong.
    pub n_by_all: usize,
    /// Images that every run gets wrong in the same way.
    pub n_alike: usize,
    /// Of the images that every run gets wrong, those with the highest mean confidence, the
    /// highest first; [`N_SUREST`] at most.
    pub surest: Vec<Mistake>,
}

/// Mistakes that are listed.
pub const N_SUREST: usize = 20;

/// A test image that every run of an arm gets wrong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mistake {
    /// Its position among the test images.
    pub image: usize,
    /// Its class.
    pub label: u8,
    /// What most runs take it for (of equals, the lowest class).
    pub predicted: u8,
    /// How many do.
    pub n_agreeing: usize,
    /// Mean confidence of the runs in what each of them takes it for.
    pub confidence: f64,
}
