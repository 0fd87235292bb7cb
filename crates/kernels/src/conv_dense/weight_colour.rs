//! The weight gradient for colour images, product by product: output gradients are read where
//! they are, and neighbouring pixels from one pointer.

use super::colour::COLOURS;
use crate::framed::Framed;
use crate::simd::{CHUNK, Chunks, Kernel, Simd};

/// Output channels in a tile, in vectors. With three taps that makes twelve accumulators.
const TILE_VECTORS: usize = 4;
/// Pixels in a band, about: their output gradients of a tile's channels are 16 KiB.
const BAND: usize = 128;

/// One image, added to `sums` `[3, 3, COLOURS, n_out]`; `n_out` is a multiple of a chunk.
pub(super) struct Image<'a> {
    pub(super) shape: Framed,
    pub(super) input: &'a [f32],
    pub(super) output_shape: Framed,
    pub(super) output_gradient: &'a [f32],
    pub(super) sums: &'a mut [f32],
}

/// Some rows of pixels, and a tile's channels and taps.
struct Tile {
    rows: std::ops::Range<usize>,
    channel: usize,
    kernel_row: usize,
    kernel_column: usize,
}

impl Kernel for Image<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        assert_eq!(self.shape.channels, COLOURS, "colour images");
        assert!(self.output_shape.channels.is_multiple_of(CHUNK), "{:?}", self.output_shape);
        let n_vectors = self.output_shape.channels / CHUNK;
        let band = BAND.div_ceil(self.shape.width.max(1));
        for first_row in (0..self.shape.height).step_by(band) {
            for first in (0..n_vectors).step_by(TILE_VECTORS) {
                for tap in 0..9 {
                    let tile = Tile {
                        rows: first_row..self.shape.height.min(first_row + band),
                        channel: first * CHUNK,
                        kernel_row: tap / 3,
                        kernel_column: tap % 3,
                    };
                    match n_vectors - first {
                        1 => self.tile::<S, 1>(simd, tile),
                        2 => self.tile::<S, 2>(simd, tile),
                        3 => self.tile::<S, 3>(simd, tile),
                        _ => self.tile::<S, TILE_VECTORS>(simd, tile),
                    }
                }
            }
        }
    }
}

impl Image<'_> {
    #[inline(always)]
    fn tile<S: Simd, const V: usize>(&mut self, simd: S, tile: Tile) {
        let Tile { rows, channel, kernel_row, kernel_column } = tile;
        let (shape, output_shape) = (self.shape, self.output_shape);
        let n_out = output_shape.channels;
        let mut sums = [[simd.splat(0.0); V]; COLOURS];
        for row in rows {
            let start = shape.pixel(row, 0) - shape.row_len() - COLOURS;
            let start = start + kernel_row * shape.row_len() + kernel_column * COLOURS;
            let (inputs, _) = self.input[start..][..shape.width * COLOURS].as_chunks::<COLOURS>();
            let start = output_shape.pixel(row, 0);
            let gradients = &self.output_gradient[start..][..shape.width * n_out];
            for (taps, gradient) in inputs.iter().zip(gradients.chunks_exact(n_out)) {
                let (chunks, _) = gradient[channel..channel + V * CHUNK].as_chunks::<CHUNK>();
                let taps = taps.map(|tap| simd.splat(tap));
                for v in 0..V {
                    let gradient = simd.load_chunk(&chunks[v]);
                    for (sums, &tap) in sums.iter_mut().zip(&taps) {
                        sums[v] = simd.mul_add(tap, gradient, sums[v]);
                    }
                }
            }
        }
        for (colour, sums) in sums.iter().enumerate() {
            let weights = ((kernel_row * 3 + kernel_column) * COLOURS + colour) * n_out + channel;
            let (chunks, _) = self.sums[weights..][..V * CHUNK].as_chunks_mut::<CHUNK>();
            for (chunk, &sum) in chunks.iter_mut().zip(sums) {
                simd.store_chunk(chunk, simd.add(simd.load_chunk(chunk), sum));
            }
        }
    }
}
