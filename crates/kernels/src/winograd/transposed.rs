//! The transforms of the weight gradient: transposes of the forward pass's.

use super::{POINTS, TILE};
use crate::simd::Simd;

/// A y in one direction.
#[inline(always)]
fn output_line<S: Simd>(simd: S, [y0, y1, y2, y3]: [S::Vector; 4]) -> [S::Vector; 6] {
    let (two, four, minus_two) = (simd.splat(2.0), simd.splat(4.0), simd.splat(-2.0));
    let (near, near_odd) = (simd.add(y0, y2), simd.add(y1, y3));
    let (far, half_far_odd) = (simd.mul_add(four, y2, y0), simd.mul_add(four, y3, y1));
    [
        y0,
        simd.add(near, near_odd),
        simd.sub(near, near_odd),
        simd.mul_add(two, half_far_odd, far),
        simd.mul_add(minus_two, half_far_odd, far),
        y3,
    ]
}

/// A y Aᵀ of a vector of channels: from 4×4 pixels, rows `row` and columns `column` floats
/// apart, to 36 points, `step` floats apart.
#[inline(always)]
pub(super) fn output<S: Simd>(
    simd: S,
    (pixels, row, column): (&[f32], usize, usize),
    (points, step): (&mut [f32], usize),
) {
    let pixels = &pixels[..(TILE - 1) * (row + column) + S::LANES];
    let points = &mut points[..(POINTS - 1) * step + S::LANES];
    let mut columns = [[simd.splat(0.0); 6]; TILE];
    for (x, transformed) in columns.iter_mut().enumerate() {
        let mut line = [simd.splat(0.0); TILE];
        for (y, pixel) in line.iter_mut().enumerate() {
            // SAFETY: x, y < `TILE`: within `pixels`, whose length was just checked.
            *pixel = unsafe { simd.load(pixels.as_ptr().add(y * row + x * column)) };
        }
        *transformed = output_line(simd, line);
    }
    for y in 0..6 {
        let [a, b, c, d] = &columns;
        let line = output_line(simd, [a[y], b[y], c[y], d[y]]);
        for (x, &point) in line.iter().enumerate() {
            // SAFETY: 6y + x < `POINTS`: within `points`, whose length was just checked.
            unsafe { simd.store(points.as_mut_ptr().add((6 * y + x) * step), point) };
        }
    }
}

/// Gᵀ m in one direction.
#[inline(always)]
fn kernel_line<S: Simd>(simd: S, [m0, m1, m2, m3, m4, m5]: [S::Vector; 6]) -> [S::Vector; 3] {
    let factor = |factor: f64| simd.splat(factor as f32);
    let (near, far) = (simd.add(m1, m2), simd.add(m3, m4));
    let (near_odd, far_odd) = (simd.sub(m2, m1), simd.sub(m3, m4));
    let a = simd.mul_add(factor(1.0 / 24.0), far, simd.mul(factor(0.25), m0));
    let b = simd.mul(factor(1.0 / 12.0), far_odd);
    [
        simd.mul_add(factor(-1.0 / 6.0), near, a),
        simd.mul_add(factor(1.0 / 6.0), near_odd, b),
        simd.mul_add(factor(1.0 / 6.0), simd.sub(far, near), m5),
    ]
}

/// Gᵀ m G of a vector of channels, added to a kernel: from 36 points, `step` floats apart, to
/// 3×3 taps, `tap` floats apart.
#[inline(always)]
pub(super) fn add_kernel<S: Simd>(
    simd: S,
    (points, step): (&[f32], usize),
    (kernel, tap): (&mut [f32], usize),
) {
    let points = &points[..(POINTS - 1) * step + S::LANES];
    let kernel = &mut kernel[..8 * tap + S::LANES];
    let mut columns = [[simd.splat(0.0); 3]; 6];
    for (x, transformed) in columns.iter_mut().enumerate() {
        let mut line = [simd.splat(0.0); 6];
        for (y, point) in line.iter_mut().enumerate() {
            // SAFETY: 6y + x < `POINTS`: within `points`, whose length was just checked.
            *point = unsafe { simd.load(points.as_ptr().add((6 * y + x) * step)) };
        }
        *transformed = kernel_line(simd, line);
    }
    for y in 0..3 {
        let [a, b, c, d, e, f] = &columns;
        let line = kernel_line(simd, [a[y], b[y], c[y], d[y], e[y], f[y]]);
        for (x, &share) in line.iter().enumerate() {
            // SAFETY: 3y + x ≤ 8: within `kernel`, whose length was just checked.
            unsafe {
                let to = kernel.as_mut_ptr().add((3 * y + x) * tap);
                simd.store(to, simd.add(simd.load(to), share));
            }
        }
    }
}
