//! The resolved configuration of one run.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::units::{Epoch, Seed};

/// Everything that decides the outcome of one run. Two runs are the same run if and only if
/// their configurations are equal; [`RunConfig::id`] is a hash of it.
///
/// How a run is executed (threads, side by side, interrupted or not) is deliberately absent:
/// it never changes a bit of the result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Which images are trained on and validated on.
    pub data: DataConfig,
    /// The network.
    pub network: Network,
    /// Where the weights come from.
    pub start: Start,
    /// The rule that turns gradients into updates.
    pub optimizer: Optimizer,
    /// The learning rate over time.
    pub schedule: Schedule,
    /// Images per step. The last batch of an epoch may be smaller.
    pub batch_size: u32,
    /// Passes over the training images.
    pub epochs: Epoch,
    /// Seed of initialisation, order and dropout.
    pub seed: Seed,
    /// The back end that computes.
    pub device: Device,
}

impl RunConfig {
    /// The run's id: the first 16 hexadecimal digits of the SHA-256 of the configuration's
    /// JSON (field order as declared, numbers in shortest form).
    #[must_use]
    pub fn id(&self) -> RunId {
        let json = serde_json::to_vec(self).expect("a configuration is always representable");
        let digest = Sha256::digest(&json);
        let hex: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        RunId(hex)
    }

    /// Parameter updates per epoch: training images / batch size, rounded up, unless
    /// [`leaves_one_out`](Self::leaves_one_out).
    #[must_use]
    pub fn steps_per_epoch(&self) -> u64 {
        let all = self.data.split.train_images.div_ceil(self.batch_size.max(1));
        u64::from(all) - u64::from(self.leaves_one_out())
    }

    /// Whether the last image of each epoch's order is left out: batch normalisation can't be
    /// trained on a batch of one, which has no variance. It is another image in each epoch.
    #[must_use]
    pub fn leaves_one_out(&self) -> bool {
        let (images, batch) = (self.data.split.train_images, self.batch_size.max(1));
        self.network.batch_norm && images > batch && batch > 1 && images % batch == 1
    }

    /// Parameter updates of the whole run.
    #[must_use]
    pub fn total_steps(&self) -> u64 {
        self.steps_per_epoch() * u64::from(self.epochs.0)
    }
}

/// Identity of a run: a hash of its configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub String);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A data set by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataSet {
    /// CIFAR-10 (Krizhevsky, 2009): 50,000 training and 10,000 test images, 32×32 RGB.
    Cifar10,
    /// A generated ten-class set of the same shape, for tests and machines without a network.
    Synthetic,
}

impl DataSet {
    /// The name shown on figures and tables.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Cifar10 => "CIFAR-10",
            Self::Synthetic => "synthetic data",
        }
    }

    /// The same, of images that may be others than the published ones.
    #[must_use]
    pub fn title_of(self, altered: Option<&str>) -> String {
        match altered {
            None => self.title().to_owned(),
            Some(id) => format!("{}, altered ({})", self.title(), id.get(..8).unwrap_or(id)),
        }
    }
}

/// Which images a run trains on and validates on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// The data set.
    pub set: DataSet,
    /// How its training images are divided.
    pub split: Split,
    /// Of images that are not the published ones, such as a copy with other labels: the MD5 of
    /// their files' MD5s. None for the published ones, so that these have the ids they always had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub altered: Option<String>,
}

/// A seeded, class-balanced division of the training images into two parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Seed of the division; the same for all runs that are compared.
    pub seed: Seed,
    /// Which part trains and which validates.
    pub scheme: SplitScheme,
    /// Number of training images.
    pub train_images: u32,
    /// Number of validation images.
    pub validation_images: u32,
}

impl Split {
    /// How many training images the training metrics are measured on: as many as the
    /// validation images or 5,000, whichever is smaller, at most all of them.
    #[must_use]
    pub fn train_metric_images(&self) -> u32 {
        self.validation_images.min(5_000).min(self.train_images)
    }
}

/// Which part of the seeded, class-balanced sequence of training images serves what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitScheme {
    /// Train on the first images of the sequence, validate on the last.
    Holdout,
    /// Train on half A (the first half of the sequence), validate on half B.
    TrainOnA,
    /// Train on half B, validate on half A.
    TrainOnB,
}

/// The network: blocks of [3×3 convolution, same padding → (batch norm) → activation → 2×2
/// max-pool], then a hidden fully connected layer and the output layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Output channels of each convolutional block.
    pub channels: Vec<u32>,
    /// Units of the hidden fully connected layer.
    pub hidden: u32,
    /// Activation after each hidden layer.
    pub activation: Activation,
    /// Dropout rate on the inputs of both fully connected layers, in [0, 1).
    pub dropout: f64,
    /// Batch normalisation in each hidden layer, before the activation.
    pub batch_norm: bool,
}

impl Network {
    /// Layers with weights: the convolutions, the hidden layer and the output layer.
    #[must_use]
    pub fn n_layers(&self) -> usize {
        self.channels.len() + 2
    }

    /// Side length of the feature maps after the last block, of a 32×32 image.
    #[must_use]
    pub fn final_side(&self) -> u32 {
        32 >> self.channels.len()
    }

    /// Inputs of the first fully connected layer.
    #[must_use]
    pub fn n_features(&self) -> u32 {
        self.channels.last().copied().unwrap_or(3) * self.final_side() * self.final_side()
    }

