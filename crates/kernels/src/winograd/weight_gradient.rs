use std::ops::Range;

use super::product::{Product, Start, Strided};
use super::{GAP, POINTS, Tile, Tiles, VECTORS, transform, transposed};
use crate::framed::Framed;
use crate::scratch::Scratch;
use crate::simd::{Kernel, Simd};

/// Tiles that are worked on together, at most. On an EPYC of the Zen 3 family 32, 48 and 64 took
/// the same time.
const GROUP: usize = 32;
/// Output channels that are worked on together: their transforms, 144 KiB, stay in a cache of
/// 512 KiB while all input channels pass. On that machine it is faster to fetch the inputs'
/// transforms and the sums from beyond that cache than to do the transforms again for blocks of
/// both that would fit: 42 and 38 µs an image against 45 and 45, for 32 → 64 channels at 16×16
/// and 64 → 128 at 8×8.
const BLOCK: usize = 32;

/// The weight gradient of some images, added to `gradient` `[n_out, 3, 3, n_in]`.
///
/// Tiles go in groups, from first to last, and so do the tiles of a group: the bits depend on
/// the images, and on nothing else.
pub(crate) struct WeightGradient<'a> {
    /// Of the images: a border of 1, channels in whole panels.
    pub(crate) shape: Framed,
    pub(crate) images: &'a [f32],
    /// Of the output gradient: channels in whole vectors.
    pub(crate) output_shape: Framed,
    pub(crate) output_gradient: &'a [f32],
    pub(crate) gradient: &'a mut [f32],
}

/// Slices to work in, and the steps between points.
struct Buffers<'a> {
    /// `[points, tiles, channels of a block]`
    gradients: &'a mut [f32],
    gradient_step: usize,
    /// `[panels, points, tiles, channels of a panel]`
    inputs: &'a mut [f32],
    input_step: usize,
    /// `[blocks, panels, points, channels of a block, channels of a panel]`, or of one block at a
    /// time where one group has all tiles.
    sums: &'a mut [f32],
    sum_step: usize,
}

/// Output channels that are worked on together, and where their sums begin.
struct Block {
    outputs: Range<usize>,
    sums: usize,
}

impl Kernel for WeightGradient<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (n_in, n_out) = (self.shape.channels, self.output_shape.channels);
        let width = VECTORS * S::LANES;
        assert!(self.shape.border == 1 && n_in.is_multiple_of(width), "{:?}", self.shape);
        assert!(n_out.is_multiple_of(S::LANES), "{:?}", self.output_shape);
        assert_eq!(self.gradient.len(), n_out * 9 * n_in, "the gradient's length");
        let tiles: Vec<Tile> =
            Tiles::of(self.shape).iter(self.shape.n_images(self.images.len())).collect();
        let (group, n_groups) = (GROUP.min(tiles.len()), tiles.len().div_ceil(GROUP));
        let (gradient_step, input_step) = (group * BLOCK + GAP, group * width + GAP);
        let (n_panels, sum_step) = (n_in / width, BLOCK * width + GAP);
        let (n_blocks, block_sums) = (n_out.div_ceil(BLOCK), n_panels * POINTS * sum_step);
        let n_sums = if n_groups > 1 { n_blocks } else { 1 };
        let mut scratch = Scratch::take();
        let [gradients, inputs, sums] = scratch.slices([
            POINTS * gradient_step,
            n_panels * POINTS * input_step,
            n_sums * block_sums,
        ]);
        let mut buffers = Buffers { gradients, gradient_step, inputs, input_step, sums, sum_step };
        for (i, tiles) in tiles.chunks(GROUP).enumerate() {
            let start = if i == 0 { Start::Zero } else { Start::Sums };
            self.transform_inputs(simd, tiles, &mut buffers);
            for block_idx in 0..n_blocks {
                let first = block_idx * BLOCK;
                let outputs = first..n_out.min(first + BLOCK);
                let block = Block { outputs, sums: block_idx % n_sums * block_sums };
                self.transform_gradients(simd, tiles, &block, &mut buffers);
                for panel in 0..n_panels {
                    multiply(simd, tiles.len(), (&block, panel), start, &mut buffers);
                    if i + 1 == n_groups {
                        self.add(simd, (&block, panel), &buffers);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn multiply<S: Simd>(
    simd: S,
    n_tiles: usize,
    (block, panel): (&Block, usize),
    start: Start,
    buffers: &mut Buffers<'_>,
) {
    let (width, n_outputs) = (VECTORS * S::LANES, block.outputs.len());
    for point in 0..POINTS {
        let values = &buffers.gradients[point * buffers.gradient_step..];
        let right = &buffers.inputs[(panel * POINTS + point) * buffers.input_step..];
        let sums = block.sums + (panel * POINTS + point) * buffers.sum_step;
        simd.vectorize(Product {
            depth: n_tiles,
            left: Strided { values: &values[..n_tiles * n_outputs], row_step: 1, step: n_outputs },
            right: &right[..n_tiles * width],
            sums: &mut buffers.sums[sums..][..n_outputs * width],
            start,
        });
    }
}

impl WeightGradient<'_> {
    #[inline(always)]
    fn transform_inputs<S: Simd>(&self, simd: S, tiles: &[Tile], buffers: &mut Buffers<'_>) {
        let (width, step) = (VECTORS * S::LANES, buffers.input_step);
        let (n_in, row_len) = (self.shape.channels, self.shape.row_len());
        for (i, tile) in tiles.iter().enumerate() {
            let seen = &self.images[tile.first_seen(self.shape)..];
            for channel in (0..n_in).step_by(S::LANES) {
                let to = channel / width * POINTS * step + i * width + channel % width;
                let to = (&mut buffers.inputs[to..], step);
                transform::input(simd, (&seen[channel..], row_len, n_in), to);
            }
        }
    }

    #[inline(always)]
    fn transform_gradients<S: Simd>(
        &self,
        simd: S,
        tiles: &[Tile],
        block: &Block,
        buffers: &mut Buffers<'_>,
    ) {
        let (shape, n_outputs) = (self.output_shape, block.outputs.len());
        for (i, tile) in tiles.iter().enumerate() {
            let pixels = &self.output_gradient[tile.first_pixel(shape) + block.outputs.start..];
            for first in (0..n_outputs).step_by(S::LANES) {
                transposed::output(
                    simd,
                    (&pixels[first..], shape.row_len(), shape.channels),
                    (&mut buffers.gradients[i * n_outputs + first..], buffers.gradient_step),
                );
            }
        }
    }

    /// Transforms the sums of a block and a panel back, and adds them to the gradient.
    #[inline(always)]
    fn add<S: Simd>(&mut self, simd: S, (block, panel): (&Block, usize), buffers: &Buffers<'_>) {
        let (n_in, width) = (self.shape.channels, VECTORS * S::LANES);
        let sums = &buffers.sums[block.sums + panel * POINTS * buffers.sum_step..];
        for (i, output) in block.outputs.clone().enumerate() {
            let kernel = &mut self.gradient[output * 9 * n_in..][..9 * n_in];
            for first in (0..width).step_by(S::LANES) {
                transposed::add_kernel(
                    simd,
                    (&sums[i * width + first..], buffers.sum_step),
                    (&mut kernel[panel * width + first..], n_in),
                );
            }
        }
    }
}
