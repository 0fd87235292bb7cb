use std::ops::Range;

use super::product::{Product, Start, Strided};
use super::{GAP, POINTS, Tile, Tiles, VECTORS, transform, transposed};
use crate::framed::Framed;
use crate::scratch::Scratch;
use crate::simd::{Kernel, Simd};

/// Tiles that are worked on together, at most.
const GROUP: usize = 32;
/// Output and input channels that are worked on together: sums of that many pairs and both
/// transforms of a group, 144 KiB each, stay in a cache of 512 KiB. Transforms are done again for
/// each block, which costs less than to fetch them from beyond that cache: on an EPYC of the
/// Zen 3 family 32 → 64 channels at 16×16 took 36 µs an image, and 50 with all blocks' sums and
/// inputs kept.
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
    /// `[points, tiles, output channels of a block]`
    gradients: &'a mut [f32],
    gradient_step: usize,
    /// `[panels of a block, points, tiles, channels of a panel]`
    inputs: &'a mut [f32],
    input_step: usize,
    /// `[panels of a block, points, output channels of a block, channels of a panel]`
    sums: &'a mut [f32],
    sum_step: usize,
}

/// Channels that are worked on together.
#[derive(Clone)]
struct Block {
    outputs: Range<usize>,
    inputs: Range<usize>,
}

impl Kernel for WeightGradient<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (n_in, n_out) = (self.shape.channels, self.output_shape.channels);
        let width = VECTORS * S::LANES;
        let tiles: Vec<Tile> =
            Tiles::of(self.shape).iter(self.shape.n_images(self.images.len())).collect();
        let group = GROUP.min(tiles.len());
        let n_groups = tiles.len().div_ceil(GROUP);
        let (gradient_step, input_step) = (group * BLOCK + GAP, group * width + GAP);
        let (n_panels, sum_step) = (n_in / width, BLOCK * width + GAP);
        let n_blocks = n_out.div_ceil(BLOCK);
        let n_sums = if n_groups > 1 { n_blocks } else { 1 };
        let mut scratch = Scratch::take();
        let [gradients, inputs, sums] = scratch.slices([
            POINTS * gradient_step,
            n_panels * POINTS * input_step,
            n_sums * n_panels * POINTS * sum_step,
        ]);
        let of_block = n_panels * POINTS * sum_step;
        for (i, tiles) in tiles.chunks(GROUP).enumerate() {
            let all = Block { outputs: 0..n_out, inputs: 0..n_in };
            let start = if i == 0 { Start::Zero } else { Start::Sums };
            self.transform_inputs(
                simd,
                tiles,
                &all,
                &mut Buffers {
                    gradients: &mut *gradients,
                    gradient_step,
                    inputs: &mut *inputs,
                    input_step,
                    sums: &mut *sums,
                    sum_step,
                },
            );
            for output in 0..n_blocks {
                let block = Block {
                    outputs: output * BLOCK..n_out.min((output + 1) * BLOCK),
                    inputs: 0..n_in,
                };
                let sums = &mut sums[output % n_sums * of_block..][..of_block];
                let mut buffers = Buffers {
                    gradients: &mut *gradients,
                    gradient_step,
                    inputs: &mut *inputs,
                    input_step,
                    sums,
                    sum_step,
                };
                self.transform_gradients(simd, tiles, &block, &mut buffers);
                multiply(simd, tiles.len(), &block, start, &mut buffers);
                if i + 1 == n_groups {
                    self.add(simd, &block, &buffers);
                }
            }
        }
    }
}

#[inline(always)]
fn multiply<S: Simd>(
    simd: S,
    n_tiles: usize,
    block: &Block,
    start: Start,
    buffers: &mut Buffers<'_>,
) {
    let (width, n_outputs) = (VECTORS * S::LANES, block.outputs.len());
    for panel in 0..block.inputs.len() / width {
        for point in 0..POINTS {
            let values = &buffers.gradients[point * buffers.gradient_step..];
            let right = &buffers.inputs[(panel * POINTS + point) * buffers.input_step..];
            let sums = &mut buffers.sums[(panel * POINTS + point) * buffers.sum_step..];
            simd.vectorize(Product {
                depth: n_tiles,
                left: Strided {
                    values: &values[..n_tiles * n_outputs],
                    row_step: 1,
                    step: n_outputs,
                },
                right: &right[..n_tiles * width],
                sums: &mut sums[..n_outputs * width],
                start,
            });
        }
    }
}

impl WeightGradient<'_> {
    #[inline(always)]
    fn transform_inputs<S: Simd>(
        &self,
        simd: S,
        tiles: &[Tile],
        block: &Block,
        buffers: &mut Buffers<'_>,
    ) {
        let (width, step) = (VECTORS * S::LANES, buffers.input_step);
        for (i, tile) in tiles.iter().enumerate() {
            let seen = &self.images[tile.first_seen(self.shape) + block.inputs.start..];
            for first in (0..block.inputs.len()).step_by(S::LANES) {
                let to = first / width * POINTS * step + i * width + first % width;
                transform::input(
                    simd,
                    (&seen[first..], self.shape.row_len(), self.shape.channels),
                    (&mut buffers.inputs[to..], step),
                );
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

    /// Transforms the sums back, and adds them to the gradient.
    #[inline(always)]
    fn add<S: Simd>(&mut self, simd: S, block: &Block, buffers: &Buffers<'_>) {
        let (n_in, width) = (self.shape.channels, VECTORS * S::LANES);
        for (i, output) in block.outputs.clone().enumerate() {
            let kernel = &mut self.gradient[output * 9 * n_in..][..9 * n_in];
            for first in (0..block.inputs.len()).step_by(S::LANES) {
                let sums = &buffers.sums[first / width * POINTS * buffers.sum_step..];
                transposed::add_kernel(
                    simd,
                    (&sums[i * width + first % width..], buffers.sum_step),
                    (&mut kernel[block.inputs.start + first..], n_in),
                );
            }
        }
    }
}
