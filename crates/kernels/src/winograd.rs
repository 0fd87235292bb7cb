//! Winograd's minimal filtering, F(4×4, 3×3): a tile of 4×4 pixels costs 36 products for each
//! pair of channels instead of 144.
//!
//! Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A, summed over input channels before Aᵀ and A, where d are the
//! 6×6 inputs that the tile sees, g the 3×3 kernel, Y the tile and ⊙ the product element by
//! element; so each of the 36 points is a plain matrix product of tiles × input channels ×
//! output channels. Transposed, with Y̅ and g̅ for gradients: g̅ = Gᵀ [ (A Y̅ Aᵀ) ⊙ (Bᵀ d B) ] G,
//! summed over tiles before Gᵀ and G.
//!
//! Lavin and Gray, Fast algorithms for convolutional neural networks, CVPR 2016.
//!
//! # Layout
//! - `transform`: B, G and A; `transposed`: their transposes, for the weight gradient
//! - `product`: the matrix product of one point
//! - [`convolve`]: tiles in, tiles out; what becomes of them is the caller's ([`Finish`])
//! - [`pack`], [`pack_turned`]: the transformed weights

mod convolve;
mod pack;
mod product;
mod transform;
mod transposed;
mod weight_gradient;

pub(crate) use convolve::{Convolution, Finish};
pub(crate) use pack::{pack, pack_turned};
pub(crate) use weight_gradient::WeightGradient;

use crate::framed::Framed;

/// Pixels of a tile, in each direction.
pub(crate) const TILE: usize = 4;
/// Points: pixels that a tile sees, 6×6.
const POINTS: usize = 36;
/// Vectors of a panel of channels, the columns of a product.
pub(crate) const VECTORS: usize = 2;
/// Floats between points, so that they don't compete for the same cache sets.
const GAP: usize = 16;

/// The 4×4 tiles of images, numbered row by row, image by image.
#[derive(Clone, Copy)]
pub(crate) struct Tiles {
    rows: usize,
    columns: usize,
}

impl Tiles {
    /// Of images of that height and width, multiples of [`TILE`].
    fn of(shape: Framed) -> Self {
        assert!(shape.height.is_multiple_of(TILE) && shape.width.is_multiple_of(TILE), "{shape:?}");
        Self { rows: shape.height / TILE, columns: shape.width / TILE }
    }

    fn iter(self, n_images: usize) -> impl Iterator<Item = Tile> {
        (0..n_images).flat_map(move |image| {
            (0..self.rows).flat_map(move |y| (0..self.columns).map(move |x| Tile { image, y, x }))
        })
    }
}

/// One tile: its image, and its row and column in tiles.
#[derive(Clone, Copy)]
pub(crate) struct Tile {
    pub(crate) image: usize,
    pub(crate) y: usize,
    pub(crate) x: usize,
}

impl Tile {
    /// Where, in images of `shape`, its first pixel begins.
    #[inline(always)]
    pub(crate) fn first_pixel(self, shape: Framed) -> usize {
        self.image * shape.image_len() + shape.pixel(TILE * self.y, TILE * self.x)
    }

    /// Where, in images of `shape`, the first pixel that it sees begins.
    #[inline(always)]
    fn first_seen(self, shape: Framed) -> usize {
        self.first_pixel(shape) - shape.row_len() - shape.channels
    }
}
