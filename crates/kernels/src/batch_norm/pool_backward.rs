use super::pool::check_pooled;
use super::{GradientSums, InputGradient, Normalizer, Winners};
use crate::framed::Framed;
use crate::pool::DEAD;
use crate::simd::{CHUNK, Chunks, Isa, Kernel, Simd};

/// The gradient of the pooled values: images of that shape.
#[derive(Clone, Copy, Debug)]
pub struct PooledGradient<'a> {
    /// Shape of each image; a border is not read.
    pub shape: Framed,
    /// The images.
    pub values: &'a [f32],
}

impl PooledGradient<'_> {
    fn check(&self, winners: Winners<'_>) -> usize {
        let n_images = self.shape.n_images(self.values.len());
        let len = n_images * self.shape.n_pixels() * self.shape.channels;
        assert_eq!(winners.pixel.len(), len, "the winners' length");
        assert_eq!(winners.x_hat.len(), len, "the winners' x̂'s length");
        n_images
    }
}

/// Sums over some images. Each image is summed apart, and added in order.
///
/// # Panics
/// If a length doesn't fit.
#[must_use]
pub fn pool_gradient_sums(
    isa: Isa,
    gradient: PooledGradient<'_>,
    winners: Winners<'_>,
) -> GradientSums {
    let n_images = gradient.check(winners);
    let n_values = n_images * 4 * gradient.shape.n_pixels();
    let mut sums = GradientSums::zero(n_values, gradient.shape.channels);
    isa.run(Pass { gradient, winners, sums: &mut sums });
    sums
}

/// The gradient of the convolution's output, from the sums over the whole batch.
///
/// # Shapes
/// - `shape`: of the input; its height and width are twice the pooled gradient's
/// - input: what [`pool_forward`](super::pool_forward) read
/// - `output_shape`: as `shape`, with any border, which is left as it is
/// - output: as many images of that shape
///
/// # Panics
/// If a length or shape doesn't fit.
pub fn pool_input_gradient(
    isa: Isa,
    (shape, input): (Framed, &[f32]),
    (normalizer, sums): (Normalizer<'_>, &GradientSums),
    (gradient, winners): (PooledGradient<'_>, Winners<'_>),
    (output_shape, output): (Framed, &mut [f32]),
) {
    let n_images = gradient.check(winners);
    check_pooled(shape, gradient.shape);
    check_pooled(output_shape, gradient.shape);
    normalizer.check(shape.channels);
    assert_eq!(sums.shift.len(), shape.channels, "the sums' channels");
    assert_eq!(shape.n_images(input.len()), n_images, "the input's images");
    assert_eq!(output_shape.n_images(output.len()), n_images, "the output's images");
    isa.run(Dense { shape, input, normalizer, sums, gradient, winners, output_shape, output });
}

struct Pass<'a> {
    gradient: PooledGradient<'a>,
    winners: Winners<'a>,
    sums: &'a mut GradientSums,
}

impl Kernel for Pass<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let channels = self.gradient.shape.channels;
        for image_idx in 0..self.gradient.shape.n_images(self.gradient.values.len()) {
            for first in (0..channels).step_by(CHUNK) {
                // The compiler makes one copy for whole chunks, without checks of length.
                if channels - first >= CHUNK {
                    self.image(simd, image_idx, first, CHUNK);
                } else {
                    self.image(simd, image_idx, first, channels - first);
                }
            }
        }
    }
}

