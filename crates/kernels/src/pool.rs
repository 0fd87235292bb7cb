//! ReLU and 2×2 max-pool of one vector of channels.

/// Mark of a pooled value that no gradient passes through: ReLU made it 0.
pub const DEAD: u8 = 4;

use crate::{scalar, simd::Simd};

/// Room for one vector of any instruction set.
pub(crate) const MAX_LANES: usize = 16;

type Lanes = [f32; MAX_LANES];

/// Maximum of the window's four pixels after ReLU, and which one it was, as whole
/// numbers ([`DEAD`] where ReLU gave 0). The first maximum wins; the first NaN
/// beats all.
#[inline(always)]
pub(crate) fn relu_max<S: Simd>(simd: S, window: [S::Vector; 4]) -> (S::Vector, S::Vector) {
    let [a, b, c, d] = window;
    if simd.any_nan(a, b) | simd.any_nan(c, d) {
        return relu_max_with_nan(simd, window);
    }
    let (zero, dead) = (simd.splat(0.0), simd.splat(f32::from(DEAD)));
    let (top, bottom) = (simd.max(b, a), simd.max(d, c));
    let top_winner = simd.if_greater(b, a, simd.splat(1.0), zero);
    let bottom_winner = simd.if_greater(d, c, simd.splat(3.0), simd.splat(2.0));
    let max = simd.max(bottom, top);
    let winner = simd.if_greater(bottom, top, bottom_winner, top_winner);
    (simd.max(max, zero), simd.if_greater(max, zero, winner, dead))
}

#[inline(always)]
fn relu_max_with_nan<S: Simd>(simd: S, window: [S::Vector; 4]) -> (S::Vector, S::Vector) {
    const { assert!(S::LANES <= MAX_LANES) };
    let mut pixels = [[0.0; MAX_LANES]; 4];
    for (lanes, vector) in pixels.iter_mut().zip(window) {
        // SAFETY: the array holds `MAX_LANES` ≥ `LANES` floats.
        unsafe { simd.store(lanes.as_mut_ptr(), vector) };
    }
    let (max, winner) = relu_max_lanes(&pixels);
    // SAFETY: both arrays hold `MAX_LANES` ≥ `LANES` floats.
    unsafe { (simd.load(max.as_ptr()), simd.load(winner.as_ptr())) }
}

#[cold]
#[inline(never)]
fn relu_max_lanes(pixels: &[Lanes; 4]) -> (Lanes, Lanes) {
    let (mut max, mut winner) = ([0.0; MAX_LANES], [0.0; MAX_LANES]);
    for i in 0..MAX_LANES {
        let (value, pixel) = scalar::relu_max(pixels.map(|lanes| lanes[i]));
        (max[i], winner[i]) = (value, f32::from(pixel));
    }
    (max, winner)
}

/// Writes the first `to.len()` lanes, which may be fewer than there are.
#[inline(always)]
pub(crate) fn store_first<S: Simd>(simd: S, to: &mut [f32], vector: S::Vector) {
    if to.len() >= S::LANES {
        // SAFETY: `LANES` floats are in the slice.
        unsafe { simd.store(to.as_mut_ptr(), vector) };
    } else {
        let mut lanes = [0.0; MAX_LANES];
        // SAFETY: the array holds `MAX_LANES` ≥ `LANES` floats.
        unsafe { simd.store(lanes.as_mut_ptr(), vector) };
        to.copy_from_slice(&lanes[..to.len()]);
    }
}

/// Writes the first `to.len()` lanes as bytes, which may be fewer than there are.
#[inline(always)]
pub(crate) fn store_first_bytes<S: Simd>(simd: S, to: &mut [u8], vector: S::Vector) {
    if to.len() >= S::LANES {
        // SAFETY: `LANES` bytes are in the slice.
        unsafe { simd.store_bytes(to.as_mut_ptr(), vector) };
    } else {
        let mut lanes = [0; MAX_LANES];
        // SAFETY: the array holds `MAX_LANES` ≥ `LANES` bytes.
        unsafe { simd.store_bytes(lanes.as_mut_ptr(), vector) };
        to.copy_from_slice(&lanes[..to.len()]);
    }
}
