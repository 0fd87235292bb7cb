//! The machine's peak: fused multiplications and additions that need no memory.

use std::hint::black_box;
use std::time::Instant;

use crate::simd::{CHUNK, Chunks, Isa, Kernel, Simd};

/// As many independent sums as registers hold beside the operands.
const VECTORS: usize = 12;
const STEPS: usize = 10_000;

/// Floating-point operations per second of one thread, measured at this moment.
#[must_use]
pub fn flop_per_second(isa: Isa) -> f64 {
    let started = Instant::now();
    let mut sums = [0.0; CHUNK];
    isa.run(Peak(&mut sums));
    black_box(&sums);
    (2 * STEPS * VECTORS * CHUNK) as f64 / started.elapsed().as_secs_f64()
}

struct Peak<'a>(&'a mut [f32; CHUNK]);

impl Kernel for Peak<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (a, b) = (simd.splat(black_box(0.5)), simd.splat(black_box(0.25)));
        let mut sums = [simd.splat(black_box(0.0)); VECTORS];
        for _ in 0..STEPS {
            for sum in &mut sums {
                *sum = simd.mul_add(a, b, *sum);
            }
        }
        let total = sums.into_iter().fold(simd.splat(0.0), |total, sum| simd.add(total, sum));
        simd.store_chunk(self.0, total);
    }
}
