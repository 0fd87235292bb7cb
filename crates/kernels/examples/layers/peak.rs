//! The machine's peak: fused multiplications and additions that need no memory.

use std::hint::black_box;

const PEAK_STEPS: usize = 10_000;
pub(crate) const PEAK_LANES: usize = 12 * 8;
pub(crate) const PEAK_FLOP: f64 = (2 * PEAK_STEPS * PEAK_LANES) as f64;

pub(crate) fn peak() -> [f32; PEAK_LANES] {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("fma") && is_x86_feature_detected!("avx2") {
        // SAFETY: the CPU has both features.
        return unsafe { peak_avx2() };
    }
    [0.0; PEAK_LANES]
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn peak_avx2() -> [f32; PEAK_LANES] {
    use std::arch::x86_64::{_mm256_fmadd_ps, _mm256_set1_ps, _mm256_storeu_ps};
    let mut sums = [_mm256_set1_ps(black_box(0.0)); PEAK_LANES / 8];
    let (a, b) = (_mm256_set1_ps(black_box(0.5)), _mm256_set1_ps(black_box(0.25)));
    for _ in 0..PEAK_STEPS {
        for sum in &mut sums {
            *sum = _mm256_fmadd_ps(a, b, *sum);
        }
    }
    let mut out = [0.0; PEAK_LANES];
    for (out, sum) in out.chunks_exact_mut(8).zip(sums) {
        // SAFETY: the chunk has eight floats.
        unsafe { _mm256_storeu_ps(out.as_mut_ptr(), sum) };
    }
    out
}
