use crate::framed::Framed;
use crate::simd::{Isa, Simd};
use crate::winograd::{Convolution, Finish, TILE, Tile, WeightGradient};

/// Convolves some images with what [`pack`](crate::winograd::pack) has made.
pub(super) fn convolve(
    isa: Isa,
    (shape, images): (Framed, &[f32]),
    (packed, bias): (&[f32], &[f32]),
    (output_shape, output): (Framed, &mut [f32]),
) {
    let finish = Store { shape: output_shape, output };
    isa.run(Convolution { shape, images, packed, bias, finish });
}

/// Writes tiles as they are.
struct Store<'a> {
    shape: Framed,
    output: &'a mut [f32],
}

impl Finish for Store<'_> {
    #[inline(always)]
    fn finish<S: Simd>(
        &mut self,
        simd: S,
        tile: Tile,
        channel: usize,
        pixels: [[S::Vector; TILE]; TILE],
    ) {
        let (row, column) = (self.shape.row_len(), self.shape.channels);
        let to = &mut self.output[tile.first_pixel(self.shape) + channel..];
        let to = &mut to[..(TILE - 1) * (row + column) + S::LANES];
        for (y, pixels) in pixels.into_iter().enumerate() {
            for (x, pixel) in pixels.into_iter().enumerate() {
                // SAFETY: x, y < `TILE`: within `to`, whose length was just checked.
                unsafe { simd.store(to.as_mut_ptr().add(y * row + x * column), pixel) };
            }
        }
    }
}

pub(super) fn add_weight_gradient(
    isa: Isa,
    (shape, images): (Framed, &[f32]),
    (output_shape, output_gradient): (Framed, &[f32]),
    gradient: &mut [f32],
) {
    isa.run(WeightGradient { shape, images, output_shape, output_gradient, gradient });
}
