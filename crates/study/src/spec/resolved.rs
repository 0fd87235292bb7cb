//! The study with everything filled in and checked. Only other phases' results are open.

use plateau_record::{
    Activation, DataSet, Device, Epoch, ExperimentRecord, Optimizer, ScheduleShape, Seed, Split,
};

/// A study that can be planned: every phase has all its settings, every name refers to a phase
/// of the right sort, and no phase waits for itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    /// Short name, of letters, digits and hyphens.
    pub name: String,
    /// One line for the report's head.
    pub title: String,
    /// The data set of all runs.
    pub data: DataSet,
    /// Which images, where they are not the published ones.
    pub altered: Option<String>,
    /// The back end of all runs.
    pub device: Device,
    /// The seeds of every group.
    pub seeds: Vec<Seed>,
    /// Whether its runs were shortened from outside, so that what it is about may not show in them:
    /// then what follows from results is chosen all the same, and says so.
    pub is_shortened: bool,
    /// What was changed in the file, as arguments of the program.
    pub arguments: Vec<String>,
    /// In the order of the file.
    pub phases: Vec<Phase>,
    /// The questions, in the order of the report.
    pub experiments: Vec<ExperimentRecord>,
}

impl Study {
    /// What its images are called.
    #[must_use]
    pub fn data_title(&self) -> String {
        self.data.title_of(self.altered.as_deref())
    }

    /// The phase of that name.
    #[must_use]
    pub fn phase(&self, name: &str) -> Option<&Phase> {
        self.phases.iter().find(|phase| phase.name == name)
    }
}

/// Runs that differ in the seed, and in learning rate, dropout rate or batch norm: one group
/// per combination of these, one run per seed in each.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// Its name in the file.
    pub name: String,
    /// Which images.
    pub split: Split,
    /// Output channels of each convolutional block.
    pub channels: Vec<u32>,
    /// Units of the hidden fully connected layer.
    pub hidden: u32,
    /// Activation after each hidden layer.
    pub activation: Activation,
    /// Images per step.
    pub batch_size: u32,
    /// Passes over the training images.
    pub epochs: Epoch,
    /// The rule that turns gradients into updates.
    pub optimizer: Optimizer,
    /// The seeds of its groups: the study's, or the first few of them for a range test.
    pub seeds: Vec<Seed>,
    /// Learning rates at the first step.
    pub rates: Rates,
    /// How they go on from there.
    pub shape: ScheduleShape,
    /// Dropout rates.
    pub dropouts: Vec<Dropout>,
    /// With or without batch normalisation.
    pub batch_norms: Vec<bool>,
    /// The phase whose convolutions are taken, each from the run with the same seed, dropout
    /// rate and batch norm.
    pub transfer_from: Option<String>,
}

impl Phase {
    /// Whether its runs are learning-rate range tests.
    #[must_use]
    pub fn is_range_test(&self) -> bool {
        matches!(self.shape, ScheduleShape::RangeTest { .. })
    }

    /// Updates of one of its runs.
    #[must_use]
    pub fn n_steps(&self) -> u64 {
        let per_epoch = self.split.train_images.div_ceil(self.batch_size.max(1));
        u64::from(per_epoch) * u64::from(self.epochs.0)
    }

    /// Number of groups it asks for.
    #[must_use]
    pub fn n_groups(&self) -> usize {
        self.rates.len().saturating_mul(self.dropouts.len()).saturating_mul(self.batch_norms.len())
    }

    /// Number of runs it asks for: groups × seeds.
    #[must_use]
    pub fn n_runs(&self) -> usize {
        self.n_groups().saturating_mul(self.seeds.len())
    }
}

/// The learning rates of a phase.
#[derive(Clone, Debug, PartialEq)]
pub enum Rates {
    /// As written.
    Given(Vec<f64>),
    /// `count` rates, each `factor` times the one before, that a range test proposes.
    ProposedBy {
        /// The phase of range tests.
        phase: String,
        /// How many.
        count: u32,
        /// Ratio of neighbours.
        factor: f64,
    },
    /// `times` the best constant rate, at most the largest stable one.
    BestOf {
        /// The phase of constant rates.
        phase: String,
        /// Factor on the best rate.
        times: f64,
    },
    /// The rate of another phase.
    SameAs {
        /// That phase, which has one rate.
        phase: String,
    },
}

impl Rates {
    /// How many there are or will be.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a phase has one rate at least")]
    pub fn len(&self) -> usize {
        match self {
            Self::Given(rates) => rates.len(),
            Self::ProposedBy { count, .. } => *count as usize,
            Self::BestOf { .. } | Self::SameAs { .. } => 1,
        }
    }

    /// The phase they follow from, if they aren't given.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        match self {
            Self::Given(_) => None,
            Self::ProposedBy { phase, .. }
            | Self::BestOf { phase, .. }
            | Self::SameAs { phase } => Some(phase),
        }
    }
}

/// A dropout rate of a phase.
#[derive(Clone, Debug, PartialEq)]
pub enum Dropout {
    /// As written.
    Given(f64),
    /// The rate with the best validation results among those above `above`.
    BestOf {
        /// The phase of dropout rates.
        phase: String,
        /// Only rates above this one are looked at.
        above: f64,
    },
}

impl Dropout {
    /// The phase it follows from, if it isn't given.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        match self {
            Self::Given(_) => None,
            Self::BestOf { phase, .. } => Some(phase),
        }
    }
}
