//! Every operator on every back end of this build, against burn's own operators on the CPU.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use burn::tensor::{Device, Tensor, TensorData};
use plateau_model::Operators;
use plateau_model::operators::{
    Affine, Border, Convolution, ScaleShift, conv_block, conv_norm_block, cross_entropy, dense,
    norm_rows, with_values,
};
use plateau_record::{Activation, Concern, Epoch, Seed, Step, Stream};

/// What is tested: each way of computing.
fn candidates() -> Vec<(Operators, Device)> {
    let mut all = vec![(Operators::Fused, Device::flex())];
    if cfg!(feature = "wgpu") {
        all.extend(wgpu());
    }
    all
}

#[cfg(feature = "wgpu")]
fn wgpu() -> Vec<(Operators, Device)> {
    let device = Device::wgpu(burn::tensor::DeviceKind::DefaultDevice);
    vec![(Operators::Fused, device.clone()), (Operators::Composed, device)]
}

#[cfg(not(feature = "wgpu"))]
fn wgpu() -> Vec<(Operators, Device)> {
    Vec::new()
}

struct Random(Stream);

impl Random {
    fn new(key: u64) -> Self {
        Self(Stream::new(Seed(key), Concern::Synthetic, Epoch(0), Step(0)))
    }

    /// Uniform in ±1.
    fn values(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| 2.0 * self.0.uniform() - 1.0).collect()
    }
}

fn tensor<const D: usize>(values: &[f32], shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}

fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    with_values(tensor, <[f32]>::to_vec)
}

