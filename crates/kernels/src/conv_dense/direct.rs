//! The convolution, product by product.

use std::hint::black_box;
use std::ops::Range;

use super::colour::{self, COLOURS, ROW_TAPS};
use crate::AlignedBuffer;
use crate::framed::Framed;
use crate::simd::{CHUNK, Chunks, Isa, Kernel, Simd};

/// Output channels in a block: two vectors. With six pixels that makes twelve accumulators.
pub(super) const BLOCK: usize = 2 * CHUNK;
/// Pixels in a tile.
const TILE: usize = 6;
/// Weights of one block that stay in a first-level cache of 32 KiB, in taps: 24 KiB.
const CACHED_TAPS: usize = 384;

/// `[blocks of 16 output channels, 3, 3, n_in, 16]`, of weights by tap, input and output.
pub(super) fn pack(
    [n_in, n_out]: [usize; 2],
    weight: impl Fn(usize, usize, usize) -> f32,
) -> AlignedBuffer {
    let mut packed = AlignedBuffer::zeros(n_out.div_ceil(BLOCK) * 9 * n_in * BLOCK);
    let (blocks, _) = packed.as_chunks_mut::<BLOCK>();
    for (i, lanes) in blocks.iter_mut().enumerate() {
        let (first, tap, input) = (i / (9 * n_in) * BLOCK, i / n_in % 9, i % n_in);
        for (output, lane) in (first..n_out).zip(lanes) {
            *lane = weight(tap, input, output);
        }
    }
    packed
}

/// Convolves some images with what [`pack`] has made: each sum runs over the taps in order.
///
/// # Shapes
/// - `shape`: of the input, a border of 1
/// - bias `[n_out]`
/// - `output_shape`: as many pixels of `n_out` channels, with any border, which is left as it is
/// - output: as many images of that shape, not empty
pub(super) fn forward(
    isa: Isa,
    (shape, input): (Framed, &[f32]),
    (taps, bias): (&[f32], &[f32]),
    (output_shape, output): (Framed, &mut [f32]),
) {
    let n_out = bias.len();
    // The window begins one pixel up and left.
    let pixels: Vec<Pixel> = (0..shape.n_pixels())
        .map(|i| (i / shape.width, i % shape.width))
        .map(|(row, column)| Pixel {
            window: shape.pixel(row, column) - shape.row_len() - shape.channels,
            output: output_shape.pixel(row, column),
        })
        .collect();
    let images = output.chunks_exact_mut(output_shape.image_len());
    for (output, input) in images.zip(input.chunks_exact(shape.image_len())) {
        if shape.channels == COLOURS {
            let row_taps = black_box(ROW_TAPS);
            isa.run(colour::Image { shape, input, taps, row_taps, bias, output_shape, output });
            continue;
        }
        isa.run(Image { shape, input, pixels: &pixels, n_out, taps, bias, output });
    }
}

/// Where a pixel's data begin.
#[derive(Clone, Copy)]
struct Pixel {
    window: usize,
    output: usize,
}

struct Image<'a> {
    shape: Framed,
    input: &'a [f32],
    pixels: &'a [Pixel],
    n_out: usize,
    taps: &'a [f32],
    bias: &'a [f32],
    output: &'a mut [f32],
}

impl Kernel for Image<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (n_in, n_out) = (self.shape.channels, self.n_out);
        let rows_at_once = if 9 * n_in <= CACHED_TAPS { 3 } else { 1 };
        for block_idx in 0..n_out.div_ceil(BLOCK) {
            for first in (0..3).step_by(rows_at_once) {
                let rows = first..first + rows_at_once;
                let mut pixels = 0..self.pixels.len();
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
        let Self { shape, input, pixels, n_out, taps, bias, ref mut output } = *self;
        let n_taps = 3 * shape.channels;
        let channels = block_idx * BLOCK..n_out.min((block_idx + 1) * BLOCK);
        let pixels = &pixels[first_pixel..first_pixel + P];
        let mut sums = [[simd.splat(0.0); 2]; P];
        for (sum, pixel) in sums.iter_mut().zip(pixels) {
            if kernel_rows.start > 0 {
                *sum = load(simd, &output[pixel.output..][channels.clone()]);
            } else {
                *sum = load(simd, &bias[channels.clone()]);
            }
        }
        for kernel_row in kernel_rows {
            let taps = &taps[(block_idx * 3 + kernel_row) * n_taps * BLOCK..];
            let (taps, _) = taps[..n_taps * BLOCK].as_chunks::<BLOCK>();
            let mut rows = [&input[..0]; P];
            for (row, pixel) in rows.iter_mut().zip(pixels) {
                *row = &input[pixel.window + kernel_row * shape.row_len()..][..n_taps];
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
        for (&[low, high], pixel) in sums.iter().zip(pixels) {
            let pixel = &mut output[pixel.output..][channels.clone()];
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
