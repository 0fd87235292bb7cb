use super::{Channels, Normalizer};
use crate::framed::Framed;
use crate::pool::relu_max;
use crate::simd::{CHUNK, Chunks, Isa, Kernel, Simd};

/// What the backward pass needs to know of each pooled value. Both slices are
/// `[n_images, height / 2, width / 2, channels]`.
#[derive(Clone, Copy, Debug)]
pub struct Winners<'a> {
    /// Which pixel of the 2×2 window won, row by row, or [`DEAD`](crate::pool::DEAD).
    pub pixel: &'a [u8],
    /// The winner's x̂; anything where no pixel won.
    pub x_hat: &'a [f32],
}

/// [`Winners`] to write.
#[derive(Debug)]
pub struct WinnersMut<'a> {
    /// Which pixel won.
    pub pixel: &'a mut [u8],
    /// Its x̂.
    pub x_hat: &'a mut [f32],
}

/// Normalises a convolution's output, then ReLU, then 2×2 max-pool; keeps the winners. The first
/// maximum wins; the first NaN beats all.
///
/// # Shapes
/// - `shape`: of the input, height and width even
/// - input: images of that shape
/// - `output_shape`: half that height and width, the same channels
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
    let n_images = check(shape, input, normalizer, output_shape, output);
    let len = n_images * output_shape.n_pixels() * shape.channels;
    assert_eq!(winners.pixel.len(), len, "the winners' length");
    assert_eq!(winners.x_hat.len(), len, "the winners' x̂'s length");
    isa.run(Pool { shape, input, normalizer, output_shape, output, winners: Some(winners) });
}

/// [`pool_forward`] without the winners: for evaluation, with the running statistics.
///
/// # Shapes
/// as in [`pool_forward`]
///
/// # Panics
/// If a length or shape doesn't fit.
pub fn pool_evaluate(
    isa: Isa,
    (shape, input): (Framed, &[f32]),
    normalizer: Normalizer<'_>,
    (output_shape, output): (Framed, &mut [f32]),
) {
    check(shape, input, normalizer, output_shape, output);
    isa.run(Pool { shape, input, normalizer, output_shape, output, winners: None });
}

fn check(
    shape: Framed,
    input: &[f32],
    normalizer: Normalizer<'_>,
    output_shape: Framed,
    output: &[f32],
) -> usize {
    let n_images = shape.n_images(input.len());
    check_pooled(shape, output_shape);
    normalizer.check(shape.channels);
    assert_eq!(output.len(), n_images * output_shape.image_len(), "the output's length");
    n_images
}

/// Panics unless `pooled` is what a 2×2 pool makes of `shape`.
pub(super) fn check_pooled(shape: Framed, pooled: Framed) {
    let doubled = (2 * pooled.height, 2 * pooled.width, pooled.channels);
    assert_eq!((shape.height, shape.width, shape.channels), doubled, "the pooled shape");
}

struct Pool<'a> {
    shape: Framed,
    input: &'a [f32],
    normalizer: Normalizer<'a>,
    output_shape: Framed,
    output: &'a mut [f32],
    winners: Option<WinnersMut<'a>>,
}

impl Kernel for Pool<'_> {
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

impl Pool<'_> {
    /// One chunk of channels of one row of windows.
    #[inline(always)]
    fn columns<S: Simd>(
        &mut self,
        simd: S,
        [image_idx, row]: [usize; 2],
        first: usize,
        len: usize,
    ) {
        let Self { shape, input, normalizer, output_shape, output, winners } = self;
        let input = &input[image_idx * shape.image_len()..][..shape.image_len()];
        let output =
            &mut output[image_idx * output_shape.image_len()..][..output_shape.image_len()];
        let constants = Channels::load(simd, normalizer, first);
        let mut start = shape.pixel(2 * row, 0) + first;
        let mut output_start = output_shape.pixel(row, 0) + first;
        let winners_row = (image_idx * output_shape.height + row) * output_shape.width;
        let mut winner_start = winners_row * shape.channels + first;
        for _ in 0..output_shape.width {
            let (mut x_hats, mut window) = ([simd.splat(0.0); 4], [simd.splat(0.0); 4]);
            for (k, from) in window_starts(*shape, start).into_iter().enumerate() {
                let x = simd.load_up_to(&input[from..][..len]);
                x_hats[k] = constants.x_hat(simd, x);
                window[k] = constants.affine(simd, x_hats[k]);
            }
            let (max, winner) = relu_max(simd, window);
            simd.store_up_to(&mut output[output_start..][..len], max);
            if let Some(WinnersMut { pixel, x_hat }) = winners {
                let mut best = x_hats[0];
                for (k, &x_hat) in x_hats.iter().enumerate().skip(1) {
                    best = simd.if_equal(winner, simd.splat(k as f32), x_hat, best);
                }
                simd.store_up_to(&mut x_hat[winner_start..][..len], best);
                simd.store_bytes_up_to(&mut pixel[winner_start..][..len], winner);
            }
            start += 2 * shape.channels;
            output_start += shape.channels;
            winner_start += shape.channels;
        }
    }
}

/// Where a window's four pixels begin, row by row.
#[inline(always)]
fn window_starts(shape: Framed, start: usize) -> [usize; 4] {
    let below = start + shape.row_len();
    [start, start + shape.channels, below, below + shape.channels]
}
