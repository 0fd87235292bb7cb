//! A convolutional block.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::module::{conv2d, max_pool2d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};
use plateau_record::Activation;

use crate::activation::activate;
use crate::batch_norm::BatchNorm;
use crate::init::Init;
use crate::mode::Mode;

/// Kernel side of every convolution.
pub const KERNEL: usize = 3;

/// 3×3 convolution, same padding → (batch norm) → activation → 2×2 max-pool.
#[derive(Module, Debug)]
pub struct ConvBlock {
    /// `[out, in, 3, 3]`.
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
        let (weight, bias) = init.layer(layer, [n_out, n_in, KERNEL, KERNEL], fan_in, n_out);
        Self { weight, bias, norm, activation }
    }

    /// # Shapes
    /// - input `[batch, in, height, width]`
    /// - output `[batch, out, height / 2, width / 2]`
    pub fn forward(&mut self, input: Tensor<4>, mode: Mode) -> Tensor<4> {
        let same = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
        // [batch, out, height, width]
        let x = conv2d(input, self.weight.val(), Some(self.bias.val()), same);
        let x = match &mut self.norm {
            Some(norm) => norm.forward(x, mode),
            None => x,
        };
        let x = activate(self.activation, x);
        // [batch, out, height / 2, width / 2]
        max_pool2d(x, MaxPoolOptions::new([2, 2]))
    }
}
