//! The non-linearity after each hidden layer.

use burn::tensor::{Tensor, activation};
use plateau_record::Activation;

/// Slope of the leaky ReLU for negative inputs (Maas et al., 2013; PyTorch's default).
pub const LEAKY_SLOPE: f64 = 0.01;

/// Applies the activation to each element.
#[must_use]
pub fn activate<const D: usize>(kind: Activation, input: Tensor<D>) -> Tensor<D> {
    match kind {
        Activation::Relu => activation::relu(input),
        Activation::LeakyRelu => activation::leaky_relu(input, LEAKY_SLOPE),
        Activation::Tanh => activation::tanh(input),
    }
}
