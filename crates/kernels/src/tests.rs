//! Each kernel against its twin in [`crate::scalar`], on every instruction set here; the twins'
//! backward passes against finite differences of their forward passes.

mod batch_norm;
mod batch_norm_twins;
mod batch_norm_values;
mod conv_dense;
mod conv_dense_winograd;
mod cross_entropy;
mod linear;
mod steps;

use crate::Isa;

/// Extents on both sides of every block's edge.
const SIZES: [usize; 12] = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33];

/// The instruction sets to test.
fn isas() -> [Isa; 2] {
    [Isa::detect(), Isa::portable()]
}

/// A seeded stream of floats (xorshift, Marsaglia 2003): enough for tests.
struct Stream(u64);

impl Stream {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }

    fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    /// In [-1, 1).
    fn float(&mut self) -> f32 {
        (self.bits() as f64 / (1u64 << 52) as f64 - 1.0) as f32
    }

    fn floats(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| self.float()).collect()
    }

    /// About half of them zero.
    fn sparse(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| self.float().max(0.0)).collect()
    }

    /// Whole numbers in -2..=2: ties, zeros, and sums without rounding.
    fn whole(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| self.below(5) as f32 - 2.0).collect()
    }
}

/// Panics unless each value is within `tolerance`, relative to the larger of 1 and the
/// expectation, or both are NaN.
#[track_caller]
fn assert_close(actual: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(actual.len(), expected.len(), "{what}: lengths");
    for (i, (&actual, &expected)) in actual.iter().zip(expected).enumerate() {
        let actual = f64::from(actual);
        let close = (actual - expected).abs() <= tolerance * expected.abs().max(1.0)
            || actual == expected
            || (actual.is_nan() && expected.is_nan());
        assert!(close, "{what}: [{i}] is {actual}, not {expected}");
    }
}

/// Panics unless `gradient` is the derivative of `f` at `at`, by central differences.
#[track_caller]
fn assert_derivative(f: impl Fn(&[f64]) -> f64, at: &[f64], gradient: &[f64], what: &str) {
    /// The cube root of the rounding error, about: where the two errors meet.
    const STEP: f64 = 1e-5;
    assert_eq!(at.len(), gradient.len(), "{what}: lengths");
    let mut point = at.to_vec();
    for i in 0..at.len() {
        point[i] = at[i] + STEP;
        let above = f(&point);
        point[i] = at[i] - STEP;
        let slope = (above - f(&point)) / (2.0 * STEP);
        point[i] = at[i];
        assert!((slope - gradient[i]).abs() < 1e-6, "{what}: [{i}] {slope}, not {}", gradient[i]);
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}
