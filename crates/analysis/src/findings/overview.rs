//! What all experiments of a study share.

use plateau_record::{DataSet, Epoch, RunId, Schedule, Seed, Step};
use serde::Serialize;

use super::{Arm, FinalMetrics, SeedStatus};

/// What was studied, and how much of it is there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StudySummary {
    /// Short name.
    pub name: String,
    /// One line for the report's head.
    pub title: String,
    /// The data set of all runs.
    pub data: DataSet,
    /// Which images, where they are not the published ones: the MD5 of their files' MD5s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub altered: Option<String>,
    /// Whether the data are generated: numbers that say nothing about images.
    pub synthetic: bool,
    /// Whether phases or runs are missing.
    pub preliminary: bool,
    /// The seeds of every group.
    pub seeds: Vec<Seed>,
    /// Phases that wait for another's result.
    pub pending: Vec<String>,
    /// Distinct runs that the resolved phases name.
    pub n_runs: usize,
    /// Those with a stored record.
    pub n_stored: usize,
    /// Wall time of the stored runs, summed.
    pub seconds: f64,
}

impl StudySummary {
    /// What the data are called wherever they are named.
    #[must_use]
    pub fn data_title(&self) -> String {
        let altered = if self.altered.is_some() { ", altered" } else { "" };
        format!("{}{altered}", self.data.title())
    }

    /// The same where figures and tables have to say it: of data that are not the published ones.
    #[must_use]
    pub fn data_mark(&self) -> Option<String> {
        (self.synthetic || self.altered.is_some()).then(|| self.data_title())
    }
}

/// What has no result yet.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Missing {
    /// A phase that is not resolved, or that the study does not have.
    Phase {
        /// Its name.
        phase: String,
        /// Whether it waits for another phase's result.
        pending: bool,
    },
    /// A run without a record, or with a record that lacks its final metrics.
    Run {
        /// The run.
        run: RunId,
        /// The first phase that names it.
        phase: String,
        /// Label of its arm in that phase.
        label: String,
        /// Its seed.
        seed: Seed,
    },
}

/// A run that ended without having learned.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// The run.
    pub run: RunId,
    /// The first phase that names it.
    pub phase: String,
    /// Label of its arm in that phase.
    pub label: String,
    /// Its seed.
    pub seed: Seed,
    /// What happened.
    pub kind: FailureKind,
}

/// What happened to a failed run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FailureKind {
    /// The loss was no longer finite.
    Diverged {
        /// The epoch under way, from 1.
        epoch: Epoch,
        /// The step, from 1.
        step: Step,
    },
    /// The final training loss is that of guessing.
    Collapsed {
        /// That loss, in nats.
        train_loss: f64,
    },
}

/// A line of the report's appendix.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunSummary {
    /// The run.
    pub run: RunId,
    /// All phases that name it.
    pub phases: Vec<String>,
    /// Label of its arm in the first of them.
    pub label: String,
    /// Its seed.
    pub seed: Seed,
    /// The learning rate over time.
    pub schedule: Schedule,
    /// Dropout rate.
    pub dropout: f64,
    /// With batch normalisation or not.
    pub batch_norm: bool,
    /// Convolutions taken from another run and frozen, or all layers trained.
    pub transfer: bool,
    /// Whether it is a learning-rate range test, which has no final metrics.
    pub range_test: bool,
    /// Passes over the training images.
    pub epochs: Epoch,
    /// How it ended.
    pub status: SeedStatus,
    /// What it reached.
    pub finals: Option<FinalMetrics>,
    /// Wall time.
    pub seconds: Option<f64>,
}

/// The arm with the highest mean final validation accuracy (of equals, the first). Only arms
/// whose runs all finished are eligible, and no transferred ones: their validation images
/// trained the frozen convolutions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BestModel {
    /// The arm.
    pub arm: Arm,
    /// `confusion[label][prediction]`: test images, summed over seeds; 10×10.
    pub confusion: Vec<Vec<u64>>,
    /// One entry per class, in the order of the labels.
    pub classes: Vec<ClassResult>,
}

/// How well one class is recognised, summed over seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClassResult {
    /// The label, from 0.
    pub class_idx: usize,
    /// Test images of that class, times seeds.
    pub n_images: u64,
    /// Fraction of them that are predicted as such; none without images.
    pub recall: Option<f64>,
    /// Fraction of the predictions of that class that are right; none without predictions.
    pub precision: Option<f64>,
    /// The class it is most often mistaken for, and how many times; none without mistakes.
    pub most_confused_with: Option<(usize, u64)>,
}
