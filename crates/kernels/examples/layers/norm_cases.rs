//! Batch norm.

use std::hint::black_box;

use plateau_kernels::batch_norm::{
    self, GradientSums, Moments, Normalizer, PooledGradient, Winners, WinnersMut,
};
use plateau_kernels::conv_dense::{DenseConv, DenseMethod, PackedWeights};
use plateau_kernels::framed::Framed;
use plateau_kernels::{AlignedBuffer, Isa};

use crate::cases::random;
use crate::{BATCH, Case, GROUP, case};

/// Constant statistics: their values don't matter for time.
fn normalizer(n_channels: usize) -> Normalizer<'static> {
    let constant = |value| -> &'static [f32] { Vec::leak(vec![value; n_channels]) };
    Normalizer {
        mean: constant(0.1),
        inverse_std: constant(1.7),
        scale: constant(1.1),
        shift: constant(0.1),
    }
}

pub(crate) fn batch_norm_pool(isa: Isa, channels: usize, extent: usize, cases: &mut Vec<Case>) {
    let name = |what: &str| format!("batch norm {what} {channels}@{extent}²");
    let shape = Framed::dense(extent, extent, channels);
    let pooled = Framed::padded(extent / 2, extent / 2, channels);
    let padded = Framed::padded(extent, extent, channels);
    // A whole batch: the caches don't hold it.
    let input = random(BATCH * shape.image_len(), 1.0);
    let n_pooled = BATCH * pooled.n_pixels() * channels;
    let normalizer = normalizer(channels);
    let mut output = AlignedBuffer::zeros(BATCH * pooled.image_len());
    let mut pixel = vec![0; n_pooled];
    let mut x_hat = vec![0.0; n_pooled];
    let gradient = random(output.len(), 1.0);
    let winners = WinnersMut { pixel: &mut pixel, x_hat: &mut x_hat };
    let mut moments = Moments::empty(channels);
    batch_norm::pool_winners(isa, (shape, &input), normalizer.scale, winners, &mut moments);
    let winners = WinnersMut { pixel: &mut pixel, x_hat: &mut x_hat };
    batch_norm::pool_normalize(isa, normalizer, winners, (pooled, &mut output));

    let (from, mut pixels, mut x_hats) = (input.clone(), pixel.clone(), x_hat.clone());
    cases.push(case(name("winners and moments"), BATCH, 0.0, move || {
        let winners = WinnersMut { pixel: &mut pixels, x_hat: &mut x_hats };
        let from = (shape, black_box(&from[..]));
        batch_norm::pool_winners(isa, from, normalizer.scale, winners, &mut moments);
    }));
    let image = AlignedBuffer::from(&input[..shape.image_len()]);
    let mut moments = Moments::empty(channels);
    let mut pixels = vec![0; n_pooled / BATCH];
    let mut x_hats = vec![0.0; n_pooled / BATCH];
    cases.push(case(name("winners and moments, cached"), 1, 0.0, move || {
        let winners = WinnersMut { pixel: &mut pixels, x_hat: &mut x_hats };
        let from = (shape, black_box(&image[..]));
        batch_norm::pool_winners(isa, from, normalizer.scale, winners, &mut moments);
    }));
    let (from, mut to) = (input.clone(), output.clone());
    cases.push(case(name("evaluate"), BATCH, 0.0, move || {
        let output = (pooled, black_box(&mut to[..]));
        batch_norm::pool_evaluate(isa, (shape, &from), normalizer, output);
    }));
    let (mut pixels, mut x_hats) = (pixel.clone(), x_hat.clone());
    cases.push(case(name("normalise"), BATCH, 0.0, move || {
        // What it finds doesn't matter for time; x that are normalised again and again go to
        // where γ and β send them, which are no denormal numbers.
        let winners = WinnersMut { pixel: &mut pixels, x_hat: &mut x_hats };
        batch_norm::pool_normalize(isa, normalizer, winners, (pooled, black_box(&mut output)));
    }));
    let sums: &'static GradientSums = {
        let gradient = PooledGradient { shape: pooled, values: &gradient };
        let winners = Winners { pixel: &pixel, x_hat: &x_hat };
        Box::leak(Box::new(batch_norm::pool_gradient_sums(isa, gradient, winners)))
    };
    let (g, pixels, x_hats) = (gradient.clone(), pixel.clone(), x_hat.clone());
    cases.push(case(name("gradient sums"), BATCH, 0.0, move || {
        let gradient = PooledGradient { shape: pooled, values: black_box(&g) };
        let winners = Winners { pixel: &pixels, x_hat: &x_hats };
        black_box(batch_norm::pool_gradient_sums(isa, gradient, winners));
    }));
    // One image at a time into one buffer, as the convolution's backward pass reads it.
    let mut to = AlignedBuffer::zeros(padded.image_len());
    cases.push(case(name("input gradient"), BATCH, 0.0, move || {
        for i in 0..BATCH {
            let of = |len: usize| i * len..(i + 1) * len;
            let values = &gradient[of(pooled.image_len())];
            let winners = of(n_pooled / BATCH);
            let winners = Winners { pixel: &pixel[winners.clone()], x_hat: &x_hat[winners] };
            batch_norm::pool_input_gradient(
                isa,
                (shape, &input[of(shape.image_len())]),
                (normalizer, sums),
                (PooledGradient { shape: pooled, values }, winners),
                (padded, black_box(&mut to[..])),
            );
        }
    }));
}

