//! The hidden block by Winograd's minimal filtering: a tile is four pooling windows.

use super::{forward::Output, pack::ForwardWeights, shape::ConvBlock};
use crate::{
    AlignedBuffer,
    framed::Framed,
    simd::{self, Kernel, Simd},
    winograd::{self, Convolution, Finish, TILE, Tile, VECTORS},
};

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
    winograd::pack(block.isa(), [block.c_in, block.c_out], weights)
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
    let shape = Framed::padded(block.height, block.width, block.c_in);
    let (packed, bias) = (&weights.packed, &weights.bias);
    let finish = Windows::<'_, '_, RECORD>(output);
    Convolution { shape, images, packed, bias, finish }.run(simd);
}

/// Ends the pass for the four pooling windows of a tile.
struct Windows<'a, 'b, const RECORD: bool>(&'a mut Output<'b>);

impl<const RECORD: bool> Finish for Windows<'_, '_, RECORD> {
    #[inline(always)]
    fn finish<S: Simd>(
        &mut self,
        simd: S,
        Tile { image, y, x }: Tile,
        channel: usize,
        pixels: [[S::Vector; TILE]; TILE],
    ) {
        for (dy, dx) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let (top, bottom) = (pixels[2 * dy], pixels[2 * dy + 1]);
            let window = [top[2 * dx], top[2 * dx + 1], bottom[2 * dx], bottom[2 * dx + 1]];
            let cell = (image, 2 * y + dy, 2 * x + dx);
            self.0.finish::<S, RECORD>(simd, cell, channel, window);
        }
    }
}
