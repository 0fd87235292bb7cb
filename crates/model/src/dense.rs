//! A fully connected layer.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use plateau_record::Activation;

use crate::init::{Init, parameter};
use crate::layout::Inputs;
use crate::operators::{Affine, Operators, dense};

/// y = x·W + b.
///
/// Where x are the pixels of an image, they come pixel by pixel, all channels of each.
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
    /// Inputs: channels of each pixel, and pixels.
    pub inputs: [usize; 2],
    /// Outputs.
    pub n_out: usize,
}

impl Dense {
    /// Weights and biases from a random stream: see [`Init::layer`].
    #[must_use]
    pub fn init(shape: DenseShape, init: &Init<'_>) -> Self {
        let DenseShape { layer, inputs: [channels, pixels], n_out } = shape;
        let inputs = Inputs { channels, pixels };
        let n_in = inputs.len();
        let (weight, bias) = init.layer(layer, n_in * n_out, n_in, n_out);
        let weight = inputs.pixel_by_pixel(&weight, n_out);
        Self { weight: parameter(weight, [n_in, n_out], init.device), bias }
    }

    /// # Shapes
    /// - input and dropout mask `[batch, in]`
    /// - output `[batch, out]`
    #[must_use]
    pub fn forward(
        &self,
        operators: Operators,
        input: Tensor<2>,
        mask: Option<Tensor<2>>,
        activation: Option<Activation>,
    ) -> Tensor<2> {
        let affine = Affine { weight: self.weight.val(), bias: self.bias.val() };
        dense(operators, input, mask, affine, activation)
    }
}
