//! The exponential function, the same bits wherever the instruction set is the same (the
//! standard library's depends on the system's).

use crate::simd::Simd;

/// Below this the result is subnormal, or nearly: zero here.
const LOWEST: f32 = -87.0;
/// Above this 2ⁿ would overflow.
const HIGHEST: f32 = 88.0;

/// `exp(x)` in each lane, within 2 units in the last place for -87 ≤ x ≤ 88; below it is 0, and
/// above it is exp(88). NaN is not kept.
///
/// x = n·ln 2 + r with a whole number n and |r| ≤ ln 2 / 2; then exp(x) = 2ⁿ·exp(r), with the
/// polynomial of Cephes' `expf` (S. L. Moshier, 1992) for exp(r).
#[inline(always)]
pub(crate) fn exp<S: Simd>(simd: S, x: S::Vector) -> S::Vector {
    /// 1.5·2²³: once it is added, the last bit kept is the ones.
    const ROUND: f32 = 12_582_912.0;
    /// ln 2 in two parts; n times the first is exact.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    const POLYNOMIAL: [f32; 6] =
        [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_66, 0.5];

    let (lowest, zero) = (simd.splat(LOWEST), simd.splat(0.0));
    let clamped = simd.max(x, lowest);
    let highest = simd.splat(HIGHEST);
    let clamped = simd.if_greater(clamped, highest, highest, clamped);
    let shifted = simd.mul_add(clamped, simd.splat(std::f32::consts::LOG2_E), simd.splat(ROUND));
    let n = simd.sub(shifted, simd.splat(ROUND));
    let r = simd.mul_add(n, simd.splat(-LN_2[0]), clamped);
    let r = simd.mul_add(n, simd.splat(-LN_2[1]), r);
    let mut p = simd.splat(POLYNOMIAL[0]);
    for &coefficient in &POLYNOMIAL[1..] {
        p = simd.mul_add(p, r, simd.splat(coefficient));
    }
    let exp_r = simd.add(simd.mul_add(simd.mul(r, r), p, r), simd.splat(1.0));
    let result = simd.mul(exp_r, simd.exp2_whole(n));
    simd.if_not_le(lowest, x, zero, result)
}