impl Pass<'_> {
    /// One chunk of channels of one image.
    #[inline(always)]
    fn image<S: Simd>(&mut self, simd: S, image_idx: usize, first: usize, len: usize) {
        let Self { gradient: PooledGradient { shape, values }, winners, ref mut sums } = *self;
        let (zero, dead) = (simd.splat(0.0), simd.splat(f32::from(DEAD)));
        let values = &values[image_idx * shape.image_len()..][..shape.image_len()];
        let (mut shift, mut scale) = (zero, zero);
        let mut winner_start = image_idx * shape.n_pixels() * shape.channels + first;
        for row in 0..shape.height {
            let mut start = shape.pixel(row, 0) + first;
            for _ in 0..shape.width {
                let g = simd.load_up_to(&values[start..][..len]);
                let winner = simd.load_bytes_up_to(&winners.pixel[winner_start..][..len]);
                let x_hat = simd.load_up_to(&winners.x_hat[winner_start..][..len]);
                let g = simd.if_equal(winner, dead, zero, g);
                shift = simd.add(shift, g);
                scale = simd.mul_add(g, x_hat, scale);
                start += shape.channels;
                winner_start += shape.channels;
            }
        }
        sums.add(simd, first, shift, scale);
    }
}

struct Dense<'a> {
    shape: Framed,
    input: &'a [f32],
    normalizer: Normalizer<'a>,
    sums: &'a GradientSums,
    gradient: PooledGradient<'a>,
    winners: Winners<'a>,
    output_shape: Framed,
    output: &'a mut [f32],
}

impl Kernel for Dense<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let channels = self.shape.channels;
        let mut constants = Vec::with_capacity(channels.div_ceil(CHUNK));
        for first in (0..channels).step_by(CHUNK) {
            constants.push(InputGradient::load(simd, &self.normalizer, self.sums, first));
        }
        for image_idx in 0..self.shape.n_images(self.input.len()) {
            for row in 0..self.gradient.shape.height {
                self.row(simd, &constants, image_idx, row);
            }
        }
    }
}

impl Dense<'_> {
    /// One row of windows.
    #[inline(always)]
    fn row<S: Simd>(
        &mut self,
        simd: S,
        constants: &[InputGradient<S>],
        image_idx: usize,
        row: usize,
    ) {
        let Self { shape, input, gradient, winners, output_shape, ref mut output, .. } = *self;
        let (channels, pooled) = (shape.channels, gradient.shape);
        let start = image_idx * pooled.image_len() + pooled.pixel(row, 0);
        let gradients = &gradient.values[start..][..pooled.width * channels];
        let start = (image_idx * pooled.height + row) * pooled.width * channels;
        let pixels = &winners.pixel[start..][..pooled.width * channels];
        let start = image_idx * output_shape.image_len() + output_shape.pixel(2 * row, 0);
        let (output, below) = output[start..].split_at_mut(output_shape.row_len());
        let row_len = shape.width * channels;
        let outputs = [&mut output[..row_len], &mut below[..row_len]];
        for (dy, output) in outputs.into_iter().enumerate() {
            let start = image_idx * shape.image_len() + shape.pixel(2 * row + dy, 0);
            let input = input[start..][..row_len].chunks_exact(2 * channels);
            let columns = input.zip(output.chunks_exact_mut(2 * channels));
            let windows = gradients.chunks_exact(channels).zip(pixels.chunks_exact(channels));
            for ((input, output), (gradients, winners)) in columns.zip(windows) {
                let (left, right) = input.split_at(channels);
                let (to_left, to_right) = output.split_at_mut(channels);
                let inputs = left.chunks(CHUNK).zip(right.chunks(CHUNK));
                let outputs = to_left.chunks_mut(CHUNK).zip(to_right.chunks_mut(CHUNK));
                let windows = gradients.chunks(CHUNK).zip(winners.chunks(CHUNK)).zip(constants);
                for (((left, right), (to_left, to_right)), ((g, winner), constants)) in
                    inputs.zip(outputs).zip(windows)
                {
                    let winner = simd.load_bytes_up_to(winner);
                    let g = simd.mul(constants.a, simd.load_up_to(g));
                    let pixels = [(left, to_left, 2 * dy), (right, to_right, 2 * dy + 1)];
                    for (x, to, pixel) in pixels {
                        let dense = constants.dense(simd, simd.load_up_to(x));
                        let pixel = simd.splat(pixel as f32);
                        let gradient = simd.if_equal(winner, pixel, g, simd.splat(0.0));
                        simd.store_up_to(to, simd.add(dense, gradient));
                    }
                }
            }
        }
    }
}
