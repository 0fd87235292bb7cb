//! Loss, gradients and updates against PyTorch's numbers (`pytorch/reference.json`, made by
//! `pytorch/reference.py`).
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::ops::PadMode;
use burn::tensor::{Device, Tensor, TensorData};
use plateau_model::batch_norm::RunningStatistics;
use plateau_model::operators::cross_entropy;
use plateau_model::{Backend, Cnn, DropoutMasks, Mode, NamedTensor, Operators, Weights};
use plateau_record::{Activation, Network, Optimizer, Seed};
use serde::Deserialize;

const BATCH: usize = 8;
const RATE: f64 = 0.01;

#[derive(Deserialize)]
struct Reference {
    /// Of the images' noise.
    key: u64,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    batch_norm: bool,
    dropout: bool,
    losses: Vec<f64>,
    gradients: BTreeMap<String, Summary>,
    weights: BTreeMap<String, Summary>,
    evaluation_loss: f64,
}

#[derive(Deserialize)]
struct Summary {
    norm: f64,
    sum: f64,
    picks: [f64; 5],
}

impl Summary {
    fn of(values: &[f32]) -> Self {
        let last = (values.len() - 1) as f64;
        Self {
            norm: values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt(),
            sum: values.iter().map(|v| f64::from(*v)).sum(),
            picks: std::array::from_fn(|i| f64::from(values[(i as f64 * last / 4.0) as usize])),
        }
    }

    /// Equal within `relative` of the tensor's norm.
    fn assert_close(&self, expected: &Self, relative: f64, what: &str) {
        let tolerance = relative * expected.norm.max(1e-4);
        let close = |found: f64, expected: f64, part: &str, tolerance: f64| {
            assert!(
                (found - expected).abs() <= tolerance,
                "{what}, {part}: PyTorch {expected}, here {found}, tolerance {tolerance}"
            );
        };
        close(self.norm, expected.norm, "norm", tolerance);
        // A sum of n rounding errors; the norm is their common scale.
        close(self.sum, expected.sum, "sum", 30.0 * tolerance);
        for (found, expected) in self.picks.iter().zip(&expected.picks) {
            close(*found, *expected, "element", tolerance);
        }
    }
}

/// The script's noise: uniform in ±scale, by SplitMix64 of each position and the key.
fn noise(n: usize, key: u64, scale: f64) -> Vec<f32> {
    let value = |i: u64| {
        let x = (i + (key << 32)).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) >> 40) as f64 / f64::from(1 << 23) - 1.0
    };
    (0..n as u64).map(|i| (scale * value(i)) as f32).collect()
}

fn images(key: u64, device: &Device) -> Tensor<4> {
    let values = noise(BATCH * 3 * 32 * 32, key, 1.7);
    let images = Tensor::<4>::from_data(TensorData::new(values, [BATCH, 3, 32, 32]), device);
    images.permute([0, 2, 3, 1]).pad([(0, 0), (1, 1), (1, 1), (0, 0)], PadMode::Constant(0.0))
}

fn labels(step: usize) -> Vec<u8> {
    (0..BATCH).map(|i| ((3 * i + step) % 10) as u8).collect()
}

/// Of `channels` × `pixels` inputs, in PyTorch's order channel by channel.
fn mask([channels, pixels]: [usize; 2], key: u64, device: &Device) -> Tensor<2> {
    let values: Vec<f32> = noise(BATCH * channels * pixels, key, 1.0)
        .into_iter()
        .map(|v| if v > 0.0 { 2.0 } else { 0.0 })
        .collect();
    let mask = Tensor::<3>::from_data(TensorData::new(values, [BATCH, channels, pixels]), device);
    mask.swap_dims(1, 2).flatten(1, 2)
}

fn network(batch_norm: bool) -> Network {
    Network {
        channels: vec![32, 64, 128],
        hidden: 256,
        activation: Activation::Relu,
        dropout: 0.0,
        batch_norm,
    }
}

/// The script's weights: noise each, in the alphabetical order of the parameters.
fn initial_weights(batch_norm: bool, backend: &Backend) -> Weights {
    let mut weights = Weights::of(&Cnn::init(&network(batch_norm), Seed(0), backend));
    let mut k = 0;
    for (name, NamedTensor { shape, values }) in &mut weights.0 {
        if name.contains("running") {
            continue;
        }
        let n = values.len();
        *values = if name.starts_with("bn") {
            let base = if name.ends_with("weight") { 1.0 } else { 0.0 };
            noise(n, k, 0.1).into_iter().map(|v| base + v).collect()
        } else {
            let fan_in = if shape.len() > 1 { n / shape[0] } else { 100 };
            noise(n, k, (4.0 / fan_in as f64).sqrt())
        };
        k += 1;
    }
    weights
}

