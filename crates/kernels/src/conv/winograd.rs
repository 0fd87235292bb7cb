//! Winograd's minimal filtering, F(4×4, 3×3): a tile of 4×4 pixels costs 36
//! products for each pair of channels instead of 144.
//!
//! Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A, summed over input channels before Aᵀ and A,
//! where d are the 6×6 inputs that the tile sees, g the 3×3 kernel, Y the tile and
//! ⊙ the product element by element; so each of the 36 points is a plain matrix
//! product of tiles × input channels × output channels. A tile is four pooling
//! windows.
//!
//! Lavin and Gray, Fast algorithms for convolutional neural networks, CVPR 2016.

use super::{forward::Output, pack::ForwardWeights, shape::ConvBlock};
use crate::{
    AlignedBuffer,
    simd::{self, Kernel, Simd},
};

mod transform;

/// Pixels of a tile, in each direction.
const TILE: usize = 4;
/// Points: pixels that a tile sees, 6×6.
const POINTS: usize = 36;
/// Tiles that are worked on together, about: enough to pay for reading the
/// transformed weights, few enough for their transforms to stay in a cache of
/// 512 KiB. On an EPYC of the Zen 3 family 16 and 32 took the same time, 64 a tenth
/// more.
const GROUP: usize = 32;
/// Vectors of a panel of output channels.
const VECTORS: usize = 2;
/// Tiles × vectors that keep eight sums in registers.
const ROWS: usize = 4;
/// Floats between points, so that they don't compete for the same cache sets.
const GAP: usize = 16;

impl ConvBlock {
    /// Whether the block's sizes are multiples of what Winograd's kernels take.
    pub fn has_winograd(&self) -> bool {
        let lanes = self.isa().lanes();
        self.height.is_multiple_of(TILE)
            && self.width.is_multiple_of(TILE)
            && self.height * self.width > 0
            && self.c_in.is_multiple_of(lanes.max(simd::TILE))
            && self.c_out.is_multiple_of((VECTORS * lanes).max(simd::TILE))
    }
}

/// `[panels, 6, 6, c_in, channels of a panel]` from `[c_out, 3, 3, c_in]`.
pub(super) fn pack(block: &ConvBlock, weights: &[f32]) -> AlignedBuffer {
    assert!(block.has_winograd(), "no Winograd: {block:?}");
    let mut packed = AlignedBuffer::zeros(POINTS * block.c_in * block.c_out);
    block.isa().run(Pack { c_in: block.c_in, weights, packed: &mut packed });
    packed
}

struct Pack<'a> {
    c_in: usize,
    weights: &'a [f32],
    packed: &'a mut [f32],
}

impl Kernel for Pack<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        const N: usize = simd::TILE;
        let Self { c_in, weights, packed } = self;
        let (width, len) = (VECTORS * S::LANES, POINTS * c_in);
        // [N output channels, 6, 6, c_in]
        let mut points = vec![0.0; N * len];
        for (i, kernels) in weights.chunks_exact(N * 9 * c_in).enumerate() {
            for (kernel, points) in kernels.chunks_exact(9 * c_in).zip(points.chunks_mut(len)) {
                transform::kernel(simd, c_in, kernel, points);
            }
            let (panel, first) = (i * N / width, i * N % width);
            let panel = &mut packed[panel * width * len..][..width * len];
            for (k, panel) in (0..len).step_by(N).zip(panel.chunks_exact_mut(N * width)) {
                let rows: [&[f32; N]; N] = std::array::from_fn(|row| {
                    points[row * len + k..].first_chunk().expect("`len` is a multiple of `N`")
                });
                let columns = simd.transpose(rows);
                for (column, to) in columns.iter().zip(panel.chunks_exact_mut(width)) {
                    to[first..first + N].copy_from_slice(column);
                }
            }
        }
    }
}