/// What an operator gave: its output and the gradients of its inputs.
struct Outcome(Vec<(&'static str, Vec<f32>)>);

impl Outcome {
    /// Equal within `relative` of each tensor's largest element, NaN where the other is NaN.
    fn assert_close(&self, oracle: &Self, relative: f32, what: &str) {
        for ((name, found), (_, expected)) in self.0.iter().zip(&oracle.0) {
            assert_eq!(found.len(), expected.len(), "{what}, {name}");
            let finite = expected.iter().filter(|v| v.is_finite());
            let scale = finite.fold(1e-6_f32, |scale, v| scale.max(v.abs()));
            for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
                let close = (found - expected).abs() <= relative * scale
                    || found == expected
                    || (found.is_nan() && expected.is_nan());
                assert!(close, "{what}, {name}[{i}]: expected {expected}, found {found}");
            }
        }
    }
}

/// Images `[n, height + 2, width + 2, channels]` with a border of zeros.
fn padded(inside: &[f32], [n, height, width, channels]: [usize; 4]) -> Vec<f32> {
    let mut all = vec![0.0; n * (height + 2) * (width + 2) * channels];
    for (row, from) in inside.chunks_exact(width * channels).enumerate() {
        let (image, y) = (row / height, row % height);
        let at = ((image * (height + 2) + y + 1) * (width + 2) + 1) * channels;
        all[at..at + from.len()].copy_from_slice(from);
    }
    all
}

/// Without the border.
fn inside(all: &[f32], [n, height, width, channels]: [usize; 4]) -> Vec<f32> {
    let mut inside = Vec::with_capacity(n * height * width * channels);
    for row in 0..n * height {
        let (image, y) = (row / height, row % height);
        let at = ((image * (height + 2) + y + 1) * (width + 2) + 1) * channels;
        inside.extend_from_slice(&all[at..at + width * channels]);
    }
    inside
}

/// A convolutional block's inputs.
struct Block {
    sizes: [usize; 4],
    n_out: usize,
    images: Vec<f32>,
    border: Border,
    norm: bool,
    activation: Activation,
}

impl Block {
    fn random(sizes: [usize; 4], n_out: usize, border: Border, norm: bool) -> Self {
        let images = Random::new(7).values(sizes.iter().product());
        Self { sizes, n_out, images, border, norm, activation: Activation::Relu }
    }

    fn run(&self, operators: Operators, device: &Device) -> Outcome {
        let device = &device.clone().autodiff();
        let [n, height, width, n_in] = self.sizes;
        let mut random = Random::new(11);
        let shape = [n, height + 2, width + 2, n_in];
        let images = tensor(&padded(&self.images, self.sizes), shape, device).require_grad();
        let weight = random.values(self.n_out * 9 * n_in);
        let weight = tensor(&weight, [self.n_out, 3, 3, n_in], device).require_grad();
        let vector = |values: Vec<f32>| tensor(&values, [self.n_out], device).require_grad();
        let bias = vector(random.values(self.n_out));
        let scale = vector(random.values(self.n_out));
        let shift = vector(random.values(self.n_out));
        let convolution = Convolution { weight: weight.clone(), bias: bias.clone() };
        let mut outcome = Vec::new();
        let output = if self.norm {
            let affine = ScaleShift { scale: scale.clone(), shift: shift.clone() };
            let then = (self.activation, self.border);
            let (output, statistics) =
                conv_norm_block(operators, images.clone(), convolution, affine, then);
            outcome.push(("mean", statistics.mean));
            outcome.push(("variance", statistics.variance));
            output
        } else {
            conv_block(operators, images.clone(), convolution, self.activation, self.border)
        };
        let dims = output.dims();
        // A loss whose gradient differs from element to element.
        let factors = tensor(&random.values(dims.iter().product()), dims, device);
        outcome.push(("output", values(&output)));
        let gradients = (output * factors).sum().backward();
        let grad = images.grad(&gradients).unwrap();
        outcome.push(("images' gradient", inside(&values(&grad), self.sizes)));
        outcome.push(("weights' gradient", values(&weight.grad(&gradients).unwrap())));
        if self.norm {
            outcome.push(("scale's gradient", values(&scale.grad(&gradients).unwrap())));
            outcome.push(("shift's gradient", values(&shift.grad(&gradients).unwrap())));
        } else {
            outcome.push(("bias' gradient", values(&bias.grad(&gradients).unwrap())));
        }
        Outcome(outcome)
    }

    fn check(&self, relative: f32) {
        let oracle = self.run(Operators::Composed, &Device::flex());
        for (operators, device) in candidates() {
            let what = format!(
                "{operators:?} on {device:?}: {:?} → {}, {:?}, norm {}",
                self.sizes, self.n_out, self.border, self.norm
            );
            self.run(operators, &device).assert_close(&oracle, relative, &what);
        }
    }
}

#[test]
fn convolutional_blocks_agree_over_sizes_that_straddle_every_edge() {
    let sizes = [
        ([1, 2, 2, 1], 1),
        ([3, 5, 7, 2], 3),
        ([2, 8, 8, 16], 15),
        ([17, 4, 4, 7], 17),
        ([2, 32, 32, 3], 32),
        ([18, 8, 8, 32], 16),
        ([3, 16, 16, 16], 48),
        ([33, 2, 2, 9], 33),
    ];
    for (sizes, n_out) in sizes {
        for border in [Border::None, Border::Padded] {
            Block::random(sizes, n_out, border, false).check(2e-5);
            Block::random(sizes, n_out, border, true).check(1e-4);
        }
    }
}

#[test]
fn other_activations_than_relu_agree() {
    for activation in [Activation::LeakyRelu, Activation::Tanh] {
        for norm in [false, true] {
            let block = Block::random([3, 8, 8, 3], 5, Border::Padded, norm);
            Block { activation, ..block }.check(1e-4);
        }
    }
}

#[test]
fn the_first_maximum_wins_a_tie() {
    // Equal images, whose outputs inside tie in all windows.
    for value in [0.0, 1.0, -1.0] {
        let mut block = Block::random([2, 8, 8, 4], 9, Border::None, false);
        block.images.fill(value);
        block.check(2e-5);
    }
}

#[test]
fn a_nan_or_an_infinity_stays_visible_in_the_output() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for norm in [false, true] {
            for (sizes, n_out) in [([2, 8, 8, 3], 8), ([2, 8, 8, 16], 16)] {
                let mut block = Block::random(sizes, n_out, Border::None, norm);
                block.images[37] = value;
                let outcome = block.run(Operators::Fused, &Device::flex());
                let oracle = block.run(Operators::Composed, &Device::flex());
                let visible = |outcome: &Outcome| {
                    let (_, output) = outcome.0.iter().find(|(name, _)| *name == "output").unwrap();
                    output.iter().any(|v| !v.is_finite())
                };
                assert!(visible(&oracle), "{value}, norm {norm}: not a test of anything");
                assert!(visible(&outcome), "{value}, norm {norm}, {sizes:?}");
            }
        }
    }
}

