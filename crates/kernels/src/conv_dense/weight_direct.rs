//! The weight gradient, product by product.

use super::{colour::COLOURS, weight_colour};
use crate::framed::Framed;
use crate::scratch::Scratch;
use crate::simd::{CHUNK, Chunks, Isa, Kernel, Simd};

/// Output channels in a tile, in vectors. With three taps that makes twelve accumulators.
const TILE_VECTORS: usize = 4;
/// Taps in a tile: a kernel row has a multiple of three.
const TILE_TAPS: usize = 3;
/// Pixels in a band. Their output gradients of one tile's channels are 8 KiB, and what a tile
/// reads of their windows lies in 64 cache lines that share a part of the first-level cache's
/// sets: on a Zen 3, 128 pixels are 8 % slower at 32 → 64 channels, and no faster elsewhere.
const BAND: usize = 64;

/// Adds the gradient of some images to `gradient` `[n_out, 3, 3, n_in]`, which is not empty.
///
/// Each band of 64 neighbouring pixels is summed apart, from zero, and added in order: the
/// rounding error grows with the number of bands, not of pixels.
pub(super) fn add(
    isa: Isa,
    (shape, input): (Framed, &[f32]),
    (output_shape, output_gradient): (Framed, &[f32]),
    gradient: &mut [f32],
) {
    let n_out = output_shape.channels;
    let pixels: Vec<Pixel> = (0..shape.n_pixels())
        .map(|i| (i / shape.width, i % shape.width))
        .map(|(row, column)| Pixel {
            window: shape.pixel(row, column) - shape.row_len() - shape.channels,
            gradient: output_shape.pixel(row, column),
        })
        .collect();
    let mut scratch = Scratch::take();
    let [panel, sums] = scratch.slices([BAND * TILE_VECTORS * CHUNK, gradient.len()]);
    sums.fill(0.0);
    for (input, output_gradient) in input
        .chunks_exact(shape.image_len())
        .zip(output_gradient.chunks_exact(output_shape.image_len()))
    {
        let (panel, sums) = (&mut *panel, &mut *sums);
        if shape.channels == COLOURS && n_out.is_multiple_of(CHUNK) {
            isa.run(weight_colour::Image { shape, input, output_shape, output_gradient, sums });
            continue;
        }
        isa.run(Image { shape, input, n_out, output_gradient, pixels: &pixels, panel, sums });
    }
    for (output, kernel) in gradient.chunks_exact_mut(9 * shape.channels).enumerate() {
        for (weight, sums) in kernel.iter_mut().zip(sums.chunks_exact(n_out)) {
            *weight += sums[output];
        }
    }
}

/// Where a pixel's data begin.
#[derive(Clone, Copy)]
struct Pixel {
    /// Its window in the input, one pixel up and left.
    window: usize,
    /// Its output gradient.
    gradient: usize,
}

struct Image<'a> {
    shape: Framed,
    input: &'a [f32],
    n_out: usize,
    output_gradient: &'a [f32],
    pixels: &'a [Pixel],
    /// Room for a band's output gradients of one tile's channels, without gaps: at their own
    /// stride, a power of two, they would evict each other from the first-level cache.
    panel: &'a mut [f32],
    /// `[3, 3, n_in, n_out]`
    sums: &'a mut [f32],
}

impl Kernel for Image<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let n_vectors = self.n_out / CHUNK;
        let window_len = 2 * self.shape.row_len() + 3 * self.shape.channels;
        let in_range = |pixel: &Pixel| pixel.window + window_len <= self.input.len();
        assert!(self.pixels.iter().all(in_range), "windows within the input");
        for band in self.pixels.chunks(BAND) {
            for first in (0..n_vectors).step_by(TILE_VECTORS) {
                let channel = first * CHUNK;
                match n_vectors - first {
                    1 => self.channels::<S, 1>(simd, band, channel),
                    2 => self.channels::<S, 2>(simd, band, channel),
                    3 => self.channels::<S, 3>(simd, band, channel),
                    _ => self.channels::<S, TILE_VECTORS>(simd, band, channel),
                }
            }
            for channel in n_vectors * CHUNK..self.n_out {
                self.channel(band, channel);
            }
        }
    }
}

impl Image<'_> {
    /// All taps of `V` vectors of channels.
    #[inline(always)]
    fn channels<S: Simd, const V: usize>(&mut self, simd: S, band: &[Pixel], channel: usize) {
        let width = V * CHUNK;
        for (to, pixel) in self.panel.chunks_exact_mut(width).zip(band) {
            to.copy_from_slice(&self.output_gradient[pixel.gradient + channel..][..width]);
        }
        for kernel_row in 0..3 {
            for tap in (0..3 * self.shape.channels).step_by(TILE_TAPS) {
                self.tile::<S, V>(simd, band, channel, kernel_row, tap);
            }
        }
    }

    /// Three neighbouring taps of one kernel row.
    #[inline(always)]
    fn tile<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        band: &[Pixel],
        channel: usize,
        kernel_row: usize,
        tap: usize,
    ) {
        let mut sums = [[simd.splat(0.0); V]; TILE_TAPS];
        let input = &self.input[kernel_row * self.shape.row_len() + tap..];
        let (panel, _) = self.panel.as_chunks::<CHUNK>();
        for (pixel, gradients) in band.iter().zip(panel.chunks_exact(V)) {
            let mut taps = [simd.splat(0.0); TILE_TAPS];
            for (t, tap) in taps.iter_mut().enumerate() {
                // SAFETY: a kernel row has 3 · n_in taps, a multiple of three, so that those from
                // `tap` on are in it; and `run` has seen that all three kernel rows of each
                // window are in the input.
                *tap = simd.splat(unsafe { *input.get_unchecked(pixel.window + t) });
            }
            for (v, gradient) in gradients.iter().enumerate() {
                let gradient = simd.load_chunk(gradient);
                for (sums, &tap) in sums.iter_mut().zip(&taps) {
                    sums[v] = simd.mul_add(tap, gradient, sums[v]);
                }
            }
        }
        for (t, sums) in sums.iter().enumerate() {
            let weights = (kernel_row * 3 * self.shape.channels + tap + t) * self.n_out + channel;
            let (chunks, _) = self.sums[weights..][..V * CHUNK].as_chunks_mut::<CHUNK>();
            for (chunk, &sum) in chunks.iter_mut().zip(sums) {
                simd.store_chunk(chunk, simd.add(simd.load_chunk(chunk), sum));
            }
        }
    }

    /// All taps of one channel, for the channels that fill no vector.
    #[inline(always)]
    fn channel(&mut self, band: &[Pixel], channel: usize) {
        for kernel_row in 0..3 {
            for tap in 0..3 * self.shape.channels {
                let mut sum = 0.0;
                for &Pixel { window, gradient } in band {
                    sum += self.input[window + kernel_row * self.shape.row_len() + tap]
                        * self.output_gradient[gradient + channel];
                }
                self.sums[(kernel_row * 3 * self.shape.channels + tap) * self.n_out + channel] +=
                    sum;
            }
        }
    }
}
