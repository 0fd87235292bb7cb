//! A fully connected layer.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::module::linear;

use crate::init::Init;

/// y = x·W + b.
#[derive(Module, Debug)]
pub struct Dense {
    /// `[in, out]`: the transpose of PyTorch's.
    pub weight: Param<Tensor<2>>,
    /// `[out]`.
    pub bias: Param<Tensor<1>>,
}

/// What a fully connected layer is made of.
#[derive(Clone, Copy, Debug)]
pub struct DenseShape {
    /// Number of the layer, from 1.
    pub layer: usize,
    /// Inputs.
    pub n_in: usize,
    /// Outputs.
    pub n_out: usize,
}

impl Dense {
    /// Weights and biases from a random stream: see [`Init::layer`].
    #[must_use]
    pub fn init(shape: DenseShape, init: &Init<'_>) -> Self {
        let DenseShape { layer, n_in, n_out } = shape;
        let (weight, bias) = init.layer(layer, [n_in, n_out], n_in, n_out);
        Self { weight, bias }
    }

    /// # Shapes
    /// - input `[batch, in]`
    /// - output `[batch, out]`
    #[must_use]
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        linear(input, self.weight.val(), Some(self.bias.val()))
    }
}
