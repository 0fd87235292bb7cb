use super::{Channels, GradientSums, InputGradient, Normalizer};
use crate::simd::{CHUNK, Chunks, Isa, Kernel, Simd};

/// Normalises a fully connected layer's output, then ReLU: for training with the batch's
/// statistics, for evaluation with the running ones.
///
/// # Shapes
/// input and output `[n_images, n_channels]`
///
/// # Panics
/// If a length doesn't fit.
pub fn rows_forward(isa: Isa, input: &[f32], normalizer: Normalizer<'_>, output: &mut [f32]) {
    normalizer.check(normalizer.mean.len());
    check(normalizer.mean.len(), input, [output]);
    isa.run(Forward { input, normalizer, output });
}

/// Sums over some images.
///
/// # Shapes
/// - input: what [`rows_forward`] read, `[n_images, n_channels]`
/// - output: what it wrote
/// - gradient: of the output
///
/// # Panics
/// If a length doesn't fit.
#[must_use]
pub fn rows_gradient_sums(
    isa: Isa,
    input: &[f32],
    normalizer: Normalizer<'_>,
    (output, gradient): (&[f32], &[f32]),
) -> GradientSums {
    let n_channels = normalizer.mean.len();
    normalizer.check(n_channels);
    check(n_channels, input, [output, gradient]);
    let n_images = input.len().checked_div(n_channels).unwrap_or(0);
    let mut sums = GradientSums::zero(n_images, n_channels);
    isa.run(Pass { input, normalizer, output, gradient, sums: &mut sums });
    sums
}

/// The gradient of the fully connected layer's output, from the sums over the whole batch.
///
/// # Shapes
/// as in [`rows_gradient_sums`]; the result is of the same shape
///
/// # Panics
/// If a length doesn't fit.
pub fn rows_input_gradient(
    isa: Isa,
    input: &[f32],
    (normalizer, sums): (Normalizer<'_>, &GradientSums),
    (output, gradient): (&[f32], &[f32]),
    input_gradient: &mut [f32],
) {
    let n_channels = normalizer.mean.len();
    normalizer.check(n_channels);
    check(n_channels, input, [output, gradient, input_gradient]);
    assert_eq!(sums.shift.len(), n_channels, "the sums' channels");
    isa.run(Dense { input, normalizer, sums, output, gradient, input_gradient });
}

fn check<const N: usize>(n_channels: usize, input: &[f32], others: [&[f32]; N]) {
    assert!(input.len().is_multiple_of(n_channels), "whole rows");
    for other in others {
        assert_eq!(other.len(), input.len(), "slices of the input's length");
    }
}

struct Forward<'a> {
    input: &'a [f32],
    normalizer: Normalizer<'a>,
    output: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let n_channels = self.normalizer.mean.len().max(1);
        let zero = simd.splat(0.0);
        for (from, to) in
            self.input.chunks_exact(n_channels).zip(self.output.chunks_exact_mut(n_channels))
        {
            for (chunk_idx, (from, to)) in from.chunks(CHUNK).zip(to.chunks_mut(CHUNK)).enumerate()
            {
                let constants = Channels::load(simd, &self.normalizer, chunk_idx * CHUNK);
                let y = constants.affine(simd, constants.x_hat(simd, simd.load_up_to(from)));
                simd.store_up_to(to, simd.if_not_le(y, zero, y, zero));
            }
        }
    }
}

struct Pass<'a> {
    input: &'a [f32],
    normalizer: Normalizer<'a>,
    output: &'a [f32],
    gradient: &'a [f32],
    sums: &'a mut GradientSums,
}

impl Kernel for Pass<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let n_channels = self.normalizer.mean.len();
        for first in (0..n_channels).step_by(CHUNK) {
            let len = CHUNK.min(n_channels - first);
            let constants = Channels::load(simd, &self.normalizer, first);
            let (mut shift, mut scale) = (simd.splat(0.0), simd.splat(0.0));
            for start in (first..self.input.len()).step_by(n_channels) {
                let load = |slice: &[f32]| simd.load_up_to(&slice[start..][..len]);
                let g = gate(simd, load(self.output), load(self.gradient));
                shift = simd.add(shift, g);
                scale = simd.mul_add(g, constants.x_hat(simd, load(self.input)), scale);
            }
            self.sums.add(simd, first, shift, scale);
        }
    }
}

struct Dense<'a> {
    input: &'a [f32],
    normalizer: Normalizer<'a>,
    sums: &'a GradientSums,
    output: &'a [f32],
    gradient: &'a [f32],
    input_gradient: &'a mut [f32],
}

impl Kernel for Dense<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let n_channels = self.normalizer.mean.len();
        for first in (0..n_channels).step_by(CHUNK) {
            let len = CHUNK.min(n_channels - first);
            let constants = InputGradient::load(simd, &self.normalizer, (self.sums, 1), first);
            for start in (first..self.input.len()).step_by(n_channels) {
                let load = |slice: &[f32]| simd.load_up_to(&slice[start..][..len]);
                let g = gate(simd, load(self.output), load(self.gradient));
                let dense = constants.dense(simd, load(self.input));
                let result = simd.mul_add(constants.a, g, dense);
                simd.store_up_to(&mut self.input_gradient[start..][..len], result);
            }
        }
    }
}

/// The gradient before ReLU.
#[inline(always)]
fn gate<S: Simd>(simd: S, output: S::Vector, gradient: S::Vector) -> S::Vector {
    let zero = simd.splat(0.0);
    simd.if_not_le(output, zero, gradient, zero)
}
