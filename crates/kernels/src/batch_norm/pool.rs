use super::best::Best;
use super::{Channels, Moments, Normalizer, WinnersMut, pool_winners};
use crate::framed::Framed;
use crate::pool::DEAD;
use crate::simd::{CHUNK, Chunks, Isa, Kernel, Simd};

/// [`pool_winners`] and [`pool_normalize`], image by image, where the statistics are known.
///
/// # Shapes
/// - `shape`: of the input, any border
/// - input: images of that shape
/// - `output_shape`: half that height and width, rounded down, the same channels, any border
/// - output: as many images of that shape; its border is left as it is
///
/// # Panics
/// If a length or shape doesn't fit.
pub fn pool_forward(
    isa: Isa,
    (shape, input): (Framed, &[f32]),
    normalizer: Normalizer<'_>,
    (output_shape, output): (Framed, &mut [f32]),
    winners: WinnersMut<'_>,
) {
    let n_images = shape.n_images(input.len());
    check_pooled(shape, output_shape);
    normalizer.check(shape.channels);
    let pooled_len = output_shape.n_pixels() * shape.channels;
    let WinnersMut { pixel, x_hat } = winners;
    let lens = (n_images * pooled_len, n_images * pooled_len);
    assert_eq!((pixel.len(), x_hat.len()), lens, "the winners' lengths");
    assert_eq!(output.len(), n_images * output_shape.image_len(), "the output's length");
    if pooled_len == 0 {
        return;
    }
    let winners = pixel.chunks_exact_mut(pooled_len).zip(x_hat.chunks_exact_mut(pooled_len));
    let images = input
        .chunks_exact(shape.image_len())
        .zip(output.chunks_exact_mut(output_shape.image_len()));
    for ((input, output), (pixel, x_hat)) in images.zip(winners) {
        let mut unused = Moments::empty(shape.channels);
        let winners = WinnersMut { pixel: &mut *pixel, x_hat: &mut *x_hat };
        pool_winners(isa, (shape, input), normalizer.scale, winners, &mut unused);
        let winners = WinnersMut { pixel, x_hat };
        pool_normalize(isa, normalizer, winners, (output_shape, output));
    }
}

/// Normalises the winners that [`pool_winners`] has found, then ReLU: the values after
/// normalisation, ReLU and 2×2 max-pool. Where ReLU gives 0, the pixel becomes [`DEAD`]. NaN
/// stays.
///
/// # Shapes
/// - winners: as in [`Winners`](super::Winners); x becomes x̂
/// - `output_shape`: that of the pooled images, any border, which is left as it is
/// - output: as many images of that shape
///
/// # Panics
/// If a length doesn't fit.
pub fn pool_normalize(
    isa: Isa,
    normalizer: Normalizer<'_>,
    winners: WinnersMut<'_>,
    (output_shape, output): (Framed, &mut [f32]),
) {
    let n_images = output_shape.n_images(output.len());
    normalizer.check(output_shape.channels);
    let len = n_images * output_shape.n_pixels() * output_shape.channels;
    assert_eq!((winners.pixel.len(), winners.x_hat.len()), (len, len), "the winners' lengths");
    isa.run(Normalize { normalizer, winners, shape: output_shape, output });
}

/// Normalises a convolution's output, then ReLU, then 2×2 max-pool: for evaluation, with the
/// running statistics. Bit for bit what [`pool_normalize`] gives for the same.
///
/// # Shapes
/// - `shape`: of the input, any border
/// - input: images of that shape
/// - `output_shape`: half that height and width, rounded down, the same channels, any border
/// - output: as many images of that shape; its border is left as it is
///
/// # Panics
/// If a length or shape doesn't fit.
pub fn pool_evaluate(
    isa: Isa,
    (shape, input): (Framed, &[f32]),
    normalizer: Normalizer<'_>,
    (output_shape, output): (Framed, &mut [f32]),
) {
    let n_images = shape.n_images(input.len());
    check_pooled(shape, output_shape);
    normalizer.check(shape.channels);
    assert_eq!(output.len(), n_images * output_shape.image_len(), "the output's length");
    isa.run(Evaluate { shape, input, normalizer, output_shape, output });
}

/// Panics unless `pooled` is what a 2×2 pool makes of `shape`.
pub(super) fn check_pooled(shape: Framed, pooled: Framed) {
    let halved = (shape.height / 2, shape.width / 2, shape.channels);
    assert_eq!((pooled.height, pooled.width, pooled.channels), halved, "the pooled shape");
}

