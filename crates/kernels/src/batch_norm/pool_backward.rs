use super::pool::{check_pooled, load_window, window_rows};
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
        assert_eq!((winners.pixel.len(), winners.x_hat.len()), (len, len), "the winners' lengths");
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
    let mut sums = GradientSums::zero(n_images, gradient.shape.channels);
    isa.run(Pass { gradient, winners, sums: &mut sums });
    sums
}

/// The gradient of the convolution's output, from the sums over the whole batch.
///
/// # Shapes
/// - `shape`: of the input, any border
/// - input: what [`pool_winners`](super::pool_winners) read
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
    let extents = |shape: Framed| (shape.height, shape.width, shape.channels);
    assert_eq!(extents(output_shape), extents(shape), "the output's shape");
    normalizer.check(shape.channels);
    assert_eq!(sums.shift.len(), shape.channels, "the sums' channels");
    assert_eq!(input.len(), n_images * shape.image_len(), "the input's length");
    assert_eq!(output.len(), n_images * output_shape.image_len(), "the output's length");
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
        let (mut shift, mut scale) = (zero, zero);
        let row_len = shape.width * shape.channels;
        for row in 0..shape.height {
            let start = image_idx * shape.image_len() + shape.pixel(row, 0);
            let gradients = values[start..][..row_len].chunks_exact(shape.channels);
            let start = (image_idx * shape.height + row) * row_len;
            let pixels = winners.pixel[start..][..row_len].chunks_exact(shape.channels);
            let x_hats = winners.x_hat[start..][..row_len].chunks_exact(shape.channels);
            for ((gradient, pixel), x_hat) in gradients.zip(pixels).zip(x_hats) {
                let g = simd.load_up_to(&gradient[first..first + len]);
                let winner = simd.load_bytes_up_to(&pixel[first..first + len]);
                let x_hat = simd.load_up_to(&x_hat[first..first + len]);
                let g = simd.if_equal(winner, dead, zero, g);
                shift = simd.add(shift, g);
                scale = simd.mul_add(g, x_hat, scale);
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
        let Framed { height, width, channels, .. } = self.shape;
        let constants =
            InputGradient::all(simd, &self.normalizer, (self.sums, self.shape.n_pixels()));
        for image_idx in 0..self.shape.n_images(self.input.len()) {
            for row in 0..height / 2 {
                self.windows(simd, &constants, image_idx, row);
            }
            // What the pool leaves out.
            if !height.is_multiple_of(2) && channels > 0 {
                self.rest_of_row(simd, &constants, [image_idx, height - 1], 0);
            }
            if !width.is_multiple_of(2) && channels > 0 {
                for row in 0..height / 2 * 2 {
                    self.rest_of_row(simd, &constants, [image_idx, row], width - 1);
                }
            }
        }
    }
}

impl Dense<'_> {
    /// One row of windows.
    #[inline(always)]
    fn windows<S: Simd>(
        &mut self,
        simd: S,
        constants: &[InputGradient<S>],
        image_idx: usize,
        row: usize,
    ) {
        let (channels, pooled) = (self.shape.channels, self.gradient.shape);
        let (row_len, output_shape) = (pooled.width * channels, self.output_shape);
        let start = image_idx * pooled.image_len() + pooled.pixel(row, 0);
        let gradients = &self.gradient.values[start..][..row_len];
        let start = (image_idx * pooled.height + row) * row_len;
        let winners = &self.winners.pixel[start..][..row_len];
        let start = image_idx * output_shape.image_len() + output_shape.pixel(2 * row, 0);
        let (top, below) = self.output[start..].split_at_mut(output_shape.row_len());
        let mut row = WindowRow {
            channels,
            input: window_rows(self.shape, self.input, image_idx, row),
            gradients,
            winners,
            output: [&mut top[..2 * row_len], &mut below[..2 * row_len]],
        };
        for column in 0..pooled.width {
            for (chunk_idx, constants) in constants.iter().enumerate() {
                let first = chunk_idx * CHUNK;
                // The compiler makes one copy for whole chunks, without checks of length.
                if channels - first >= CHUNK {
                    row.chunk(simd, constants, column, (first, CHUNK));
                } else {
                    row.chunk(simd, constants, column, (first, channels - first));
                }
            }
        }
    }

    /// The pixels of one row from `column` on, none of which the pool has seen.
    #[inline(always)]
    fn rest_of_row<S: Simd>(
        &mut self,
        simd: S,
        constants: &[InputGradient<S>],
        [image_idx, row]: [usize; 2],
        column: usize,
    ) {
        let Framed { width, channels, .. } = self.shape;
        let len = (width - column) * channels;
        let start = image_idx * self.shape.image_len() + self.shape.pixel(row, column);
        let input = self.input[start..][..len].chunks_exact(channels);
        let shape = self.output_shape;
        let start = image_idx * shape.image_len() + shape.pixel(row, column);
        let output = self.output[start..][..len].chunks_exact_mut(channels);
        for (from, to) in input.zip(output) {
            for ((from, to), constants) in
                from.chunks(CHUNK).zip(to.chunks_mut(CHUNK)).zip(constants)
            {
                simd.store_up_to(to, constants.dense(simd, simd.load_up_to(from)));
            }
        }
    }
}

/// A row of windows, borders left out.
struct WindowRow<'a> {
    channels: usize,
    input: [&'a [f32]; 2],
    gradients: &'a [f32],
    winners: &'a [u8],
    output: [&'a mut [f32]; 2],
}

impl WindowRow<'_> {
    /// `len` channels, a chunk or less, of one window.
    #[inline(always)]
    fn chunk<S: Simd>(
        &mut self,
        simd: S,
        constants: &InputGradient<S>,
        column: usize,
        (first, len): (usize, usize),
    ) {
        let channels = self.channels;
        let at = column * channels + first;
        let winner = simd.load_bytes_up_to(&self.winners[at..at + len]);
        let g = simd.mul(constants.a, simd.load_up_to(&self.gradients[at..at + len]));
        let window = load_window(simd, self.input, channels, column, (first, len));
        for (pixel, x) in window.into_iter().enumerate() {
            let g = simd.if_equal(winner, simd.splat(pixel as f32), g, simd.splat(0.0));
            let at = (2 * column + pixel % 2) * channels + first;
            let to = &mut self.output[pixel / 2][at..at + len];
            simd.store_up_to(to, simd.add(constants.dense(simd, x), g));
        }
    }
}
