//! Which runs belong to which question: the resolved study, stored as `study.toml`.

use serde::{Deserialize, Serialize};

use crate::config::{DataSet, RunId, Schedule};
use crate::units::{Epoch, Seed};

/// A study with all its references resolved: what the report is made from, beside the runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyRecord {
    /// Version of the stored format.
    pub format: u32,
    /// Short name, of letters, digits and hyphens.
    pub name: String,
    /// One line for the report's head.
    pub title: String,
    /// The data set of all its runs.
    pub data: DataSet,
    /// The seeds of every group.
    pub seeds: Vec<Seed>,
    /// What the command line changed in the study file, as arguments: `--seeds 2`.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Names of phases that wait for another's result.
    pub pending: Vec<String>,
    /// Stored runs that no phase asks for: those of an earlier version of the study file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<RunId>,
    /// The experiments to analyse, in the order of the report.
    pub experiments: Vec<ExperimentRecord>,
    /// Phases in the order of the study file.
    pub phases: Vec<PhaseRecord>,
}

impl StudyRecord {
    /// The phase of that name, if it is resolved.
    #[must_use]
    pub fn phase(&self, name: &str) -> Option<&PhaseRecord> {
        self.phases.iter().find(|phase| phase.name == name)
    }
}

/// Runs that differ in one setting and in the seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseRecord {
    /// Its name in the study file.
    pub name: String,
    /// What was derived from other phases' results, and how.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// One group per value of what varies, in the order of the values.
    pub groups: Vec<Group>,
}

/// A setting that followed from results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The setting: `rate` or `dropout`.
    pub setting: String,
    /// What was chosen.
    pub values: Vec<f64>,
    /// The phase whose results it follows from.
    pub from: String,
    /// The rule in words, with its numbers.
    pub rule: String,
}

/// Runs that are equal except for the seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The learning rate over time.
    pub schedule: Schedule,
    /// Dropout rate.
    pub dropout: f64,
    /// With batch normalisation or not.
    pub batch_norm: bool,
    /// Convolutions taken from another run and frozen, or all layers trained.
    pub transfer: bool,
    /// Passes over the training images.
    pub epochs: Epoch,
    /// One run per seed.
    pub runs: Vec<GroupRun>,
}

/// One run of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRun {
    /// Its seed.
    pub seed: Seed,
    /// Its folder under `runs/`.
    pub id: RunId,
}

/// What is to be analysed, and which phases play which part in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ExperimentRecord {
    /// Constant learning rates against a schedule.
    LearningRate {
        /// Phase of learning-rate range tests, if any.
        range_test: Option<String>,
        /// Phase of constant rates.
        constant: String,
        /// Phase of the schedule that lowers the rate.
        scheduled: Option<String>,
    },
    /// Dropout rates, and transfer to the other half of the data.
    Regularisation {
        /// Phase of dropout rates, one of them 0.
        dropout: String,
        /// Phase with frozen convolutions on swapped halves.
        transfer: Option<String>,
    },
    /// Gradients by layer, for a plain model, one with dropout and one with batch norm.
    GradientFlow {
        /// Phase of dropout rates: gives the plain model and the best non-zero rate.
        dropout: String,
        /// Phase of the model with batch norm and without dropout.
        batch_norm: String,
    },
    /// Any phase by itself: its values against each other.
    Sweep {
        /// The phase.
        phase: String,
    },
}
