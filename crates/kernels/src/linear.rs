//! The fully connected layer, `y = x·W + b`, then ReLU or nothing, and its backward pass.
//!
//! # Threads
//! The caller cuts the work; the bits never depend on the cuts. [`forward`] and
//! [`input_gradient`] work image by image: hand each worker some images. [`weight_gradient`]
//! sums over the whole batch in order, for some of the layer's inputs: hand each worker some
//! rows of the gradient. So no worker needs a gradient of its own, and nothing is reduced.

use std::ops::Range;

use crate::simd::{CHUNK, Chunks, Isa, Kernel, Simd};
use crate::sparse::{Dense, Sparse, Start, product};

/// What follows the affine map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Nothing: the outputs are logits.
    Identity,
    /// `max(y, 0)`; NaN stays NaN.
    Relu,
}

/// The layer's parameters.
#[derive(Clone, Copy, Debug)]
pub struct Parameters<'a> {
    /// `[n_in, n_out]`.
    pub weight: &'a [f32],
    /// `[n_out]`.
    pub bias: &'a [f32],
}

/// Multiplies inputs by a dropout mask, whose entries are 0 or 1 / (1 − rate). The backward
/// pass is the same product.
///
/// # Shapes
/// all three of one length
///
/// # Panics
/// If the lengths differ.
pub fn apply_mask(input: &[f32], mask: &[f32], output: &mut [f32]) {
    assert_eq!(input.len(), mask.len(), "the mask's length");
    assert_eq!(input.len(), output.len(), "the output's length");
    for ((output, input), mask) in output.iter_mut().zip(input).zip(mask) {
        *output = input * mask;
    }
}

/// Outputs of some images.
///
/// # Shapes
/// - input `[n_images, n_in]`, dropout applied
/// - output `[n_images, n_out]`
///
/// # Panics
/// If a length doesn't fit.
pub fn forward(
    isa: Isa,
    input: &[f32],
    parameters: Parameters<'_>,
    activation: Activation,
    output: &mut [f32],
) {
    let Parameters { weight, bias } = parameters;
    let n_summed = weight.len().checked_div(bias.len()).unwrap_or(0);
    let input = Sparse::Rows { matrix: input, n_summed };
    let dense = (Start::Row(bias), Dense::Plain(weight));
    product(isa, &input, dense, bias.len(), output);
    if activation == Activation::Relu {
        isa.run(Relu(output));
    }
}

/// Gradient before the activation from the one after it: zero where the output is zero.
///
/// # Shapes
/// all three of one length
///
/// # Panics
/// If the lengths differ.
pub fn relu_gradient(isa: Isa, output: &[f32], output_gradient: &[f32], gradient: &mut [f32]) {
    assert_eq!(output.len(), output_gradient.len(), "the gradient's length");
    assert_eq!(output.len(), gradient.len(), "the result's length");
    isa.run(ReluGradient { output, output_gradient, gradient });
}

/// Gradient of the inputs of some images.
///
/// # Shapes
/// - output gradient `[n_images, n_out]`, before the activation
/// - weight `[n_in, n_out]`
/// - input gradient `[n_images, n_in]`
///
/// # Panics
/// If a length doesn't fit.
pub fn input_gradient(
    isa: Isa,
    output_gradient: &[f32],
    weight: &[f32],
    n_out: usize,
    input_gradient: &mut [f32],
) {
    let n_in = weight.len().checked_div(n_out).unwrap_or(0);
    let output_gradient = Sparse::Rows { matrix: output_gradient, n_summed: n_out };
    let dense = (Start::Zero, Dense::Transposed(weight));
    product(isa, &output_gradient, dense, n_in, input_gradient);
}

/// Gradient of the weight's rows for some of the layer's inputs, summed over all images in
/// order.
///
/// # Shapes
/// - input `[n_images, n_in]`, dropout applied
/// - output gradient `[n_images, n_out]`, before the activation
/// - weight gradient `[rows.len(), n_out]`
///
/// # Panics
/// If a length doesn't fit, or a row is out of range.
pub fn weight_gradient(
    isa: Isa,
    (input, rows): (&[f32], Range<usize>),
    output_gradient: &[f32],
    [n_in, n_out]: [usize; 2],
    weight_gradient: &mut [f32],
) {
    let input = Sparse::Columns { matrix: input, n_columns: n_in, columns: rows };
    let dense = (Start::Zero, Dense::Plain(output_gradient));
    product(isa, &input, dense, n_out, weight_gradient);
}

/// Gradient of the bias, summed over all images in order.
///
/// # Shapes
/// - output gradient `[n_images, n_out]`, before the activation
/// - bias gradient `[n_out]`
///
/// # Panics
/// If the lengths don't fit.
pub fn bias_gradient(output_gradient: &[f32], bias_gradient: &mut [f32]) {
    let n_out = bias_gradient.len().max(1);
    assert!(output_gradient.len().is_multiple_of(n_out), "the gradient's length");
    bias_gradient.fill(0.0);
    for row in output_gradient.chunks_exact(n_out) {
        for (sum, gradient) in bias_gradient.iter_mut().zip(row) {
            *sum += gradient;
        }
    }
}

struct Relu<'a>(&'a mut [f32]);

impl Kernel for Relu<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let zero = simd.splat(0.0);
        let relu = |x| simd.if_not_le(x, zero, x, zero);
        let (whole, rest) = self.0.as_chunks_mut::<CHUNK>();
        for lanes in whole {
            simd.store_chunk(lanes, relu(simd.load_chunk(lanes)));
        }
        simd.store_up_to(rest, relu(simd.load_up_to(rest)));
    }
}

struct ReluGradient<'a> {
    output: &'a [f32],
    output_gradient: &'a [f32],
    gradient: &'a mut [f32],
}

impl Kernel for ReluGradient<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let zero = simd.splat(0.0);
        let gate = |output, gradient| simd.if_not_le(output, zero, gradient, zero);
        let (outputs, output_rest) = self.output.as_chunks::<CHUNK>();
        let (from, from_rest) = self.output_gradient.as_chunks::<CHUNK>();
        let (to, to_rest) = self.gradient.as_chunks_mut::<CHUNK>();
        for ((to, output), from) in to.iter_mut().zip(outputs).zip(from) {
            simd.store_chunk(to, gate(simd.load_chunk(output), simd.load_chunk(from)));
        }
        let rest = gate(simd.load_up_to(output_rest), simd.load_up_to(from_rest));
        simd.store_up_to(to_rest, rest);
    }
}
