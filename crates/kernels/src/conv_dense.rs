//! The 3×3 convolution with dense output: what batch normalisation needs, and, with other
//! weights, the input gradient of a convolution.

use std::ops::Range;

use crate::AlignedBuffer;
use crate::framed::Framed;
use crate::simd::{CHUNK, Chunks, Isa, Kernel, Simd};

/// Output channels in a block: two vectors. With six pixels that makes twelve accumulators.
const BLOCK: usize = 2 * CHUNK;
/// Pixels in a tile.
const TILE: usize = 6;
/// Weights of one block that stay in a first-level cache of 32 KiB, in taps: 24 KiB.
const CACHED_TAPS: usize = 384;

/// Weights as [`forward`] reads them: `[blocks of 16 output channels, 3, 3, n_in, 16]`.
#[derive(Clone, Debug, Default)]
pub struct PackedWeights {
    n_in: usize,
    n_out: usize,
    taps: AlignedBuffer,
}

impl PackedWeights {
    /// For the convolution itself.
    ///
    /// # Shapes
    /// weights `[n_out, 3, 3, n_in]`
    ///
    /// # Panics
    /// If the length doesn't fit.
    #[must_use]
    pub fn forward(weights: &[f32], n_in: usize, n_out: usize) -> Self {
        assert_eq!(weights.len(), n_out * 9 * n_in, "the weights' length");
        Self::pack(n_in, n_out, |tap, input, output| weights[(output * 9 + tap) * n_in + input])
    }

    /// For the input gradient: the convolution of the padded output gradient with the weights
    /// turned by half a turn, inputs and outputs exchanged.
    ///
    /// # Shapes
    /// weights `[n_out, 3, 3, n_in]`, of the convolution itself
    ///
    /// # Panics
    /// If the length doesn't fit.
    #[must_use]
    pub fn input_gradient(weights: &[f32], n_in: usize, n_out: usize) -> Self {
        assert_eq!(weights.len(), n_out * 9 * n_in, "the weights' length");
        Self::pack(n_out, n_in, |tap, from, to| weights[(from * 9 + 8 - tap) * n_in + to])
    }

    fn pack(n_in: usize, n_out: usize, weight: impl Fn(usize, usize, usize) -> f32) -> Self {
        let mut packed = AlignedBuffer::zeros(n_out.div_ceil(BLOCK) * 9 * n_in * BLOCK);
        let (blocks, _) = packed.as_chunks_mut::<BLOCK>();
        for (i, lanes) in blocks.iter_mut().enumerate() {
            let (first, tap, input) = (i / (9 * n_in) * BLOCK, i / n_in % 9, i % n_in);
            for (output, lane) in (first..n_out).zip(lanes) {
                *lane = weight(tap, input, output);
            }
        }
        Self { n_in, n_out, taps: packed }
    }
}

/// Convolves some images. Each sum runs over the taps in order, so its bits depend on nothing
/// else.
///
/// # Shapes
/// - `shape`: of the input, a border of at least 1
/// - input: images of that shape
/// - bias `[n_out]`; empty for none
/// - output `[n_images, height, width, n_out]`
///
/// # Panics
/// If a length doesn't fit.
pub fn forward(
    isa: Isa,
    shape: Framed,
    input: &[f32],
    weights: &PackedWeights,
    bias: &[f32],
    output: &mut [f32],
) {
    let n_images = shape.n_images(input.len());
    let n_out = weights.n_out;
    assert!(shape.border >= 1, "the input's border");
    assert_eq!(weights.n_in, shape.channels, "the weights' input channels");
    assert!(bias.is_empty() || bias.len() == n_out, "the bias' length");
    assert_eq!(output.len(), n_images * shape.n_pixels() * n_out, "the output's length");
    if output.is_empty() {
        return;
    }
    // Where each pixel's window begins: one pixel up and left.
    let windows: Vec<usize> = (0..shape.n_pixels())
        .map(|i| shape.pixel(i / shape.width, i % shape.width) - shape.row_len() - shape.channels)
        .collect();
    let images = output.chunks_exact_mut(shape.n_pixels() * n_out);
    for (output, input) in images.zip(input.chunks_exact(shape.image_len())) {
        isa.run(Image { shape, input, windows: &windows, weights, bias, output });
    }
}

