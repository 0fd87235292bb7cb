use super::best::Best;
use super::moments::{Moments, Run};
use super::pool::{load_window, window_rows};
use crate::framed::Framed;
use crate::simd::{CHUNK, Chunks, Isa, Kernel, Simd};

/// What a pool passes on. Both slices are `[n_images, height / 2, width / 2, channels]`.
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
    /// Its x̂, and until [`pool_normalize`](super::pool_normalize) its x.
    pub x_hat: &'a mut [f32],
}

/// Reads a convolution's output once, while it is still in the cache: finds the pixels that will
/// win the 2×2 max-pool once all is normalised, and merges the moments of each image, in order,
/// into `moments`. The bits don't depend on how images are cut into calls with the same
/// `moments`.
///
/// The winner is known before the statistics, since y grows or falls with x. The first maximum of
/// x · sign γ wins (so that of two x which rounding gives the same y the better one does); the
/// first NaN beats all. An odd last row or column takes part in the moments only.
///
/// # Shapes
/// - `shape`: of the input, any border
/// - input: images of that shape
/// - scale: γ, `[channels]`
///
/// # Panics
/// If a length doesn't fit.
pub fn pool_winners(
    isa: Isa,
    (shape, input): (Framed, &[f32]),
    scale: &[f32],
    winners: WinnersMut<'_>,
    moments: &mut Moments,
) {
    let n_images = shape.n_images(input.len());
    let len = n_images * (shape.height / 2) * (shape.width / 2) * shape.channels;
    assert_eq!((winners.pixel.len(), winners.x_hat.len()), (len, len), "the winners' lengths");
    assert_eq!(scale.len(), shape.channels, "one entry per channel");
    if shape.n_pixels() * shape.channels == 0 {
        return;
    }
    isa.run(Pass { shape, input, scale, winners, moments });
}

struct Pass<'a> {
    shape: Framed,
    input: &'a [f32],
    scale: &'a [f32],
    winners: WinnersMut<'a>,
    moments: &'a mut Moments,
}

impl Kernel for Pass<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let Framed { height, channels, .. } = self.shape;
        for image_idx in 0..self.shape.n_images(self.input.len()) {
            // Distances from the first pixel: numbers of the size of the spread.
            let origin = image_idx * self.shape.image_len() + self.shape.pixel(0, 0);
            let origin = &self.input[origin..][..channels];
            let mut sums = [vec![0.0; channels], vec![0.0; channels]];
            for row in 0..height.div_ceil(2) {
                for first in (0..channels).step_by(CHUNK) {
                    // The compiler makes one copy for whole chunks, without checks of length.
                    if channels - first >= CHUNK {
                        self.columns(simd, [image_idx, row], (first, CHUNK), origin, &mut sums);
                    } else {
                        let rest = channels - first;
                        self.columns(simd, [image_idx, row], (first, rest), origin, &mut sums);
                    }
                }
            }
            self.moments.merge_sums(self.shape.n_pixels(), origin, &sums);
        }
    }
}

impl Pass<'_> {
    /// One chunk of channels of one row of windows.
    #[inline(always)]
    fn columns<S: Simd>(
        &mut self,
        simd: S,
        [image_idx, row]: [usize; 2],
        (first, len): (usize, usize),
        origin: &[f32],
        sums: &mut [Vec<f64>; 2],
    ) {
        let Framed { height, width, channels, .. } = self.shape;
        let mut run = Run::from(simd, simd.load_up_to(&origin[first..first + len]));
        let pixel =
            |row: &[f32], column: usize| simd.load_up_to(&row[column * channels + first..][..len]);
        if 2 * row + 1 == height {
            let start = image_idx * self.shape.image_len() + self.shape.pixel(2 * row, 0);
            let last = &self.input[start..][..width * channels];
            (0..width).for_each(|column| run.add(simd, pixel(last, column)));
            return run.add_to(simd, sums, first);
        }
        let rows = window_rows(self.shape, self.input, image_idx, row);
        let best = Best::load(simd, self.scale, first);
        let (row_len, n_rows) = (width / 2 * channels, height / 2);
        let start = (image_idx * n_rows + row) * row_len;
        let pixels = self.winners.pixel[start..][..row_len].chunks_exact_mut(channels);
        let xs = self.winners.x_hat[start..][..row_len].chunks_exact_mut(channels);
        for (column, (to_pixel, to_x)) in pixels.zip(xs).enumerate() {
            let window = load_window(simd, rows, channels, column, (first, len));
            for x in window {
                run.add(simd, x);
            }
            let (x, winner) = best.of(simd, window);
            simd.store_up_to(&mut to_x[first..first + len], x);
            simd.store_bytes_up_to(&mut to_pixel[first..first + len], winner);
        }
        if !width.is_multiple_of(2) {
            for row in rows {
                run.add(simd, pixel(row, width - 1));
            }
        }
        run.add_to(simd, sums, first);
    }
}
