//! What is timed.

use std::hint::black_box;

use plateau_kernels::conv_dense::{DenseConv, DenseMethod, PackedWeights};
use plateau_kernels::cross_entropy::cross_entropy;
use plateau_kernels::linear::{self, Activation, Parameters};
use plateau_kernels::optimizer::{Adam, AdamMoments, Sgd};
use plateau_kernels::statistics::Sums;
use plateau_kernels::{AlignedBuffer, Isa};

use crate::{BATCH, Case, GROUP, case};

/// Uniform in [-1, 1), all but a share of `density` zero.
pub(crate) fn random(len: usize, density: f64) -> AlignedBuffer {
    let mut state = len as u64 | 1;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let values: Vec<f32> = (0..len)
        .map(|_| {
            let value = (2.0 * uniform() - 1.0) as f32;
            if uniform() < density { value } else { 0.0 }
        })
        .collect();
    AlignedBuffer::from(&values[..])
}

pub(crate) fn convolution(
    isa: Isa,
    [n_in, n_out]: [usize; 2],
    extent: usize,
    cases: &mut Vec<Case>,
) {
    let conv = DenseConv { isa, n_in, n_out, height: extent, width: extent };
    let input = random(GROUP * conv.input_shape().image_len(), 1.0);
    let gradient = random(GROUP * conv.output_gradient_shape().image_len(), 1.0);
    let weights = random(conv.weight_len(), 1.0);
    let bias = random(n_out, 1.0);
    let flop = (GROUP * conv.weight_len() * extent * extent * 2) as f64;
    let mut methods = vec![DenseMethod::Direct];
    if conv.has_winograd() {
        methods.push(DenseMethod::Winograd);
    }
    for method in methods {
        let name = |what: &str| format!("conv {what} {n_in}→{n_out}@{extent}², {method:?}");
        let packed = PackedWeights::forward(&conv, method, &weights, &bias);
        let mut output = AlignedBuffer::zeros(GROUP * conv.output_shape().image_len());
        let from = input.clone();
        cases.push(case(name("forward"), GROUP, flop, move || {
            conv.forward(&packed, black_box(&from), &mut output);
        }));
        if n_in > 3 {
            let packed = PackedWeights::input_gradient(&conv, method, &weights);
            let mut output = AlignedBuffer::zeros(GROUP * conv.input_gradient_shape().image_len());
            let from = gradient.clone();
            cases.push(case(name("input gradient"), GROUP, flop, move || {
                conv.input_gradient(&packed, black_box(&from), &mut output);
            }));
            let weights = weights.clone();
            cases.push(case(name("pack (per step)"), BATCH, 0.0, move || {
                black_box(PackedWeights::forward(&conv, method, black_box(&weights), &[]));
                black_box(PackedWeights::input_gradient(&conv, method, black_box(&weights)));
            }));
        }
        let mut sums = AlignedBuffer::zeros(weights.len());
        let (from, gradient) = (input.clone(), gradient.clone());
        cases.push(case(name("weight gradient"), GROUP, flop, move || {
            conv.add_weight_gradient(method, (black_box(&from), &gradient), &mut sums);
        }));
    }
}