struct Normalize<'a> {
    normalizer: Normalizer<'a>,
    winners: WinnersMut<'a>,
    shape: Framed,
    output: &'a mut [f32],
}

impl Kernel for Normalize<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { normalizer, winners: WinnersMut { pixel, x_hat }, shape, output } = self;
        let (constants, channels) = (Channels::all(simd, &normalizer), shape.channels);
        let (zero, dead) = (simd.splat(0.0), simd.splat(f32::from(DEAD)));
        let row_len = shape.width * channels;
        if row_len == 0 {
            return;
        }
        let rows = pixel.chunks_exact_mut(row_len).zip(x_hat.chunks_exact_mut(row_len));
        for (i, (pixels, x_hats)) in rows.enumerate() {
            let start = i / shape.height * shape.image_len() + shape.pixel(i % shape.height, 0);
            let output = output[start..][..row_len].chunks_exact_mut(channels);
            let winners = pixels.chunks_exact_mut(channels).zip(x_hats.chunks_exact_mut(channels));
            for (output, (pixel, x_hat)) in output.zip(winners) {
                let chunks = output.chunks_mut(CHUNK).zip(pixel.chunks_mut(CHUNK));
                for (((to, winner), x), constants) in
                    chunks.zip(x_hat.chunks_mut(CHUNK)).zip(&constants)
                {
                    let x_hat = constants.x_hat(simd, simd.load_up_to(x));
                    let y = constants.affine(simd, x_hat);
                    let pixel = simd.load_bytes_up_to(winner);
                    simd.store_up_to(x, x_hat);
                    simd.store_up_to(to, simd.if_not_le(y, zero, y, zero));
                    simd.store_bytes_up_to(winner, simd.if_not_le(y, zero, pixel, dead));
                }
            }
        }
    }
}

struct Evaluate<'a> {
    shape: Framed,
    input: &'a [f32],
    normalizer: Normalizer<'a>,
    output_shape: Framed,
    output: &'a mut [f32],
}

impl Kernel for Evaluate<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let channels = self.shape.channels;
        for image_idx in 0..self.shape.n_images(self.input.len()) {
            for row in 0..self.output_shape.height {
                for first in (0..channels).step_by(CHUNK) {
                    // The compiler makes one copy for whole chunks, without checks of length.
                    if channels - first >= CHUNK {
                        self.columns(simd, [image_idx, row], first, CHUNK);
                    } else {
                        self.columns(simd, [image_idx, row], first, channels - first);
                    }
                }
            }
        }
    }
}

impl Evaluate<'_> {
    /// One chunk of channels of one row of windows.
    #[inline(always)]
    fn columns<S: Simd>(
        &mut self,
        simd: S,
        [image_idx, row]: [usize; 2],
        first: usize,
        len: usize,
    ) {
        let Self { shape, input, normalizer, output_shape, output } = self;
        let (constants, zero) = (Channels::load(simd, normalizer, first), simd.splat(0.0));
        let best = Best::load(simd, normalizer.scale, first);
        let rows = window_rows(*shape, input, image_idx, row);
        let start = image_idx * output_shape.image_len() + output_shape.pixel(row, 0);
        let output = &mut output[start..][..output_shape.width * shape.channels];
        for (column, to) in output.chunks_exact_mut(shape.channels).enumerate() {
            let window = load_window(simd, rows, shape.channels, column, (first, len));
            let (x, _) = best.of(simd, window);
            let y = constants.affine(simd, constants.x_hat(simd, x));
            simd.store_up_to(&mut to[first..first + len], simd.if_not_le(y, zero, y, zero));
        }
    }
}

/// The two rows of pixels, inside the border, of a row of windows.
#[inline(always)]
pub(super) fn window_rows(
    shape: Framed,
    input: &[f32],
    image_idx: usize,
    row: usize,
) -> [&[f32]; 2] {
    let start = image_idx * shape.image_len() + shape.pixel(2 * row, 0);
    let len = shape.width * shape.channels;
    [&input[start..][..len], &input[start + shape.row_len()..][..len]]
}

/// A chunk of channels, from `first` on, of the four pixels of a window.
#[inline(always)]
pub(super) fn load_window<S: Simd>(
    simd: S,
    [top, bottom]: [&[f32]; 2],
    channels: usize,
    column: usize,
    (first, len): (usize, usize),
) -> [S::Vector; 4] {
    let left = 2 * column * channels + first;
    let load = |row: &[f32], at: usize| simd.load_up_to(&row[at..at + len]);
    [load(top, left), load(top, left + channels), load(bottom, left), load(bottom, left + channels)]
}
