//! Gradient of the input: for each pooling window and each of its four pixels the
//! output channels that the pixel won, and for these the sum of gradient × kernel.
//! The sums stay in registers, and the weights are streamed from the first-level
//! cache; then the sum is added to what the pixel had seen.

use super::{
    pack::{Column, InputGradientWeights},
    shape::{ConvBlock, Pooled},
    winners::Winners,
};
use crate::pool::DEAD;
use crate::simd::{Kernel, NO_POSITION, Simd, TILE};

/// Output channels at a time: their kernels' columns, at most 64 · 3 · 4 · 32
/// bytes, stay in a first-level cache of 32 KiB. On an EPYC of the Zen 3 family
/// the second and third layer took 39 and 35 µs an image, with 32 channels at a
/// time 48 and 41 (shorter lists), with 128 38 and 36.
const CHUNK: usize = 64;

impl ConvBlock {
    /// Gradient of the loss with respect to the padded input. What the slice held
    /// before is overwritten; what it then holds in the borders is the gradient
    /// with respect to the padding, which nobody needs.
    ///
    /// # Shapes
    ///
    /// - `gradient`: `[n, pooled_height, pooled_width, c_out]`, placed
    /// - `winners`: `[n, pooled_height, pooled_width, c_out]`, from `forward`
    /// - `input_gradient`: `[n, height + 2, width + 2, c_in]`
    pub fn backward_input(
        &self,
        weights: &InputGradientWeights,
        (gradient, winners): (Pooled<'_>, &[u8]),
        input_gradient: &mut [f32],
    ) {
        assert_eq!(*self, weights.block, "weights packed for another block");
        let n_images = self.count_images(input_gradient);
        gradient.placement.check(self, n_images, gradient.data.len());
        assert_eq!(winners.len(), n_images * self.pooled_len(), "winners: {self:?}");
        input_gradient.fill(0.0);
        if self.n_cells() > 0 {
            let weights = &weights.weights;
            self.isa().run(Pass { block: *self, weights, gradient, winners, input_gradient });
        }
    }
}

struct Pass<'a> {
    block: ConvBlock,
    weights: &'a [f32],
    gradient: Pooled<'a>,
    winners: &'a [u8],
    input_gradient: &'a mut [f32],
}

impl Kernel for Pass<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let block = self.block;
        let (kernel_row, pooled_len) = (block.kernel_row(), block.pooled_len());
        let mut lists = PixelLists::new(&block);
        let images = self.input_gradient.chunks_exact_mut(block.padded_len());
        for (image_idx, (image, winners)) in
            images.zip(self.winners.chunks_exact(pooled_len)).enumerate()
        {
            for first in (0..block.c_out).step_by(CHUNK) {
                lists.fill(simd, &block, first, winners, (self.gradient, image_idx));
                if kernel_row < S::LANES {
                    add_short_rows(&block, self.weights, &lists, image);
                    continue;
                }
                let mut weights = self.weights;
                for column in Column::of_row(kernel_row, S::LANES) {
                    let len = block.c_out * 3 * column.n_vectors * S::LANES;
                    let (packed, rest) = weights.split_at(len);
                    weights = rest;
                    match column.n_vectors {
                        1 => add_column::<S, 1>(simd, &block, column, packed, &lists, image),
                        2 => add_column::<S, 2>(simd, &block, column, packed, &lists, image),
                        3 => add_column::<S, 3>(simd, &block, column, packed, &lists, image),
                        _ => add_column::<S, 4>(simd, &block, column, packed, &lists, image),
                    }
                }
            }
        }
    }
}

/// For each pixel of the pooling windows the channels of a chunk that it won.
struct PixelLists {
    channels: Vec<u32>,
    gradients: Vec<f32>,
    /// Where each pixel's list ends, and the next begins, four for each window.
    ends: Vec<usize>,
    /// Of the first float that each pixel sees.
    positions: Vec<usize>,
}

impl PixelLists {
    fn new(block: &ConvBlock) -> Self {
        // Whole tiles are written, also beyond the last winner.
        let capacity = block.n_cells() * block.c_out.min(CHUNK) + TILE;
        Self {
            channels: vec![0; capacity],
            gradients: vec![0.0; capacity],
            ends: vec![0; 4 * block.n_cells()],
            positions: (0..4 * block.n_cells())
                .map(|i| {
                    let (cell, pixel) = (i / 4, i % 4);
                    let (y, x) = (cell / block.pooled_width(), cell % block.pooled_width());
                    block.cell_origin(y, x) + block.pixel_steps()[pixel]
                })
                .collect(),
        }
    }

