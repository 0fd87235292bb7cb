//! Weights, transformed.

use super::{POINTS, VECTORS, transform};
use crate::AlignedBuffer;
use crate::simd::{self, Isa, Kernel, Simd};

/// `[panels of n_out, 6, 6, n_in, channels of a panel]` from `[n_out, 3, 3, n_in]`: for the
/// convolution itself.
pub(crate) fn pack(isa: Isa, [n_in, n_out]: [usize; 2], weights: &[f32]) -> AlignedBuffer {
    assert_eq!(weights.len(), n_out * 9 * n_in, "the weights' length");
    let mut packed = AlignedBuffer::zeros(POINTS * n_in * n_out);
    isa.run(Pack { n_in, n_out, weights, packed: &mut packed });
    packed
}

/// `[panels of n_in, 6, 6, n_out, channels of a panel]` from `[n_out, 3, 3, n_in]`, each kernel
/// turned by half a turn: for the input gradient.
pub(crate) fn pack_turned(isa: Isa, [n_in, n_out]: [usize; 2], weights: &[f32]) -> AlignedBuffer {
    assert_eq!(weights.len(), n_out * 9 * n_in, "the weights' length");
    let mut packed = AlignedBuffer::zeros(POINTS * n_in * n_out);
    isa.run(PackTurned { n_in, n_out, weights, packed: &mut packed });
    packed
}

struct Pack<'a> {
    n_in: usize,
    n_out: usize,
    weights: &'a [f32],
    packed: &'a mut [f32],
}

impl Kernel for Pack<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        const N: usize = simd::TILE;
        let Self { n_in, n_out, weights, packed } = self;
        let (width, len) = (VECTORS * S::LANES, POINTS * n_in);
        assert!(n_in.is_multiple_of(N.max(S::LANES)) && n_out.is_multiple_of(N.max(width)));
        // [N output channels, 6, 6, n_in]
        let mut points = vec![0.0; N * len];
        for (i, kernels) in weights.chunks_exact(N * 9 * n_in).enumerate() {
            for (kernel, points) in kernels.chunks_exact(9 * n_in).zip(points.chunks_mut(len)) {
                transform::kernel(simd, n_in, kernel, points);
            }
            let (panel, first) = (i * N / width, i * N % width);
            let panel = &mut packed[panel * width * len..][..width * len];
            for (k, panel) in (0..len).step_by(N).zip(panel.chunks_exact_mut(N * width)) {
                let rows: [&[f32; N]; N] = std::array::from_fn(|row| {
                    points[row * len + k..].first_chunk().expect("`len` is a multiple of `N`")
                });
                let columns = simd.transpose(rows);
                for (column, to) in columns.iter().zip(panel.chunks_exact_mut(width)) {
                    to[first..first + N].copy_from_slice(column);
                }
            }
        }
    }
}

struct PackTurned<'a> {
    n_in: usize,
    n_out: usize,
    weights: &'a [f32],
    packed: &'a mut [f32],
}

impl Kernel for PackTurned<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { n_in, n_out, weights, packed } = self;
        let width = VECTORS * S::LANES;
        assert!(n_in.is_multiple_of(width));
        let mut turned = vec![0.0; 9 * n_in];
        // [6, 6, n_in]
        let mut points = vec![0.0; POINTS * n_in];
        for (output, kernel) in weights.chunks_exact(9 * n_in).enumerate() {
            for (to, tap) in turned.chunks_exact_mut(n_in).zip(kernel.chunks_exact(n_in).rev()) {
                to.copy_from_slice(tap);
            }
            transform::kernel(simd, n_in, &turned, &mut points);
            for (point, channels) in points.chunks_exact(n_in).enumerate() {
                for (panel, channels) in channels.chunks_exact(width).enumerate() {
                    let row = (panel * POINTS + point) * n_out + output;
                    packed[row * width..][..width].copy_from_slice(channels);
                }
            }
        }
    }
}