pub(crate) fn rows(isa: Isa, cases: &mut Vec<Case>) {
    let n = 256;
    let input = random(BATCH * n, 1.0);
    let gradient = random(BATCH * n, 1.0);
    let normalizer = normalizer(n);
    let mut output = AlignedBuffer::zeros(BATCH * n);
    let mut to = AlignedBuffer::zeros(BATCH * n);
    cases.push(case("batch norm rows, both passes 256", BATCH, 0.0, move || {
        black_box(Moments::of(isa, black_box(&input), n));
        batch_norm::rows_forward(isa, &input, normalizer, &mut output);
        let gradients = (&output[..], &gradient[..]);
        let sums = batch_norm::rows_gradient_sums(isa, &input, normalizer, gradients);
        batch_norm::rows_input_gradient(isa, &input, (normalizer, &sums), gradients, &mut to);
    }));
}

/// The convolution of a part of a batch, and what batch norm reads of its output: some images at
/// a time, so that they are still in the cache.
pub(crate) fn convolution_and_winners(
    conv: DenseConv,
    images_at_once: usize,
    cases: &mut Vec<Case>,
) {
    let DenseConv { isa, n_in, n_out, height, width } = conv;
    let (shape, output_shape) = (conv.input_shape(), conv.output_shape());
    let input = random(GROUP * shape.image_len(), 1.0);
    let weights = random(conv.weight_len(), 1.0);
    let packed = PackedWeights::forward(&conv, DenseMethod::fastest(&conv), &weights, &[]);
    let pooled_len = height / 2 * (width / 2) * n_out;
    let mut output = AlignedBuffer::zeros(GROUP * output_shape.image_len());
    let (mut pixel, mut x_hat) = (vec![0; GROUP * pooled_len], vec![0.0; GROUP * pooled_len]);
    let scale = vec![1.0; n_out];
    let name = format!("conv {n_in}→{n_out}@{height}² and winners, by {images_at_once}");
    cases.push(case(name, GROUP, 0.0, move || {
        let mut moments = Moments::empty(n_out);
        for first in (0..GROUP).step_by(images_at_once) {
            let of = |len: usize| first * len..(first + images_at_once) * len;
            let output = &mut output[of(output_shape.image_len())];
            conv.forward(&packed, black_box(&input[of(shape.image_len())]), output);
            let pooled = of(pooled_len);
            let winners =
                WinnersMut { pixel: &mut pixel[pooled.clone()], x_hat: &mut x_hat[pooled] };
            batch_norm::pool_winners(isa, (output_shape, output), &scale, winners, &mut moments);
        }
        black_box(&moments);
    }));
}