    /// Lists of the channels from `first`; `winners` are those of one image.
    #[inline(always)]
    fn fill<S: Simd>(
        &mut self,
        simd: S,
        block: &ConvBlock,
        first: usize,
        winners: &[u8],
        (gradient, image_idx): (Pooled<'_>, usize),
    ) {
        // For each pixel 0 at its own mark, which leaves the channel's number as is.
        let tables: [[u32; TILE]; 4] = std::array::from_fn(|pixel| {
            std::array::from_fn(|mark| if mark == pixel { 0 } else { NO_POSITION })
        });
        let n_channels = CHUNK.min(block.c_out - first);
        let numbers: [[u32; TILE]; CHUNK / TILE] =
            std::array::from_fn(|i| std::array::from_fn(|j| (first + i * TILE + j) as u32));
        let mut end = 0;
        for (cell, winners) in winners.chunks_exact(block.c_out).enumerate() {
            let (y, x) = (cell / block.pooled_width(), cell % block.pooled_width());
            let at = gradient.placement.at(block, image_idx, y, x) + first;
            let (gradients, last_gradients) = gradient.data[at..][..n_channels].as_chunks::<TILE>();
            let (marks, last_marks) = winners[first..first + n_channels].as_chunks::<TILE>();
            let (mut mark_buffer, mut gradient_buffer) = ([DEAD; TILE], [0.0; TILE]);
            mark_buffer[..last_marks.len()].copy_from_slice(last_marks);
            gradient_buffer[..last_gradients.len()].copy_from_slice(last_gradients);
            for (pixel, table) in tables.iter().enumerate() {
                let tiles = marks.iter().zip(gradients).zip(&numbers);
                for ((marks, gradients), numbers) in tiles {
                    end += self.append(simd, end, &simd.look_up(table, marks, numbers), gradients);
                }
                if !last_marks.is_empty() {
                    let channels = simd.look_up(table, &mark_buffer, &numbers[marks.len()]);
                    end += self.append(simd, end, &channels, &gradient_buffer);
                }
                self.ends[4 * cell + pixel] = end;
            }
        }
    }

    #[inline(always)]
    fn append<S: Simd>(
        &mut self,
        simd: S,
        end: usize,
        channels: &[u32; TILE],
        gradients: &[f32; TILE],
    ) -> usize {
        assert!(end + TILE <= self.channels.len().min(self.gradients.len()));
        // SAFETY: `TILE` elements from `end` are within both vectors.
        unsafe {
            let to_channels = self.channels.as_mut_ptr().add(end);
            let to_gradients = self.gradients.as_mut_ptr().add(end);
            simd.keep_positions(channels, gradients, to_channels, to_gradients)
        }
    }

    /// Each pixel's list, with the position of the first float that it sees.
    #[inline(always)]
    fn pixels(&self) -> impl Iterator<Item = (usize, Winners<'_>)> {
        let mut start = 0;
        self.ends.iter().zip(&self.positions).map(move |(&end, &position)| {
            let which = &self.channels[start..end];
            let gradients = &self.gradients[start..end];
            start = end;
            (position, Winners { which, gradients })
        })
    }
}

fn add_short_rows(block: &ConvBlock, weights: &[f32], lists: &PixelLists, image: &mut [f32]) {
    let kernel_row = block.kernel_row();
    for (position, winners) in lists.pixels() {
        for (channel, gradient) in winners.iter() {
            let kernel = &weights[channel * 3 * kernel_row..];
            let seen = image[position..].chunks_mut(block.padded_row());
            for (weights, seen) in kernel.chunks_exact(kernel_row).take(3).zip(seen) {
                for (sum, weight) in seen.iter_mut().zip(weights) {
                    *sum += gradient * weight;
                }
            }
        }
    }
}

#[inline(always)]
fn add_column<S: Simd, const VECTORS: usize>(
    simd: S,
    block: &ConvBlock,
    column: Column,
    packed: &[f32],
    lists: &PixelLists,
    image: &mut [f32],
) {
    let (kernel_len, image_row) = (3 * VECTORS * S::LANES, block.padded_row());
    assert_eq!(column.n_vectors, VECTORS);
    assert_eq!(packed.len(), block.c_out * kernel_len);
    for (position, winners) in lists.pixels() {
        let mut sums = [[simd.splat(0.0); VECTORS]; 3];
        for (channel, gradient) in winners.iter() {
            let gradient = simd.splat(gradient);
            let kernel = channel * kernel_len;
            debug_assert!(kernel + kernel_len <= packed.len());
            for (y, sums) in sums.iter_mut().enumerate() {
                for (v, sum) in sums.iter_mut().enumerate() {
                    let at = kernel + (y * VECTORS + v) * S::LANES;
                    // SAFETY: `PixelLists::fill` only lists channels below `c_out`, so that
                    // the kernel's `kernel_len` floats are within `packed`.
                    let weight = unsafe { simd.load(packed.as_ptr().add(at)) };
                    *sum = simd.mul_add(gradient, weight, *sum);
                }
            }
        }
        let seen = &mut image[position + column.first..][..2 * image_row + column.last + S::LANES];
        for (y, sums) in sums.iter_mut().enumerate() {
            for (v, sum) in sums.iter_mut().enumerate() {
                let at = y * image_row + column.step(v, S::LANES);
                // SAFETY: y ≤ 2 and a step is at most `column.last`, so the vector
                // ends within `seen`, whose length was just checked.
                *sum = simd.add(unsafe { simd.load(seen.as_ptr().add(at)) }, *sum);
            }
            for (v, &sum) in sums.iter().enumerate() {
                let at = y * image_row + column.step(v, S::LANES);
                // SAFETY: as for the load.
                unsafe { simd.store(seen.as_mut_ptr().add(at), sum) };
            }
        }
    }
}
