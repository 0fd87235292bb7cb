//! The three transforms. Points of interpolation: 0, ±1, ±2, ∞.

use super::POINTS;
use crate::simd::Simd;

/// G g in one direction.
#[inline(always)]
fn kernel_line<S: Simd>(simd: S, [a, b, c]: [S::Vector; 3]) -> [S::Vector; 6] {
    let times = |vector, factor| simd.mul_add(vector, simd.splat(factor), simd.splat(0.0));
    let (even, odd) = (times(simd.add(a, c), -1.0 / 6.0), times(b, -1.0 / 6.0));
    let outer = simd.mul_add(a, simd.splat(1.0 / 24.0), times(c, 1.0 / 6.0));
    let inner = times(b, 1.0 / 12.0);
    [
        times(a, 0.25),
        simd.add(even, odd),
        simd.sub(even, odd),
        simd.add(outer, inner),
        simd.sub(outer, inner),
        c,
    ]
}

/// G g Gᵀ: `points` `[6, 6, c_in]` from `kernel` `[3, 3, c_in]`.
#[inline(always)]
pub(super) fn kernel<S: Simd>(simd: S, c_in: usize, kernel: &[f32], points: &mut [f32]) {
    assert!(c_in.is_multiple_of(S::LANES) && kernel.len() == 9 * c_in);
    assert_eq!(points.len(), POINTS * c_in);
    for channel in (0..c_in).step_by(S::LANES) {
        let mut columns = [[simd.splat(0.0); 6]; 3];
        for (x, transformed) in columns.iter_mut().enumerate() {
            let mut line = [simd.splat(0.0); 3];
            for (y, tap) in line.iter_mut().enumerate() {
                let at = (3 * y + x) * c_in + channel;
                // SAFETY: 3y + x < 9, and `LANES` channels follow: within `kernel`.
                *tap = unsafe { simd.load(kernel.as_ptr().add(at)) };
            }
            *transformed = kernel_line(simd, line);
        }
        for y in 0..6 {
            let [a, b, c] = &columns;
            let line = kernel_line(simd, [a[y], b[y], c[y]]);
            for (x, &point) in line.iter().enumerate() {
                let at = (6 * y + x) * c_in + channel;
                // SAFETY: 6y + x < `POINTS`, and `LANES` channels follow: within `points`.
                unsafe { simd.store(points.as_mut_ptr().add(at), point) };
            }
        }
    }
}

/// Bᵀ d in one direction.
#[inline(always)]
fn input_line<S: Simd>(simd: S, d: [S::Vector; 6]) -> [S::Vector; 6] {
    let [d0, d1, d2, d3, d4, d5] = d;
    let (two, four) = (simd.splat(2.0), simd.splat(4.0));
    let (minus_two, minus_four, minus_five) =
        (simd.splat(-2.0), simd.splat(-4.0), simd.splat(-5.0));
    let (even, odd) = (simd.mul_add(minus_four, d2, d4), simd.mul_add(minus_four, d1, d3));
    let (outer, inner) = (simd.sub(d4, d2), simd.sub(d3, d1));
    [
        simd.mul_add(four, d0, simd.mul_add(minus_five, d2, d4)),
        simd.add(even, odd),
        simd.sub(even, odd),
        simd.mul_add(two, inner, outer),
        simd.mul_add(minus_two, inner, outer),
        simd.mul_add(four, d1, simd.mul_add(minus_five, d3, d5)),
    ]
}

/// Bᵀ d B of a vector of channels: from 6×6 pixels, rows `row` and columns
/// `column` floats apart, to 36 points, `step` floats apart.
#[inline(always)]
pub(super) fn input<S: Simd>(
    simd: S,
    (pixels, row, column): (&[f32], usize, usize),
    (points, step): (&mut [f32], usize),
) {
    let pixels = &pixels[..5 * row + 5 * column + S::LANES];
    let points = &mut points[..(POINTS - 1) * step + S::LANES];
    let mut columns = [[simd.splat(0.0); 6]; 6];
    for (x, transformed) in columns.iter_mut().enumerate() {
        let mut line = [simd.splat(0.0); 6];
        for (y, pixel) in line.iter_mut().enumerate() {
            // SAFETY: x, y ≤ 5: within `pixels`, whose length was just checked.
            *pixel = unsafe { simd.load(pixels.as_ptr().add(y * row + x * column)) };
        }
        *transformed = input_line(simd, line);
    }
    for y in 0..6 {
        let [a, b, c, d, e, f] = &columns;
        let line = input_line(simd, [a[y], b[y], c[y], d[y], e[y], f[y]]);
        for (x, &point) in line.iter().enumerate() {
            // SAFETY: 6y + x < `POINTS`: within `points`, whose length was just checked.
            unsafe { simd.store(points.as_mut_ptr().add((6 * y + x) * step), point) };
        }
    }
}

/// Aᵀ m in one direction.
#[inline(always)]
fn output_line<S: Simd>(simd: S, m: [S::Vector; 6]) -> [S::Vector; 4] {
    let [m0, m1, m2, m3, m4, m5] = m;
    let (two, four, eight) = (simd.splat(2.0), simd.splat(4.0), simd.splat(8.0));
    let (near, far) = (simd.add(m1, m2), simd.add(m3, m4));
    let (near_odd, far_odd) = (simd.sub(m1, m2), simd.sub(m3, m4));
    [
        simd.add(simd.add(m0, near), far),
        simd.mul_add(two, far_odd, near_odd),
        simd.mul_add(four, far, near),
        simd.add(simd.mul_add(eight, far_odd, near_odd), m5),
    ]
}

/// Aᵀ m A + bias of a vector of channels: from 36 points, `step` floats apart, to
/// 4×4 pixels.
#[inline(always)]
pub(super) fn output<S: Simd>(
    simd: S,
    (points, step): (&[f32], usize),
    bias: &[f32],
) -> [[S::Vector; 4]; 4] {
    let points = &points[..(POINTS - 1) * step + S::LANES];
    let bias = &bias[..S::LANES];
    // SAFETY: `LANES` floats, as just checked.
    let bias = unsafe { simd.load(bias.as_ptr()) };
    let mut columns = [[bias; 4]; 6];
    for (x, transformed) in columns.iter_mut().enumerate() {
        let mut line = [bias; 6];
        for (y, point) in line.iter_mut().enumerate() {
            // SAFETY: 6y + x < `POINTS`: within `points`, whose length was just checked.
            *point = unsafe { simd.load(points.as_ptr().add((6 * y + x) * step)) };
        }
        *transformed = output_line(simd, line);
    }
    let mut pixels = [[bias; 4]; 4];
    for (y, row) in pixels.iter_mut().enumerate() {
        let [a, b, c, d, e, f] = &columns;
        *row = output_line(simd, [a[y], b[y], c[y], d[y], e[y], f[y]]);
        for pixel in row {
            *pixel = simd.add(*pixel, bias);
        }
    }
    pixels
}
