//! The whole network.

use burn::module::{Module, Param, ParamId};
use burn::tensor::Tensor;
use plateau_record::{Activation, Concern, N_CLASSES, Network, ParameterKind, Seed};

use crate::batch_norm::BatchNorm;
use crate::convolution::{ConvBlock, ConvShape};
use crate::dense::{Dense, DenseShape};
use crate::dropout::{DropoutMasks, HeadShape};
use crate::init::Init;
use crate::layout::Inputs;
use crate::mode::Mode;
use crate::operators::{Backend, Border, Operators};

/// Colour channels of the input.
pub const INPUT_CHANNELS: usize = 3;

/// Convolutional blocks and fully connected layers.
#[derive(Module, Debug)]
pub struct Cnn {
    /// The blocks.
    pub features: Features,
    /// The fully connected layers.
    pub head: Head,
}

/// The convolutional blocks, in order.
#[derive(Module, Debug)]
pub struct Features {
    /// At least one.
    pub blocks: Vec<ConvBlock>,
    /// Whose operators compute.
    #[module(skip)]
    pub operators: Operators,
}

/// Hidden layer → (batch norm) → activation → output layer.
#[derive(Module, Debug)]
pub struct Head {
    /// `fc1`.
    pub hidden: Dense,
    /// Between hidden layer and activation, if any.
    pub norm: Option<BatchNorm>,
    /// `fc2`, which gives the logits.
    pub output: Dense,
    /// After the hidden layer.
    #[module(skip)]
    pub activation: Activation,
    /// Number of the hidden layer in the network, from 1.
    #[module(skip)]
    pub first_layer: usize,
    /// Whose operators compute.
    #[module(skip)]
    pub operators: Operators,
}

/// Identity of one layer's weights or biases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Number of the layer, from 1.
    pub layer: usize,
    /// Weights or biases.
    pub kind: ParameterKind,
    /// Under which burn keeps it.
    pub id: ParamId,
    /// Rank of its tensor: 4 for convolutions, 2 for matrices, 1 for biases.
    pub rank: usize,
}

impl Cnn {
    /// All layers from the seed.
    #[must_use]
    pub fn init(network: &Network, seed: Seed, backend: &Backend) -> Self {
        let init = Init { seed, concern: Concern::Initialisation, device: &backend.device };
        Self {
            features: Features::init(network, backend.operators, &init),
            head: Head::init(network, backend.operators, &init),
        }
    }

    /// # Shapes
    /// - images `[batch, 34, 34, 3]`, normalised, with borders of zeros
    /// - output: logits `[batch, 10]`
    pub fn forward(
        &mut self,
        images: Tensor<4>,
        masks: Option<DropoutMasks>,
        mode: Mode,
    ) -> Tensor<2> {
        let features = self.features.forward(images, mode); // [batch, features]
        self.head.forward(features, masks, mode) // [batch, 10]
    }

    /// What the first fully connected layer reads.
    #[must_use]
    pub(crate) fn feature_map(&self) -> Inputs {
        let n_in = self.head.hidden.weight.dims()[0];
        let channels = self.features.blocks.last().map_or(n_in, |block| block.bias.dims()[0]);
        Inputs { channels, pixels: n_in / channels }
    }

    /// Weights and biases of all layers, input side first. Batch norm's scale and shift are not
    /// among them.
    #[must_use]
    pub fn parameters(&self) -> Vec<Parameter> {
        let mut all = self.features.parameters();
        all.extend(self.head.parameters());
        all
    }
}

impl Features {
    /// All blocks from a random stream.
    #[must_use]
    pub fn init(network: &Network, operators: Operators, init: &Init<'_>) -> Self {
        let mut n_in = INPUT_CHANNELS;
        let blocks = network.channels.iter().enumerate().map(|(index, n_out)| {
            let n_out = *n_out as usize;
            let shape = ConvShape { layer: index + 1, n_in, n_out };
            n_in = n_out;
            let norm = network.batch_norm.then(|| BatchNorm::init(n_out, init));
            ConvBlock::init(shape, network.activation, norm, init)
        });
        Self { blocks: blocks.collect(), operators }
    }