/// The fully connected layers' inputs.
fn dense_outcome(
    operators: Operators,
    device: &Device,
    [n, n_in, n_out]: [usize; 3],
    activation: Option<Activation>,
    dropped: bool,
) -> Outcome {
    let device = &device.clone().autodiff();
    let mut random = Random::new(5);
    let inputs = tensor(&random.values(n * n_in), [n, n_in], device).require_grad();
    let weight = tensor(&random.values(n_in * n_out), [n_in, n_out], device).require_grad();
    let bias = tensor(&random.values(n_out), [n_out], device).require_grad();
    let mask: Vec<f32> =
        random.values(n * n_in).iter().map(|v| if *v > 0.0 { 2.0 } else { 0.0 }).collect();
    let mask = dropped.then(|| tensor(&mask, [n, n_in], device));
    let affine = Affine { weight: weight.clone(), bias: bias.clone() };
    let output = dense(operators, inputs.clone(), mask, affine, activation);
    let factors = tensor(&random.values(n * n_out), [n, n_out], device);
    let found = values(&output);
    let gradients = (output * factors).sum().backward();
    Outcome(vec![
        ("output", found),
        ("inputs' gradient", values(&inputs.grad(&gradients).unwrap())),
        ("weights' gradient", values(&weight.grad(&gradients).unwrap())),
        ("bias' gradient", values(&bias.grad(&gradients).unwrap())),
    ])
}

#[test]
fn fully_connected_layers_agree() {
    for sizes in [[1, 1, 1], [3, 17, 5], [16, 64, 96], [33, 130, 100], [5, 300, 10]] {
        for activation in [None, Some(Activation::Relu), Some(Activation::Tanh)] {
            for dropped in [false, true] {
                let run = |operators, device: &Device| {
                    dense_outcome(operators, device, sizes, activation, dropped)
                };
                let oracle = run(Operators::Composed, &Device::flex());
                for (operators, device) in candidates() {
                    let what = format!(
                        "{operators:?} on {device:?}: {sizes:?}, {activation:?}, dropped {dropped}"
                    );
                    run(operators, &device).assert_close(&oracle, 2e-5, &what);
                }
            }
        }
    }
}

#[test]
fn batch_norm_of_rows_agrees() {
    let run = |operators, device: &Device, [n, channels]: [usize; 2], activation| {
        let device = &device.clone().autodiff();
        let mut random = Random::new(3);
        let rows = tensor(&random.values(n * channels), [n, channels], device).require_grad();
        let scale = tensor(&random.values(channels), [channels], device).require_grad();
        let shift = tensor(&random.values(channels), [channels], device).require_grad();
        let affine = ScaleShift { scale: scale.clone(), shift: shift.clone() };
        let (output, statistics) = norm_rows(operators, rows.clone(), affine, activation);
        let factors = tensor(&random.values(n * channels), [n, channels], device);
        let found = values(&output);
        let gradients = (output * factors).sum().backward();
        Outcome(vec![
            ("mean", statistics.mean),
            ("variance", statistics.variance),
            ("output", found),
            ("rows' gradient", values(&rows.grad(&gradients).unwrap())),
            ("scale's gradient", values(&scale.grad(&gradients).unwrap())),
            ("shift's gradient", values(&shift.grad(&gradients).unwrap())),
        ])
    };
    for sizes in [[5, 1], [7, 9], [128, 256]] {
        for activation in [Activation::Relu, Activation::LeakyRelu] {
            let oracle = run(Operators::Composed, &Device::flex(), sizes, activation);
            for (operators, device) in candidates() {
                let what = format!("{operators:?} on {device:?}: {sizes:?}, {activation:?}");
                run(operators, &device, sizes, activation).assert_close(&oracle, 1e-4, &what);
            }
        }
    }
}

#[test]
fn cross_entropy_agrees_and_scales_its_gradient() {
    let run = |operators, device: &Device, n: usize, factor: f64| {
        let device = &device.clone().autodiff();
        let logits: Vec<f32> = Random::new(2).values(n * 10).iter().map(|v| 9.0 * v).collect();
        let logits = tensor(&logits, [n, 10], device).require_grad();
        let labels: Vec<u8> = (0..n).map(|i| (7 * i % 10) as u8).collect();
        let loss = cross_entropy(operators, logits.clone(), &labels).mul_scalar(factor);
        let gradients = loss.backward();
        Outcome(vec![
            ("loss", values(&loss)),
            ("logits' gradient", values(&logits.grad(&gradients).unwrap())),
        ])
    };
    for n in [1, 5, 128] {
        for factor in [1.0, -2.5] {
            let oracle = run(Operators::Composed, &Device::flex(), n, factor);
            for (operators, device) in candidates() {
                let what = format!("{operators:?} on {device:?}: {n} images");
                run(operators, &device, n, factor).assert_close(&oracle, 1e-5, &what);
            }
        }
    }
}