    /// Names of the layers with weights, in order: `conv1` … `fc1`, `fc2`.
    #[must_use]
    pub fn layer_names(&self) -> Vec<String> {
        let convolutions = (1..=self.channels.len()).map(|i| format!("conv{i}"));
        convolutions.chain(["fc1".to_owned(), "fc2".to_owned()]).collect()
    }
}

/// Batch normalisation's ε, added to the variance (PyTorch's default).
pub const BATCH_NORM_EPSILON: f64 = 1e-5;

/// Share of the old value that batch normalisation's running statistics keep at each step:
/// PyTorch's `momentum=0.1` is a decay of 0.9.
pub const RUNNING_STAT_DECAY: f64 = 0.9;

/// A learning-rate range test ends early once a batch's loss exceeds this multiple of the lowest
/// smoothed loss.
pub const RANGE_TEST_STOP_FACTOR: f64 = 4.0;

/// Weight of the past in the running mean of the loss that this rule looks at.
pub const RANGE_TEST_DECAY: f64 = 0.9;

/// The non-linearity after each hidden layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// max(0, x).
    Relu,
    /// x for x > 0, else 0.01·x.
    LeakyRelu,
    /// Hyperbolic tangent.
    Tanh,
}

/// Where the weights of a run come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Start {
    /// All layers are initialised from the run's seed.
    Fresh,
    /// The convolutional blocks are copied from another run's final weights and frozen; the
    /// fully connected layers are initialised anew from the run's seed.
    Transfer {
        /// The run whose convolutional weights are taken.
        parent: RunId,
    },
}

/// The rule that turns gradients into updates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Optimizer {
    /// Stochastic gradient descent with heavy-ball momentum, without dampening:
    /// v ← μ·v + g + λ·w, w ← w − η·v.
    Sgd {
        /// μ, in [0, 1).
        momentum: f64,
        /// λ, the L2 penalty; 0 for none.
        weight_decay: f64,
    },
    /// Adam (Kingma & Ba, 2015).
    Adam {
        /// Decay of the first moment's mean.
        beta_1: f64,
        /// Decay of the second moment's mean.
        beta_2: f64,
        /// Added to the denominator.
        epsilon: f64,
    },
}

/// The learning rate over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The learning rate at the first step.
    pub rate: f64,
    /// How it goes on from there.
    pub shape: ScheduleShape,
}

/// The course of the learning rate, relative to its start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ScheduleShape {
    /// The same rate at every step.
    Constant,
    /// Cosine decay to zero over the run, by step (Loshchilov & Hutter, 2017, without
    /// restarts).
    Cosine,
    /// Multiplied by `factor` every `every` epochs.
    Step {
        /// Epochs between two changes.
        every: Epoch,
        /// What the rate is multiplied by, in (0, 1).
        factor: f64,
    },
    /// Learning-rate range test (Smith, 2017): exponential growth to `to` over the run, which
    /// ends early once the loss has grown far above its minimum.
    RangeTest {
        /// The learning rate at the last step.
        to: f64,
    },
}

/// The back end that computes a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// A GPU by wgpu (needs the cargo feature `wgpu`).
    Wgpu,
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn baseline() -> RunConfig {
        RunConfig {
            data: DataConfig {
                set: DataSet::Cifar10,
                split: Split {
                    seed: Seed(0),
                    scheme: SplitScheme::Holdout,
                    train_images: 45_000,
                    validation_images: 5_000,
                },
                altered: None,
            },
            network: Network {
                channels: vec![32, 64, 128],
                hidden: 256,
                activation: Activation::Relu,
                dropout: 0.0,
                batch_norm: false,
            },
            start: Start::Fresh,
            optimizer: Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 },
            schedule: Schedule { rate: 0.03, shape: ScheduleShape::Cosine },
            batch_size: 128,
            epochs: Epoch(15),
            seed: Seed(0),
            device: Device::Cpu,
        }
    }

    #[test]
    fn id_is_stable_across_releases_and_differs_by_any_field() {
        let config = baseline();
        // Pinned: a change of this value orphans every stored run.
        assert_eq!(config.id().0, "20c095e9a83ef8fa");
        let mut other = config.clone();
        other.seed = Seed(1);
        assert_ne!(other.id(), config.id());
    }

    #[test]
    fn configuration_survives_json() {
        let config = baseline();
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<RunConfig>(&json).unwrap(), config);
    }

    #[test]
    fn baseline_has_2048_features_and_352_steps() {
        assert_eq!(baseline().network.n_features(), 2048);
        assert_eq!(baseline().steps_per_epoch(), 352);
    }

    #[test]
    fn batch_norm_leaves_out_a_last_batch_of_one_and_nothing_else() {
        let mut config = baseline();
        for (images, batch, batch_norm, steps) in [
            (1000, 3, false, 334),
            (1000, 3, true, 333),
            (1001, 3, true, 334),
            (1000, 1, true, 1000),
            (1, 3, true, 1),
            (3, 3, true, 1),
            (4, 3, true, 1),
        ] {
            config.data.split.train_images = images;
            config.batch_size = batch;
            config.network.batch_norm = batch_norm;
            assert_eq!(config.steps_per_epoch(), steps, "{images} {batch} {batch_norm}");
        }
    }

    #[test]
    fn altered_data_make_other_runs() {
        let published = baseline();
        let mut altered = baseline();
        altered.data.altered = Some("0123".to_owned());
        assert_ne!(altered.id(), published.id());
        let json = serde_json::to_string(&altered).unwrap();
        assert_eq!(serde_json::from_str::<RunConfig>(&json).unwrap(), altered);
    }
}
