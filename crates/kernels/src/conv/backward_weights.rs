//! Gradient of the weights: for each output channel the pixels that won, and for
//! these the sum of gradient × what the kernel saw there. The sums stay in
//! registers, and the input is streamed.

use super::{
    pack::Column,
    shape::{ConvBlock, Pooled},
    winners::{ChannelLists, Winners},
};
use crate::pool::DEAD;
use crate::simd::{Kernel, Simd};

/// Windows that a channel's list should span. Sums are read and written once for
/// each list, so lists of small images are joined, as long as the images stay in
/// cache. On an EPYC of the Zen 3 family the third layer took 29 µs an image, with
/// lists of 64 or 128 windows 34.
const LIST_LEN: usize = 32;
/// Images of one list at most: positions in them fit 31 bits.
const MAX_LIST_IMAGES: usize = 16;

impl ConvBlock {
    /// Gradients of the loss with respect to weights and biases, summed over the
    /// images. What the two slices held before is overwritten.
    ///
    /// # Shapes
    ///
    /// - `images`: `[n, height + 2, width + 2, c_in]`, as given to `forward`
    /// - `gradient`: `[n, pooled_height, pooled_width, c_out]`, placed
    /// - `winners`: `[n, pooled_height, pooled_width, c_out]`, from `forward`
    /// - `weight_gradient`: `[c_out, 3, 3, c_in]`
    /// - `bias_gradient`: `[c_out]`
    pub fn backward_weights(
        &self,
        images: &[f32],
        (gradient, winners): (Pooled<'_>, &[u8]),
        weight_gradient: &mut [f32],
        bias_gradient: &mut [f32],
    ) {
        let n_images = self.count_images(images);
        gradient.placement.check(self, n_images, gradient.data.len());
        assert_eq!(winners.len(), n_images * self.pooled_len(), "winners: {self:?}");
        assert_eq!(weight_gradient.len(), self.weight_len(), "weight gradient: {self:?}");
        assert_eq!(bias_gradient.len(), self.c_out, "bias gradient: {self:?}");
        weight_gradient.fill(0.0);
        bias_gradient.fill(0.0);
        if self.n_cells() > 0 {
            let block = *self;
            self.isa().run(Pass {
                block,
                images,
                gradient,
                winners,
                weight_gradient,
                bias_gradient,
            });
        }
    }
}

struct Pass<'a> {
    block: ConvBlock,
    images: &'a [f32],
    gradient: Pooled<'a>,
    winners: &'a [u8],
    weight_gradient: &'a mut [f32],
    bias_gradient: &'a mut [f32],
}

impl Kernel for Pass<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let block = self.block;
        let list_images = (LIST_LEN / block.n_cells()).clamp(1, MAX_LIST_IMAGES);
        let mut lists = ChannelLists::new(&block, list_images);
        for (i, images) in self.images.chunks(list_images * block.padded_len()).enumerate() {
            lists.clear();
            for j in 0..images.len() / block.padded_len() {
                let (image_idx, position) = (i * list_images + j, j * block.padded_len());
                self.add_bias_gradients(image_idx);
                lists.append(simd, &block, (self.gradient, self.winners), image_idx, position);
            }
            let kernels = self.weight_gradient.chunks_exact_mut(3 * block.kernel_row());
            for (channel, kernel) in kernels.enumerate() {
                add_products(simd, &block, lists.of(channel), images, kernel);
            }
        }
    }
}

impl Pass<'_> {
    #[inline(always)]
    fn add_bias_gradients(&mut self, image_idx: usize) {
        let block = &self.block;
        let winners = &self.winners[image_idx * block.pooled_len()..][..block.pooled_len()];
        let row_len = block.pooled_width() * block.c_out;
        for (y, winners) in winners.chunks_exact(row_len).enumerate() {
            let at = self.gradient.placement.at(block, image_idx, y, 0);
            let gradients = self.gradient.data[at..][..row_len].chunks_exact(block.c_out);
            for (gradients, winners) in gradients.zip(winners.chunks_exact(block.c_out)) {
                let sums = self.bias_gradient.iter_mut().zip(gradients.iter().zip(winners));
                for (sum, (&gradient, &winner)) in sums {
                    *sum += if winner < DEAD { gradient } else { 0.0 };
                }
            }
        }
    }
}

/// Adds Σ gradient · (what the winner sees) to one channel's kernel.
#[inline(always)]
fn add_products<S: Simd>(
    simd: S,
    block: &ConvBlock,
    winners: Winners<'_>,
    images: &[f32],
    kernel: &mut [f32],
) {
    let kernel_row = block.kernel_row();
    if kernel_row < S::LANES {
        for (position, gradient) in winners.iter() {
            let seen = images[position..].chunks(block.padded_row());
            for (sums, seen) in kernel.chunks_exact_mut(kernel_row).zip(seen) {
                for (sum, x) in sums.iter_mut().zip(seen) {
                    *sum += gradient * x;
                }
            }
        }
        return;
    }
    for column in Column::of_row(kernel_row, S::LANES) {
        match column.n_vectors {
            1 => add_column::<S, 1>(simd, block, column, winners, images, kernel),
            2 => add_column::<S, 2>(simd, block, column, winners, images, kernel),
            3 => add_column::<S, 3>(simd, block, column, winners, images, kernel),
            _ => add_column::<S, 4>(simd, block, column, winners, images, kernel),
        }
    }
}

#[inline(always)]
fn add_column<S: Simd, const VECTORS: usize>(
    simd: S,
    block: &ConvBlock,
    column: Column,
    winners: Winners<'_>,
    images: &[f32],
    kernel: &mut [f32],
) {
    assert_eq!(column.n_vectors, VECTORS);
    let (kernel_row, image_row) = (block.kernel_row(), block.padded_row());
    assert_eq!(kernel.len(), 3 * kernel_row);
    let mut sums = [[simd.splat(0.0); VECTORS]; 3];
    for (y, sums) in sums.iter_mut().enumerate() {
        for (v, sum) in sums.iter_mut().enumerate() {
            let at = y * kernel_row + column.first + column.step(v, S::LANES);
            // SAFETY: y < 3, and a column's vectors lie within a kernel row.
            *sum = unsafe { simd.load(kernel.as_ptr().add(at)) };
        }
    }
    for (position, gradient) in winners.iter() {
        let gradient = simd.splat(gradient);
        let start = position + column.first;
        debug_assert!(start + 2 * image_row + column.last + S::LANES <= images.len());
        for (y, sums) in sums.iter_mut().enumerate() {
            for (v, sum) in sums.iter_mut().enumerate() {
                let at = start + y * image_row + column.step(v, S::LANES);
                // SAFETY: `position` is where a pixel of an image begins to see (so
                // `ChannelLists::append` made it), and from there a kernel row's floats
                // are in each of three image rows; a column's vectors lie within it.
                let x = unsafe { simd.load(images.as_ptr().add(at)) };
                *sum = simd.mul_add(gradient, x, *sum);
            }
        }
    }
    // Vectors that overlap hold the same sums in the lanes that they share.
    for (y, sums) in sums.iter().enumerate() {
        for (v, &sum) in sums.iter().enumerate() {
            let at = y * kernel_row + column.first + column.step(v, S::LANES);
            // SAFETY: as for the loads above.
            unsafe { simd.store(kernel.as_mut_ptr().add(at), sum) };
        }
    }
}
