//! Loss, gradients and updates against PyTorch's numbers (`pytorch/reference.json`, made by
//! `pytorch/reference.py`).
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::loss::cross_entropy_with_logits;
use burn::tensor::{Device, Tensor, TensorData};
use plateau_model::batch_norm::RunningStatistics;
use plateau_model::{BatchNorm, Cnn, DropoutMasks, Mode, NamedTensor, Weights};
use plateau_record::{Activation, Network, Optimizer, ParameterKind, Seed};
use serde::Deserialize;

const BATCH: usize = 8;
const RATE: f64 = 0.05;

#[derive(Deserialize)]
struct Reference {
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

fn wave(n: usize, frequency: f64, phase: f64, scale: f64) -> Vec<f32> {
    (0..n).map(|i| (scale * (frequency * i as f64 + phase).sin()) as f32).collect()
}

fn images(step: usize, device: &Device) -> Tensor<4> {
    let n = BATCH * 3 * 32 * 32;
    let fast = wave(n, 0.7310, 0.1 + step as f64, 1.0);
    let slow = wave(n, 0.0129, 0.3 * step as f64, 0.7);
    let values: Vec<f32> = fast.iter().zip(slow).map(|(a, b)| a + b).collect();
    Tensor::from_data(TensorData::new(values, [BATCH, 3, 32, 32]), device)
}

fn targets(step: usize, device: &Device) -> Tensor<2> {
    let mut values = vec![0.0_f32; BATCH * 10];
    for i in 0..BATCH {
        values[i * 10 + (3 * i + step) % 10] = 1.0;
    }
    Tensor::from_data(TensorData::new(values, [BATCH, 10]), device)
}

fn mask(width: usize, phase: f64, device: &Device) -> Tensor<2> {
    let values: Vec<f32> = wave(BATCH * width, 12.9898, phase, 1.0)
        .into_iter()
        .map(|v| if v > 0.0 { 2.0 } else { 0.0 })
        .collect();
    Tensor::from_data(TensorData::new(values, [BATCH, width]), device)
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

/// The script's weights: a sine wave each, in the alphabetical order of the parameters.
fn initial_weights(batch_norm: bool, device: &Device) -> Weights {
    let mut weights = Weights::of(&Cnn::init(&network(batch_norm), Seed(0), device));
    let mut k = 0;
    for (name, NamedTensor { shape, values }) in &mut weights.0 {
        if name.contains("running") {
            continue;
        }
        let n = values.len();
        *values = if name.starts_with("bn") {
            let base = if name.ends_with("weight") { 1.0 } else { 0.0 };
            wave(n, 1.7, f64::from(k), 0.1).into_iter().map(|v| base + v).collect()
        } else {
            let fan_in = if shape.len() > 1 { n / shape[0] } else { 100 };
            wave(n, 2.399_963, f64::from(k), (4.0 / fan_in as f64).sqrt())
        };
        k += 1;
    }
    weights
}

fn gradient_summaries(cnn: &Cnn, gradients: &GradientsParams) -> BTreeMap<String, Summary> {
    // The same network with its gradients in the place of its weights, under PyTorch's names.
    let mut tensors = Weights::default();
    let names = network(false).layer_names();
    for parameter in cnn.parameters() {
        let kind = match parameter.kind {
            ParameterKind::Weight => "weight",
            ParameterKind::Bias => "bias",
        };
        let name = format!("{}.{kind}", names[parameter.layer - 1]);
        let data = match parameter.rank {
            4 => gradients.get::<4>(parameter.id).unwrap().into_data(),
            2 => gradients.get::<2>(parameter.id).unwrap().transpose().into_data(),
            _ => gradients.get::<1>(parameter.id).unwrap().into_data(),
        };
        let values = data.try_to_vec().unwrap();
        tensors.0.insert(name, NamedTensor { shape: vec![], values });
    }
    let norms = cnn.features.blocks.iter().filter_map(|block| block.norm.as_ref());
    let norms: Vec<&BatchNorm> = norms.chain(cnn.head.norm.as_ref()).collect();
    for (index, norm) in norms.into_iter().enumerate() {
        for (kind, id) in [("weight", norm.scale.id), ("bias", norm.shift.id)] {
            let values = gradients.get::<1>(id).unwrap().into_data().try_to_vec().unwrap();
            let name = format!("bn{}.{kind}", index + 1);
            tensors.0.insert(name, NamedTensor { shape: vec![], values });
        }
    }
    tensors.0.iter().map(|(name, tensor)| (name.clone(), Summary::of(&tensor.values))).collect()
}

fn check(case: &Case) {
    let plain = Device::flex();
    let device = plain.clone().autodiff();
    let sgd = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 };
    let mut optimizer = plateau_train::optimizer::optimizer(&sgd);
    let initial = initial_weights(case.batch_norm, &plain);
    let mut cnn = initial.network(&network(case.batch_norm), &device).unwrap();
    for (step, expected) in case.losses.iter().enumerate() {
        let masks = case.dropout.then(|| DropoutMasks {
            features: mask(2048, 0.5 + step as f64, &device),
            hidden: mask(256, 1.5 + step as f64, &device),
        });
        let logits = cnn.forward(images(step, &device), masks, Mode::Training);
        let loss = cross_entropy_with_logits(logits, targets(step, &device));
        let gradients = GradientsParams::from_grads(loss.backward(), &cnn);
        let loss = f64::from(loss.into_scalar::<f32>());
        let what = format!("{}, loss of step {step}", case.name);
        assert!(
            (loss - expected).abs() < 2e-4 * expected,
            "{what}: PyTorch {expected}, here {loss}"
        );
        if step == 0 {
            let found = gradient_summaries(&cnn, &gradients);
            assert_eq!(found.len(), case.gradients.len());
            for (name, expected) in &case.gradients {
                let what = format!("{}, gradient of {name}", case.name);
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
            let logits = cnn.valid().forward(images(9, &plain), None, Mode::Evaluation);
            let loss = cross_entropy_with_logits(logits, targets(9, &plain)).into_scalar::<f32>();
            let relative = (f64::from(loss) - case.evaluation_loss).abs() / case.evaluation_loss;
            assert!(relative < 2e-4, "{}: evaluation differs by {relative}", case.name);
        }
    }
    let weights = Weights::of(&cnn);
    assert_eq!(weights.0.len(), case.weights.len());
    for (name, expected) in &case.weights {
        let what = format!("{}, {name} after three updates", case.name);
        Summary::of(&weights.0[name].values).assert_close(expected, 1e-3, &what);
    }
}

#[test]
fn losses_gradients_updates_and_running_statistics_are_pytorch_s() {
    let reference: Reference =
        serde_json::from_str(include_str!("pytorch/reference.json")).unwrap();
    assert_eq!(reference.cases.len(), 3);
    for case in &reference.cases {
        check(case);
    }
}

#[test]
fn weights_survive_safetensors_and_a_round_trip_through_the_network() {
    let device = Device::flex();
    let mut weights = initial_weights(true, &device);
    for (name, tensor) in &mut weights.0 {
        if name.contains("running") {
            tensor.values = wave(tensor.values.len(), 0.9, 0.0, 1.0);
        }
    }
    let again = Weights::from_safetensors(&weights.to_safetensors().unwrap()).unwrap();
    assert_eq!(again, weights);
    let cnn = again.network(&network(true), &device).unwrap();
    assert_eq!(Weights::of(&cnn), weights);
    let running: &RunningStatistics = &cnn.features.blocks[0].norm.as_ref().unwrap().running;
    assert_eq!(running.mean, weights.0["bn1.running_mean"].values);
}
