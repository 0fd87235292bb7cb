use super::product::{Product, Start, Strided};
use super::{GAP, POINTS, TILE, Tile, Tiles, VECTORS, transform};
use crate::framed::Framed;
use crate::scratch::Scratch;
use crate::simd::{Kernel, Simd};

/// Tiles that are worked on together, at most: enough to pay for reading the transformed
/// weights, few enough for their transforms to stay in a cache of 512 KiB. On an EPYC of the
/// Zen 3 family 16 to 48 took the same time.
const GROUP: usize = 32;

/// Where the tiles of the output go.
pub(crate) trait Finish {
    /// One tile of a vector of output channels, from `channel` on.
    fn finish<S: Simd>(
        &mut self,
        simd: S,
        tile: Tile,
        channel: usize,
        pixels: [[S::Vector; TILE]; TILE],
    );
}

/// The convolution of some images.
pub(crate) struct Convolution<'a, F> {
    /// Of the images: a border of 1, the channels a multiple of a vector.
    pub(crate) shape: Framed,
    pub(crate) images: &'a [f32],
    /// `[panels, 6, 6, channels of the images, channels of a panel]`: see [`pack`](super::pack).
    pub(crate) packed: &'a [f32],
    /// One for each output channel, of which there are whole panels.
    pub(crate) bias: &'a [f32],
    pub(crate) finish: F,
}

impl<F: Finish> Kernel for Convolution<'_, F> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (n_in, width) = (self.shape.channels, VECTORS * S::LANES);
        assert!(self.shape.border == 1 && n_in.is_multiple_of(S::LANES), "{:?}", self.shape);
        assert!(self.bias.len().is_multiple_of(width), "whole panels");
        assert_eq!(self.packed.len(), POINTS * n_in * self.bias.len(), "the packed weights");
        let tiles: Vec<Tile> =
            Tiles::of(self.shape).iter(self.shape.n_images(self.images.len())).collect();
        let group = GROUP.min(tiles.len());
        // [points, tiles, n_in] and [points, tiles, channels of a panel]
        let (input_step, product_step) = (group * n_in + GAP, group * width + GAP);
        let mut scratch = Scratch::take();
        let [inputs, products] = scratch.slices([POINTS * input_step, POINTS * product_step]);
        for tiles in tiles.chunks(GROUP) {
            self.transform_inputs(simd, tiles, (inputs, input_step));
            for panel in 0..self.bias.len() / width {
                let packed = &self.packed[panel * POINTS * n_in * width..];
                for (point, right) in packed.chunks_exact(n_in * width).take(POINTS).enumerate() {
                    let values = &inputs[point * input_step..][..tiles.len() * n_in];
                    simd.vectorize(Product {
                        depth: n_in,
                        left: Strided { values, row_step: n_in, step: 1 },
                        right,
                        sums: &mut products[point * product_step..][..tiles.len() * width],
                        start: Start::Zero,
                    });
                }
                self.finish_panel(simd, tiles, panel, (products, product_step));
            }
        }
    }
}

impl<F: Finish> Convolution<'_, F> {
    #[inline(always)]
    fn transform_inputs<S: Simd>(
        &self,
        simd: S,
        tiles: &[Tile],
        (inputs, step): (&mut [f32], usize),
    ) {
        let n_in = self.shape.channels;
        for (i, tile) in tiles.iter().enumerate() {
            let seen = &self.images[tile.first_seen(self.shape)..];
            for channel in (0..n_in).step_by(S::LANES) {
                transform::input(
                    simd,
                    (&seen[channel..], self.shape.row_len(), n_in),
                    (&mut inputs[i * n_in + channel..], step),
                );
            }
        }
    }

    #[inline(always)]
    fn finish_panel<S: Simd>(
        &mut self,
        simd: S,
        tiles: &[Tile],
        panel: usize,
        (products, step): (&[f32], usize),
    ) {
        let width = VECTORS * S::LANES;
        for (i, &tile) in tiles.iter().enumerate() {
            for first in (0..width).step_by(S::LANES) {
                let channel = panel * width + first;
                let from = (&products[i * width + first..], step);
                let pixels = transform::output(simd, from, &self.bias[channel..]);
                self.finish.finish(simd, tile, channel, pixels);
            }
        }
    }
}
