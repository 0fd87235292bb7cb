use crate::scalar;
use crate::simd::{CHUNK, Chunks, Simd};

/// Which of a window's four pixels wins, before the batch's statistics are known: y is a
/// monotonic function of x, increasing or decreasing as γ is positive or negative, so that the
/// winner has the largest x · sign γ.
pub(super) struct Best<S: Simd> {
    sign: S::Vector,
}

impl<S: Simd> Best<S> {
    /// For the chunk of channels from `first` on; `scale` is γ.
    #[inline(always)]
    pub(super) fn load(simd: S, scale: &[f32], first: usize) -> Self {
        let mut signs = [0.0; CHUNK];
        for (sign, &scale) in signs.iter_mut().zip(&scale[first..]) {
            // Where γ is 0, all y are alike, and the first wins.
            *sign = if scale == 0.0 { 0.0 } else { scale.signum() };
        }
        Self { sign: simd.load_chunk(&signs) }
    }

    /// The winner's x, and which it is, as whole numbers. The first maximum wins; the first NaN
    /// beats all.
    #[inline(always)]
    pub(super) fn of(&self, simd: S, window: [S::Vector; 4]) -> (S::Vector, S::Vector) {
        let [a, b, c, d] = window.map(|x| simd.mul(x, self.sign));
        if simd.any_nan(a, b) | simd.any_nan(c, d) {
            return with_nan(simd, window, [a, b, c, d]);
        }
        let (top, bottom) = (simd.max(b, a), simd.max(d, c));
        let first = |k: f32, otherwise: f32| (simd.splat(k), simd.splat(otherwise));
        let ((one, zero), (three, two)) = (first(1.0, 0.0), first(3.0, 2.0));
        let top_winner = simd.if_greater(b, a, one, zero);
        let bottom_winner = simd.if_greater(d, c, three, two);
        let winner = simd.if_greater(bottom, top, bottom_winner, top_winner);
        // The sign is its own inverse, but for 0.
        let x = simd.mul(simd.max(bottom, top), self.sign);
        (simd.if_equal(self.sign, zero, window[0], x), winner)
    }
}

#[inline(always)]
fn with_nan<S: Simd>(
    simd: S,
    window: [S::Vector; 4],
    keys: [S::Vector; 4],
) -> (S::Vector, S::Vector) {
    let lanes = |vectors: [S::Vector; 4]| {
        vectors.map(|vector| {
            let mut lanes = [0.0; CHUNK];
            simd.store_chunk(&mut lanes, vector);
            lanes
        })
    };
    let (x, winner) = lanes_with_nan(&lanes(window), &lanes(keys));
    (simd.load_chunk(&x), simd.load_chunk(&winner))
}

#[cold]
#[inline(never)]
fn lanes_with_nan(
    window: &[[f32; CHUNK]; 4],
    keys: &[[f32; CHUNK]; 4],
) -> ([f32; CHUNK], [f32; CHUNK]) {
    let (mut x, mut winner) = ([0.0; CHUNK], [0.0; CHUNK]);
    for i in 0..CHUNK {
        let (_, pixel) = scalar::first_max(keys.map(|lanes| lanes[i]));
        (x[i], winner[i]) = (window[usize::from(pixel)][i], f32::from(pixel));
    }
    (x, winner)
}
