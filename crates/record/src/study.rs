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
    /// Which images, where they are not the published ones: see
    /// [`DataConfig::altered`](crate::DataConfig::altered).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub altered: Option<String>,
    /// The seeds of every group.
    #[serde(serialize_with = "seed::write_all", deserialize_with = "seed::read_all")]
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

/// Where a study of that name lives unless a folder is named: one whose images are replaced by
/// generated ones is another study.
#[must_use]
pub fn default_folder(name: &str, arguments: &[String]) -> String {
    let is_generated = arguments.iter().any(|argument| argument == "--data synthetic");
    // The preset `synthetic` has its data in its name already.
    let suffix = if is_generated && name != "synthetic" { "-synthetic" } else { "" };
    format!("plateau-out/{name}{suffix}")
}

impl StudyRecord {
    /// What its images are called.
    #[must_use]
    pub fn data_title(&self) -> String {
        self.data.title_of(self.altered.as_deref())
    }

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
    #[serde(serialize_with = "seed::write", deserialize_with = "seed::read")]
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

/// Seeds in TOML, whose numbers have 63 bits: larger seeds are texts of digits.
mod seed {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::units::Seed;

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(i64),
        Digits(String),
    }

    impl From<Seed> for Written {
        fn from(Seed(seed): Seed) -> Self {
            i64::try_from(seed).map_or_else(|_| Self::Digits(seed.to_string()), Self::Number)
        }
    }

    impl Written {
        fn seed<E: serde::de::Error>(&self) -> Result<Seed, E> {
            let seed = match self {
                Self::Number(number) => u64::try_from(*number).ok(),
                Self::Digits(digits) => digits.parse().ok(),
            };
            seed.map(Seed).ok_or_else(|| E::custom("a seed is a whole number from 0 to 2^64 - 1"))
        }
    }

    pub(super) fn write<S: Serializer>(seed: &Seed, serializer: S) -> Result<S::Ok, S::Error> {
        Written::from(*seed).serialize(serializer)
    }

    pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Seed, D::Error> {
        Written::deserialize(deserializer)?.seed::<D::Error>()
    }

    pub(super) fn write_all<S: Serializer>(
        seeds: &[Seed],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(seeds.iter().map(|seed| Written::from(*seed)))
    }

    pub(super) fn read_all<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Seed>, D::Error> {
        let written = Vec::<Written>::deserialize(deserializer)?;
        written.iter().map(Written::seed::<D::Error>).collect()
    }
}