    /// # Shapes
    /// - images `[batch, 34, 34, 3]`, normalised, with borders of zeros
    /// - output `[batch, features]`, in the order row, column, channel
    pub fn forward(&mut self, images: Tensor<4>, mode: Mode) -> Tensor<2> {
        let mut x = images;
        let n_blocks = self.blocks.len();
        for (index, block) in self.blocks.iter_mut().enumerate() {
            let border = if index + 1 < n_blocks { Border::Padded } else { Border::None };
            // [batch, side / 2 + 2, side / 2 + 2, channels], the last without the border
            x = block.forward(self.operators, x, mode, border);
        }
        x.flatten(1, 3) // [batch, side² · channels]
    }

    /// Weights and biases of all blocks, input side first.
    #[must_use]
    pub fn parameters(&self) -> Vec<Parameter> {
        let blocks = self.blocks.iter().enumerate();
        blocks.flat_map(|(index, block)| pair(index + 1, &block.weight, &block.bias)).collect()
    }
}

impl Head {
    /// Both layers from a random stream.
    #[must_use]
    pub fn init(network: &Network, operators: Operators, init: &Init<'_>) -> Self {
        let first_layer = network.channels.len() + 1;
        let n_hidden = network.hidden as usize;
        let inputs = feature_map(network);
        let hidden = DenseShape {
            layer: first_layer,
            inputs: [inputs.channels, inputs.pixels],
            n_out: n_hidden,
        };
        let output = DenseShape { layer: first_layer + 1, inputs: [n_hidden, 1], n_out: N_CLASSES };
        Self {
            hidden: Dense::init(hidden, init),
            norm: network.batch_norm.then(|| BatchNorm::init(n_hidden, init)),
            output: Dense::init(output, init),
            activation: network.activation,
            first_layer,
            operators,
        }
    }

    /// New layers for a transfer run: from the run's seed, yet not those its parent began with.
    #[must_use]
    pub fn reinit(network: &Network, seed: Seed, backend: &Backend) -> Self {
        let concern = Concern::Reinitialisation;
        Self::init(network, backend.operators, &Init { seed, concern, device: &backend.device })
    }

    /// # Shapes
    /// - features `[batch, features]`
    /// - output: logits `[batch, 10]`
    pub fn forward(
        &mut self,
        features: Tensor<2>,
        masks: Option<DropoutMasks>,
        mode: Mode,
    ) -> Tensor<2> {
        let (feature_mask, hidden_mask) = match masks {
            Some(masks) => (Some(masks.features), Some(masks.hidden)),
            None => (None, None),
        };
        let operators = self.operators;
        let x = match &mut self.norm {
            Some(norm) => {
                let x = self.hidden.forward(operators, features, feature_mask, None);
                norm.rows(operators, x, self.activation, mode)
            }
            None => {
                let activation = Some(self.activation);
                self.hidden.forward(operators, features, feature_mask, activation)
            }
        }; // [batch, hidden]
        self.output.forward(operators, x, hidden_mask, None) // [batch, 10]
    }

    /// Sizes that dropout masks need.
    #[must_use]
    pub fn shape(&self) -> HeadShape {
        let [n_features, n_hidden] = self.hidden.weight.dims();
        HeadShape { n_features, n_hidden }
    }

    /// Weights and biases of both layers.
    #[must_use]
    pub fn parameters(&self) -> Vec<Parameter> {
        let mut all = pair(self.first_layer, &self.hidden.weight, &self.hidden.bias).to_vec();
        all.extend(pair(self.first_layer + 1, &self.output.weight, &self.output.bias));
        all
    }
}

/// What the first fully connected layer reads.
pub(crate) fn feature_map(network: &Network) -> Inputs {
    let channels = network.channels.last().map_or(INPUT_CHANNELS, |n| *n as usize);
    Inputs { channels, pixels: network.n_features() as usize / channels }
}

fn pair<const D: usize>(
    layer: usize,
    weight: &Param<Tensor<D>>,
    bias: &Param<Tensor<1>>,
) -> [Parameter; 2] {
    [
        Parameter { layer, kind: ParameterKind::Weight, id: weight.id, rank: D },
        Parameter { layer, kind: ParameterKind::Bias, id: bias.id, rank: 1 },
    ]
}
