use super::{
    direct,
    pack::{ForwardMethod, ForwardWeights},
    shape::{ConvBlock, PooledMut},
    winograd,
};
use crate::pool::{relu_max, store_first, store_first_bytes};
use crate::simd::{Kernel, Simd};

impl ConvBlock {
    /// Pooled activations, and which pixel won each.
    ///
    /// # Shapes
    ///
    /// - `images`: `[n, height + 2, width + 2, c_in]`, borders zero
    /// - `pooled`: `[n, pooled_height, pooled_width, c_out]`, placed
    /// - `winners`: `[n, pooled_height, pooled_width, c_out]`, 0 to 3 or [`DEAD`](super::DEAD)
    pub fn forward(
        &self,
        weights: &ForwardWeights,
        images: &[f32],
        pooled: PooledMut<'_>,
        winners: &mut [u8],
    ) {
        let n_images = self.check(weights, images, &pooled);
        assert_eq!(winners.len(), n_images * self.pooled_len(), "winners: {self:?}");
        let output = Output { block: *self, pooled, winners };
        self.isa().run(Pass::<true> { weights, images, output });
    }

    /// Pooled activations, bit for bit those of [`forward`](Self::forward).
    ///
    /// # Shapes
    ///
    /// - `images`: `[n, height + 2, width + 2, c_in]`, borders zero
    /// - `pooled`: `[n, pooled_height, pooled_width, c_out]`, placed
    pub fn evaluate(&self, weights: &ForwardWeights, images: &[f32], pooled: PooledMut<'_>) {
        self.check(weights, images, &pooled);
        let output = Output { block: *self, pooled, winners: &mut [] };
        self.isa().run(Pass::<false> { weights, images, output });
    }

    /// The number of images.
    fn check(&self, weights: &ForwardWeights, images: &[f32], pooled: &PooledMut<'_>) -> usize {
        assert_eq!(*self, weights.block, "weights packed for another block");
        let n_images = self.count_images(images);
        pooled.placement.check(self, n_images, pooled.data.len());
        n_images
    }
}

/// `RECORD`: whether to write down who won.
struct Pass<'a, const RECORD: bool> {
    weights: &'a ForwardWeights,
    images: &'a [f32],
    output: Output<'a>,
}

impl<const RECORD: bool> Kernel for Pass<'_, RECORD> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let Self { weights, images, output } = &mut self;
        match weights.method {
            ForwardMethod::Direct => direct::run::<S, RECORD>(simd, weights, images, output),
            ForwardMethod::Winograd => winograd::run::<S, RECORD>(simd, weights, images, output),
        }
    }
}

/// Where the end of the pass writes to.
pub(super) struct Output<'a> {
    block: ConvBlock,
    pooled: PooledMut<'a>,
    winners: &'a mut [u8],
}

impl Output<'_> {
    /// ReLU, pool and winner of the window `(image, y, x)` for a vector of channels,
    /// of which those beyond `c_out` are left out.
    #[inline(always)]
    pub(super) fn finish<S: Simd, const RECORD: bool>(
        &mut self,
        simd: S,
        (image_idx, y, x): (usize, usize, usize),
        channel: usize,
        window: [S::Vector; 4],
    ) {
        let block = &self.block;
        let n_channels = S::LANES.min(block.c_out - channel);
        let (max, winner) = relu_max(simd, window);
        let at = self.pooled.placement.at(block, image_idx, y, x) + channel;
        store_first(simd, &mut self.pooled.data[at..][..n_channels], max);
        if RECORD {
            let cell = image_idx * block.n_cells() + y * block.pooled_width() + x;
            let at = cell * block.c_out + channel;
            store_first_bytes(simd, &mut self.winners[at..][..n_channels], winner);
        }
    }
}
