//! The convolution as it is defined: each tap of the kernel once for each pixel.

use super::{
    forward::Output,
    pack::{ForwardWeights, panels},
    shape::ConvBlock,
};
use crate::simd::Simd;

/// One image, one panel of output channels.
struct Panel<'a> {
    image_idx: usize,
    image: &'a [f32],
    first_channel: usize,
    weights: &'a [f32],
    bias: &'a [f32],
}

#[inline(always)]
pub(super) fn run<S: Simd, const RECORD: bool>(
    simd: S,
    weights: &ForwardWeights,
    images: &[f32],
    output: &mut Output<'_>,
) {
    let ForwardWeights { block, packed, bias, .. } = weights;
    let taps = 3 * block.kernel_row();
    for (image_idx, image) in images.chunks_exact(block.padded_len()).enumerate() {
        for panel in panels(block.c_out.div_ceil(S::LANES)) {
            let (first, end) = (panel.start * S::LANES, panel.end * S::LANES);
            let panel = Panel {
                image_idx,
                image,
                first_channel: first,
                weights: &packed[first * taps..end * taps],
                bias: &bias[first..end],
            };
            match panel.bias.len() / S::LANES {
                1 => run_panel::<S, 2, 1, RECORD>(simd, block, &panel, output),
                _ => run_panel::<S, 1, 2, RECORD>(simd, block, &panel, output),
            }
        }
    }
}

/// `VECTORS` of channels for `CELLS` pooling windows at a time: sums of 4 pixels
/// × 2 vectors, or of 8 × 1, are the eight it takes to hide the latency of a
/// fused multiply-add (4 cycles, two begun in each, on Zen 3). With three vectors
/// the 16 registers are all in use, and LLVM spills: 46 % of peak instead of 94 %.
#[inline(always)]
fn run_panel<S: Simd, const CELLS: usize, const VECTORS: usize, const RECORD: bool>(
    simd: S,
    block: &ConvBlock,
    panel: &Panel<'_>,
    output: &mut Output<'_>,
) {
    let width = block.pooled_width();
    for y in 0..block.pooled_height() {
        for x in (0..width / CELLS * CELLS).step_by(CELLS) {
            let origin = block.cell_origin(y, x);
            let windows = windows::<S, CELLS, VECTORS>(simd, block, panel, origin);
            for (i, window) in windows.into_iter().enumerate() {
                finish::<S, VECTORS, RECORD>(simd, panel, (y, x + i), window, output);
            }
        }
        for x in width / CELLS * CELLS..width {
            let origin = block.cell_origin(y, x);
            let [window] = windows::<S, 1, VECTORS>(simd, block, panel, origin);
            finish::<S, VECTORS, RECORD>(simd, panel, (y, x), window, output);
        }
    }
}

#[inline(always)]
fn finish<S: Simd, const VECTORS: usize, const RECORD: bool>(
    simd: S,
    panel: &Panel<'_>,
    (y, x): (usize, usize),
    window: Window<S, VECTORS>,
    output: &mut Output<'_>,
) {
    let [a, b, c, d] = window;
    for v in 0..VECTORS {
        let channel = panel.first_channel + v * S::LANES;
        let cell = (panel.image_idx, y, x);
        output.finish::<S, RECORD>(simd, cell, channel, [a[v], b[v], c[v], d[v]]);
    }
}

/// The four pixels of a pooling window.
type Window<S, const VECTORS: usize> = [[<S as Simd>::Vector; VECTORS]; 4];

/// Convolution and bias of neighbouring pooling windows.
#[inline(always)]
fn windows<S: Simd, const CELLS: usize, const VECTORS: usize>(
    simd: S,
    block: &ConvBlock,
    panel: &Panel<'_>,
    origin: usize,
) -> [Window<S, VECTORS>; CELLS] {
    let (c_in, image_row) = (block.c_in, block.padded_row());
    let kernel_row = block.kernel_row();
    let seen = &panel.image[origin..][..3 * image_row + (2 * CELLS + 2) * c_in];
    let weights = &panel.weights[..3 * kernel_row * VECTORS * S::LANES];
    let bias = &panel.bias[..VECTORS * S::LANES];

    let mut sums = [[[simd.splat(0.0); VECTORS]; 4]; CELLS];
    for v in 0..VECTORS {
        // SAFETY: `bias` holds `VECTORS` vectors.
        let bias = unsafe { simd.load(bias.as_ptr().add(v * S::LANES)) };
        for window in &mut sums {
            for pixel in window {
                pixel[v] = bias;
            }
        }
    }
    for kernel_y in 0..3 {
        for k in 0..kernel_row {
            let tap = kernel_y * kernel_row + k;
            let mut vectors = [simd.splat(0.0); VECTORS];
            for (v, vector) in vectors.iter_mut().enumerate() {
                // SAFETY: `tap` < 3 · `kernel_row`, so the load ends within `weights`.
                *vector =
                    unsafe { simd.load(weights.as_ptr().add((tap * VECTORS + v) * S::LANES)) };
            }
            for (cell, window) in sums.iter_mut().enumerate() {
                for (pixel, sums) in window.iter_mut().enumerate() {
                    let row = kernel_y + pixel / 2;
                    let at = row * image_row + (2 * cell + pixel % 2) * c_in + k;
                    // SAFETY: row ≤ 3, the pixel's column ≤ 2 · CELLS − 1 and k < 3 · c_in,
                    // so `at` < 3 · image_row + (2 · CELLS + 2) · c_in, the length of `seen`.
                    let x = simd.splat(unsafe { *seen.as_ptr().add(at) });
                    for (sum, &vector) in sums.iter_mut().zip(&vectors) {
                        *sum = simd.mul_add(x, vector, *sum);
                    }
                }
            }
        }
    }
    sums
}
