//! A convolutional block.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use plateau_record::Activation;

use crate::batch_norm::BatchNorm;
use crate::init::{Init, parameter};
use crate::layout;
use crate::mode::Mode;
use crate::operators::{Border, Convolution, Operators, conv_block};

/// Kernel side of every convolution.
pub const KERNEL: usize = 3;

/// 3×3 convolution, same padding → (batch norm) → activation → 2×2 max-pool.
#[derive(Module, Debug)]
pub struct ConvBlock {
    /// `[out, 3, 3, in]`.
    pub weight: Param<Tensor<4>>,
    /// `[out]`. Under batch norm it has no effect and a zero gradient; it is kept so that both
    /// networks have the same layers.
    pub bias: Param<Tensor<1>>,
    /// Between convolution and activation, if any.
    pub norm: Option<BatchNorm>,
    /// After the convolution or the batch norm.
    #[module(skip)]
    pub activation: Activation,
}

/// What a block is made of.
#[derive(Clone, Copy, Debug)]
pub struct ConvShape {
    /// Number of the layer, from 1.
    pub layer: usize,
    /// Input channels.
    pub n_in: usize,
    /// Output channels.
    pub n_out: usize,
}

impl ConvBlock {
    /// Weights and biases from a random stream: see [`Init::layer`].
    #[must_use]
    pub fn init(
        shape: ConvShape,
        activation: Activation,
        norm: Option<BatchNorm>,
        init: &Init<'_>,
    ) -> Self {
        let ConvShape { layer, n_in, n_out } = shape;
        let fan_in = n_in * KERNEL * KERNEL;
        let (weight, bias) = init.layer(layer, n_out * fan_in, fan_in, n_out);
        let weight = layout::channels_last(&weight, n_out, n_in);
        let weight = parameter(weight, [n_out, KERNEL, KERNEL, n_in], init.device);
        Self { weight, bias, norm, activation }
    }

    /// # Shapes
    /// - input `[batch, height + 2, width + 2, in]`
    /// - output `[batch, height / 2, width / 2, out]`, and what the border adds
    pub fn forward(
        &mut self,
        operators: Operators,
        input: Tensor<4>,
        mode: Mode,
        border: Border,
    ) -> Tensor<4> {
        let convolution = Convolution { weight: self.weight.val(), bias: self.bias.val() };
        match &mut self.norm {
            Some(norm) => {
                norm.conv_block(operators, input, convolution, (self.activation, border), mode)
            }
            None => conv_block(operators, input, convolution, self.activation, border),
        }
    }
}