#[inline(always)]
pub(super) fn run<S: Simd, const RECORD: bool>(
    simd: S,
    weights: &ForwardWeights,
    images: &[f32],
    output: &mut Output<'_>,
) {
    let block = &weights.block;
    assert!(block.has_winograd(), "no Winograd: {block:?}");
    let (tiles_y, tiles_x) = (block.height / TILE, block.width / TILE);
    let (c_in, width, n_tiles) = (block.c_in, VECTORS * S::LANES, tiles_y * tiles_x);
    let group = GROUP.div_ceil(n_tiles).min(images.len() / block.padded_len());
    // [points, tiles, c_in] and [points, tiles, channels of a panel]
    let input_step = group * n_tiles * c_in + GAP;
    let product_step = group * n_tiles * width + GAP;
    let mut inputs = AlignedBuffer::zeros(POINTS * input_step);
    let mut products = AlignedBuffer::zeros(POINTS * product_step);

    for (i, images) in images.chunks(group.max(1) * block.padded_len()).enumerate() {
        let n_images = images.len() / block.padded_len();
        let tile_at = |tile: usize| (tile / n_tiles, tile / tiles_x % tiles_y, tile % tiles_x);
        for tile in 0..n_images * n_tiles {
            let (image, y, x) = tile_at(tile);
            let origin = image * block.padded_len() + TILE * (y * block.padded_row() + x * c_in);
            for channel in (0..c_in).step_by(S::LANES) {
                transform::input(
                    simd,
                    (&images[origin + channel..], block.padded_row(), c_in),
                    (&mut inputs[tile * c_in + channel..], input_step),
                );
            }
        }
        let panels = weights.packed.chunks_exact(POINTS * c_in * width);
        for (panel, (weights, bias)) in panels.zip(weights.bias.chunks_exact(width)).enumerate() {
            for (point, weights) in weights.chunks_exact(c_in * width).enumerate() {
                let inputs = &inputs[point * input_step..][..n_images * n_tiles * c_in];
                let products = &mut products[point * product_step..][..n_images * n_tiles * width];
                simd.vectorize(Product { c_in, inputs, weights, products });
            }
            for tile in 0..n_images * n_tiles {
                let (image, y, x) = tile_at(tile);
                for first in (0..width).step_by(S::LANES) {
                    let from = (&products[tile * width + first..], product_step);
                    let pixels = transform::output(simd, from, &bias[first..]);
                    let channel = panel * width + first;
                    for (dy, dx) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                        let (top, bottom) = (pixels[2 * dy], pixels[2 * dy + 1]);
                        let window =
                            [top[2 * dx], top[2 * dx + 1], bottom[2 * dx], bottom[2 * dx + 1]];
                        let cell = (i * group + image, 2 * y + dy, 2 * x + dx);
                        output.finish::<S, RECORD>(simd, cell, channel, window);
                    }
                }
            }
        }
    }
}

/// `[tiles, c_in]` × `[c_in, VECTORS]` → `[tiles, VECTORS]`: a function of its
/// own, which gets all registers.
struct Product<'a> {
    c_in: usize,
    inputs: &'a [f32],
    weights: &'a [f32],
    products: &'a mut [f32],
}

impl Kernel for Product<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { c_in, inputs, weights, products } = self;
        let width = VECTORS * S::LANES;
        let inputs = inputs.chunks(ROWS * c_in);
        for (inputs, products) in inputs.zip(products.chunks_mut(ROWS * width)) {
            if inputs.len() == ROWS * c_in {
                multiply_rows::<S, ROWS>(simd, c_in, inputs, weights, products);
            } else {
                let rows = inputs.chunks_exact(c_in).zip(products.chunks_exact_mut(width));
                for (inputs, products) in rows {
                    multiply_rows::<S, 1>(simd, c_in, inputs, weights, products);
                }
            }
        }
    }
}

#[inline(always)]
fn multiply_rows<S: Simd, const N: usize>(
    simd: S,
    c_in: usize,
    inputs: &[f32],
    weights: &[f32],
    products: &mut [f32],
) {
    let width = VECTORS * S::LANES;
    let (inputs, weights) = (&inputs[..N * c_in], &weights[..c_in * width]);
    let products = &mut products[..N * width];
    let mut sums = [[simd.splat(0.0); VECTORS]; N];
    for k in 0..c_in {
        let mut vectors = [simd.splat(0.0); VECTORS];
        for (v, vector) in vectors.iter_mut().enumerate() {
            // SAFETY: k < c_in and v < `VECTORS`: within `weights`.
            *vector = unsafe { simd.load(weights.as_ptr().add(k * width + v * S::LANES)) };
        }
        for (row, sums) in sums.iter_mut().enumerate() {
            // SAFETY: row < N and k < c_in: within `inputs`.
            let x = simd.splat(unsafe { *inputs.as_ptr().add(row * c_in + k) });
            for (sum, &vector) in sums.iter_mut().zip(&vectors) {
                *sum = simd.mul_add(x, vector, *sum);
            }
        }
    }
    for (row, sums) in sums.iter().enumerate() {
        for (v, &sum) in sums.iter().enumerate() {
            // SAFETY: row < N and v < `VECTORS`: within `products`.
            unsafe { simd.store(products.as_mut_ptr().add(row * width + v * S::LANES), sum) };
        }
    }
}