fn gradient_summaries(cnn: &Cnn, gradients: &GradientsParams) -> BTreeMap<String, Summary> {
    let tensors = Weights::of_gradients(cnn, gradients);
    tensors.0.iter().map(|(name, tensor)| (name.clone(), Summary::of(&tensor.values))).collect()
}

fn check(case: &Case, key: u64, operators: Operators) {
    let plain = Backend { device: Device::flex(), operators };
    let backend = plain.differentiating();
    let device = &backend.device;
    let sgd = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 };
    let mut optimizer = plateau_train::optimizer::Optimizer::new(&sgd);
    let initial = initial_weights(case.batch_norm, &plain);
    let mut cnn = initial.network(&network(case.batch_norm), &backend).unwrap();
    for (step, expected) in case.losses.iter().enumerate() {
        let masks = case.dropout.then(|| DropoutMasks {
            features: mask([128, 16], 200 + step as u64, device),
            hidden: mask([256, 1], 300 + step as u64, device),
        });
        let logits = cnn.forward(images(key + step as u64, device), masks, Mode::Training);
        let loss = cross_entropy(operators, logits, &labels(step));
        let gradients = GradientsParams::from_grads(loss.backward(), &cnn);
        let loss = f64::from(loss.into_scalar::<f32>());
        let what = format!("{}, {operators:?}, loss of step {step}", case.name);
        assert!(
            (loss - expected).abs() < 2e-4 * expected,
            "{what}: PyTorch {expected}, here {loss}"
        );
        if step == 0 {
            let found = gradient_summaries(&cnn, &gradients);
            assert_eq!(found.len(), case.gradients.len());
            for (name, expected) in &case.gradients {
                let what = format!("{}, {operators:?}, gradient of {name}", case.name);
                // Batch norm subtracts the mean, so a bias before it has no effect: both sides
                // find zero, up to their own rounding.
                let normalised = name.starts_with("conv") || name.starts_with("fc1");
                if case.batch_norm && normalised && name.ends_with("bias") {
                    assert!(expected.norm < 1e-4 && found[name].norm < 1e-4, "{what}");
                    continue;
                }
                found[name].assert_close(expected, 1e-3, &what);
            }
        }
        cnn = optimizer.step(RATE, cnn, gradients);
        if step == 0 {
            let logits =
                cnn.valid().forward(images(key + 9, &plain.device), None, Mode::Evaluation);
            let loss = cross_entropy(operators, logits, &labels(9)).into_scalar::<f32>();
            let relative = (f64::from(loss) - case.evaluation_loss).abs() / case.evaluation_loss;
            assert!(relative < 2e-4, "{}: evaluation differs by {relative}", case.name);
        }
    }
    let weights = Weights::of(&cnn);
    assert_eq!(weights.0.len(), case.weights.len());
    for (name, expected) in &case.weights {
        let what = format!("{}, {operators:?}, {name} after three updates", case.name);
        Summary::of(&weights.0[name].values).assert_close(expected, 1e-3, &what);
    }
}

#[test]
fn losses_gradients_updates_and_running_statistics_are_pytorch_s() {
    let reference: Reference =
        serde_json::from_str(include_str!("pytorch/reference.json")).unwrap();
    assert_eq!(reference.cases.len(), 3);
    for case in &reference.cases {
        for operators in [Operators::Fused, Operators::Composed] {
            check(case, reference.key, operators);
        }
    }
}

#[test]
fn weights_survive_safetensors_and_a_round_trip_through_the_network() {
    let backend = Backend::fastest(Device::flex());
    let mut weights = initial_weights(true, &backend);
    for (name, tensor) in &mut weights.0 {
        if name.contains("running") {
            tensor.values = noise(tensor.values.len(), 0, 1.0);
        }
    }
    let again = Weights::from_safetensors(&weights.to_safetensors().unwrap()).unwrap();
    assert_eq!(again, weights);
    let cnn = again.network(&network(true), &backend).unwrap();
    assert_eq!(Weights::of(&cnn), weights);
    let running: &RunningStatistics = &cnn.features.blocks[0].norm.as_ref().unwrap().running;
    assert_eq!(running.mean, weights.0["bn1.running_mean"].values);
}
