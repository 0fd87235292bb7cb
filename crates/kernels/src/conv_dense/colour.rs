//! The convolution of colour images, product by product. A tile's pixels are neighbours in a row,
//! so that one pointer leads to all they see.

use super::direct::BLOCK;
use crate::framed::Framed;
use crate::simd::{CHUNK, Chunks, Kernel, Simd};

/// Channels of a colour image.
pub(super) const COLOURS: usize = 3;
/// Taps of a kernel row.
pub(super) const ROW_TAPS: usize = 3 * COLOURS;
/// Pixels in a tile: with two vectors each, twelve accumulators.
const TILE: usize = 6;

/// One image; as for [`direct::forward`](super::direct::forward), whose bits it gives.
pub(super) struct Image<'a> {
    pub(super) shape: Framed,
    pub(super) input: &'a [f32],
    pub(super) taps: &'a [f32],
    /// [`ROW_TAPS`], behind the compiler's back: with a number that it knows it unrolls the loops,
    /// takes all loads of weights out of them, and has no registers left.
    pub(super) row_taps: usize,
    pub(super) bias: &'a [f32],
    pub(super) output_shape: Framed,
    pub(super) output: &'a mut [f32],
}

impl Kernel for Image<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        assert_eq!(self.shape.channels, COLOURS, "colour images");
        for row in 0..self.shape.height {
            for first in (0..self.bias.len()).step_by(BLOCK) {
                let mut columns = 0..self.shape.width;
                // Eight are twice four: six and two would leave the second half to wait.
                while columns.len() >= TILE && columns.len() != 8 {
                    self.tile::<S, TILE>(simd, [row, columns.start], first);
                    columns.start += TILE;
                }
                while columns.len() >= 4 {
                    self.tile::<S, 4>(simd, [row, columns.start], first);
                    columns.start += 4;
                }
                for column in columns {
                    self.tile::<S, 1>(simd, [row, column], first);
                }
            }
        }
    }
}

impl Image<'_> {
    /// `P` pixels of a row, and the block of channels from `first` on.
    #[inline(always)]
    fn tile<S: Simd, const P: usize>(&mut self, simd: S, [row, column]: [usize; 2], first: usize) {
        let (row_len, n_out) = (self.shape.row_len(), self.bias.len());
        let window = self.shape.pixel(row, column) - row_len - COLOURS;
        let seen = &self.input[window..][..2 * row_len + ROW_TAPS + (P - 1) * COLOURS];
        let (taps, _) = self.taps[3 * ROW_TAPS * first..][..3 * ROW_TAPS * BLOCK].as_chunks();
        let len = BLOCK.min(n_out - first);
        let (low, high) = self.bias[first..first + len].split_at(len.min(CHUNK));
        let mut sums = [[simd.load_up_to(low), simd.load_up_to(high)]; P];
        for (kernel_row, taps) in taps.chunks_exact(self.row_taps).take(3).enumerate() {
            let seen = &seen[kernel_row * row_len..][..self.row_taps + (P - 1) * COLOURS];
            for (tap, weights) in taps.iter().enumerate() {
                let weights: &[f32; BLOCK] = weights;
                let (halves, _) = weights.as_chunks::<CHUNK>();
                let [low, high] = [&halves[0], &halves[1]].map(|half| simd.load_chunk(half));
                for (p, sum) in sums.iter_mut().enumerate() {
                    // SAFETY: tap < `row_taps` and p < P: within `seen`, whose length was just
                    // checked.
                    let x = simd.splat(unsafe { *seen.get_unchecked(p * COLOURS + tap) });
                    sum[0] = simd.mul_add(x, low, sum[0]);
                    sum[1] = simd.mul_add(x, high, sum[1]);
                }
            }
        }
        let start = self.output_shape.pixel(row, column) + first;
        let output = &mut self.output[start..][..(P - 1) * n_out + len];
        for (pixel, [low, high]) in output.chunks_mut(n_out).zip(sums) {
            let (to_low, to_high) = pixel[..len].split_at_mut(len.min(CHUNK));
            simd.store_up_to(to_low, low);
            simd.store_up_to(to_high, high);
        }
    }
}
