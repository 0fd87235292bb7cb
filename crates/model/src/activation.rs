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

/// The factor by which initial weights make up for the activation's loss of variance
/// (He et al., 2015, eq. 10 and 14; for tanh the usual 5/3).
#[must_use]
pub fn gain(kind: Activation) -> f64 {
    match kind {
        Activation::Relu => std::f64::consts::SQRT_2,
        Activation::LeakyRelu => (2.0 / (1.0 + LEAKY_SLOPE * LEAKY_SLOPE)).sqrt(),
        Activation::Tanh => 5.0 / 3.0,
    }
}