pub(crate) fn fully_connected(
    isa: Isa,
    [n_in, n_out]: [usize; 2],
    density: f64,
    cases: &mut Vec<Case>,
) {
    let name =
        |what: &str| format!("linear {what} {n_in}→{n_out}, {:.0} % filled", density * 100.0);
    let input = random(BATCH * n_in, density);
    let weight = random(n_in * n_out, 1.0);
    let bias = random(n_out, 1.0);
    let gradient = random(BATCH * n_out, density);
    let mut output = AlignedBuffer::zeros(BATCH * n_out);
    let flop = (BATCH * n_in * n_out * 2) as f64;

    let (from, w) = (input.clone(), weight.clone());
    cases.push(case(name("forward"), BATCH, flop, move || {
        let parameters = Parameters { weight: black_box(&w), bias: &bias };
        linear::forward(isa, &from, parameters, Activation::Relu, &mut output);
    }));
    let (from, g) = (input.clone(), gradient.clone());
    let mut to = AlignedBuffer::zeros(n_in * n_out);
    cases.push(case(name("weight gradient"), BATCH, flop, move || {
        linear::weight_gradient(isa, (&from, 0..n_in), black_box(&g), [n_in, n_out], &mut to);
    }));
    let (g, w) = (gradient.clone(), weight.clone());
    let mut to = AlignedBuffer::zeros(BATCH * n_in);
    cases.push(case(name("input gradient"), BATCH, flop, move || {
        linear::input_gradient(isa, &g, black_box(&w), n_out, &mut to);
    }));
    if density == 1.0 {
        for (what, sizes, strides) in [
            ("forward", [BATCH, n_out, n_in], [[n_in, 1], [n_out, 1]]),
            ("weight gradient", [n_in, n_out, BATCH], [[1, n_in], [n_out, 1]]),
            ("input gradient", [BATCH, n_in, n_out], [[n_out, 1], [1, n_out]]),
        ] {
            let (a, b) = match what {
                "forward" => (input.clone(), weight.clone()),
                "weight gradient" => (input.clone(), gradient.clone()),
                _ => (gradient.clone(), weight.clone()),
            };
            let mut to = AlignedBuffer::zeros(sizes[0] * sizes[1]);
            cases.push(case(format!("crate gemm: linear {what}"), BATCH, flop, move || {
                gemm(sizes, strides, black_box(&a), &b, &mut to);
            }));
        }
    }
}

/// `out = a · b` with the crate `gemm`.
fn gemm(
    [m, n, k]: [usize; 3],
    [a_strides, b_strides]: [[usize; 2]; 2],
    a: &[f32],
    b: &[f32],
    out: &mut [f32],
) {
    assert!(a.len() == m * k && b.len() == k * n && out.len() == m * n);
    let [a_row, a_column] = a_strides.map(|stride| stride as isize);
    let [b_row, b_column] = b_strides.map(|stride| stride as isize);
    // SAFETY: the slices have the lengths asserted, and the strides are those of row-major
    // matrices of the sizes given, or of their transposes.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            false,
            a.as_ptr(),
            a_column,
            a_row,
            b.as_ptr(),
            b_column,
            b_row,
            0.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

pub(crate) fn steps(isa: Isa, cases: &mut Vec<Case>) {
    let logits = random(BATCH * 10, 1.0);
    let labels: Vec<u8> = (0..BATCH).map(|i| (i % 10) as u8).collect();
    let (mut losses, mut gradient) = (vec![0.0; BATCH], vec![0.0; BATCH * 10]);
    cases.push(case("softmax cross-entropy 10", BATCH, 0.0, move || {
        let logits = black_box(&logits);
        cross_entropy(isa, logits, &labels, 1.0 / 128.0, &mut losses, &mut gradient);
    }));

    /// Parameters of the baseline network.
    const N_PARAMETERS: usize = 620_362;
    let gradient = random(N_PARAMETERS, 1.0);
    let mut weights = random(N_PARAMETERS, 1.0);
    let (mut first, mut second) = (vec![0.0; N_PARAMETERS], vec![0.0; N_PARAMETERS]);
    let sgd = Sgd { learning_rate: 1e-9, momentum: 0.9, weight_decay: 0.0 };
    let (g, mut w, mut v) = (gradient.clone(), weights.clone(), first.clone());
    cases.push(case("SGD (per step / 128)", BATCH, 0.0, move || {
        sgd.step(isa, &mut w, black_box(&g), &mut v);
    }));
    let adam = Adam { learning_rate: 1e-9, betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.0 };
    let g = gradient.clone();
    cases.push(case("Adam (per step / 128)", BATCH, 0.0, move || {
        let moments = AdamMoments { first: &mut first, second: &mut second };
        adam.step(isa, 10, &mut weights, black_box(&g), moments);
    }));
    cases.push(case("gradient statistics (per step / 128)", BATCH, 0.0, move || {
        black_box(Sums::of(isa, black_box(&gradient)));
    }));
}