struct Image<'a> {
    shape: Framed,
    input: &'a [f32],
    windows: &'a [usize],
    weights: &'a PackedWeights,
    bias: &'a [f32],
    output: &'a mut [f32],
}

impl Kernel for Image<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (n_in, n_out) = (self.shape.channels, self.weights.n_out);
        let rows_at_once = if 9 * n_in <= CACHED_TAPS { 3 } else { 1 };
        for block_idx in 0..n_out.div_ceil(BLOCK) {
            for first in (0..3).step_by(rows_at_once) {
                let rows = first..first + rows_at_once;
                let mut pixels = 0..self.windows.len();
                while pixels.len() >= TILE {
                    self.tile::<S, TILE>(simd, block_idx, rows.clone(), pixels.start);
                    pixels.start += TILE;
                }
                match pixels.len() {
                    0 => {}
                    1 => self.tile::<S, 1>(simd, block_idx, rows, pixels.start),
                    2 => self.tile::<S, 2>(simd, block_idx, rows, pixels.start),
                    3 => self.tile::<S, 3>(simd, block_idx, rows, pixels.start),
                    4 => self.tile::<S, 4>(simd, block_idx, rows, pixels.start),
                    _ => self.tile::<S, 5>(simd, block_idx, rows, pixels.start),
                }
            }
        }
    }
}

impl Image<'_> {
    /// The share of some kernel rows in `P` pixels of one block of channels, added to the bias
    /// or to what the rows before have left.
    #[inline(always)]
    fn tile<S: Simd, const P: usize>(
        &mut self,
        simd: S,
        block_idx: usize,
        kernel_rows: Range<usize>,
        first_pixel: usize,
    ) {
        let Self { shape, input, windows, weights, bias, ref mut output } = *self;
        let (n_out, n_taps) = (weights.n_out, 3 * shape.channels);
        let channels = block_idx * BLOCK..n_out.min((block_idx + 1) * BLOCK);
        let windows = &windows[first_pixel..first_pixel + P];
        let mut sums = [[simd.splat(0.0); 2]; P];
        for (p, sum) in sums.iter_mut().enumerate() {
            if kernel_rows.start > 0 {
                *sum = load(simd, &output[(first_pixel + p) * n_out..][channels.clone()]);
            } else if !bias.is_empty() {
                *sum = load(simd, &bias[channels.clone()]);
            }
        }
        for kernel_row in kernel_rows {
            let taps = &weights.taps[(block_idx * 3 + kernel_row) * n_taps * BLOCK..];
            let (taps, _) = taps[..n_taps * BLOCK].as_chunks::<BLOCK>();
            let mut rows = [&input[..0]; P];
            for (row, &window) in rows.iter_mut().zip(windows) {
                *row = &input[window + kernel_row * shape.row_len()..][..n_taps];
            }
            for (tap_idx, tap) in taps.iter().enumerate() {
                let [low, high] = load(simd, tap);
                for (row, sum) in rows.iter().zip(&mut sums) {
                    // SAFETY: each row has `n_taps` floats, as `taps` has items.
                    let x = simd.splat(*unsafe { row.get_unchecked(tap_idx) });
                    sum[0] = simd.mul_add(x, low, sum[0]);
                    sum[1] = simd.mul_add(x, high, sum[1]);
                }
            }
        }
        for (p, &[low, high]) in sums.iter().enumerate() {
            let pixel = &mut output[(first_pixel + p) * n_out..][channels.clone()];
            let (to_low, to_high) = pixel.split_at_mut(pixel.len().min(CHUNK));
            simd.store_up_to(to_low, low);
            simd.store_up_to(to_high, high);
        }
    }
}

/// Two chunks or less.
#[inline(always)]
fn load<S: Simd>(simd: S, values: &[f32]) -> [S::Vector; 2] {
    let (low, high) = values.split_at(values.len().min(CHUNK));
    [simd.load_up_to(low), simd.load_up_to(high)]
}
