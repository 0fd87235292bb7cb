//! Whatever a configuration asks for, a run is refused, finishes or diverges: it never panics,
//! and never records what isn't a finite number.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use plateau_data::{Dataset, SyntheticSize, synthetic_of};
use plateau_model::Weights;
use plateau_record::{
    Activation, DataConfig, DataSet, Device, Epoch, Network, Optimizer, RunConfig, RunStatus,
    Schedule, ScheduleShape, Seed, Split, SplitScheme, Start,
};
use plateau_train::bench::{Duration, Pass, measure};
use plateau_train::{Precondition, Silent, TrainError, Trained, backend::backend, fit};

fn data() -> Dataset {
    synthetic_of(SyntheticSize { training_per_class: 10, test_per_class: 4 })
}

fn config() -> RunConfig {
    RunConfig {
        data: DataConfig {
            set: DataSet::Synthetic,
            split: Split {
                seed: Seed(0),
                scheme: SplitScheme::Holdout,
                train_images: 40,
                validation_images: 30,
            },
            altered: None,
        },
        network: Network {
            channels: vec![4, 8],
            hidden: 16,
            activation: Activation::Relu,
            dropout: 0.0,
            batch_norm: false,
        },
        start: Start::Fresh,
        optimizer: Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 },
        schedule: Schedule { rate: 0.02, shape: ScheduleShape::Constant },
        batch_size: 8,
        epochs: Epoch(2),
        seed: Seed(3),
        device: Device::Cpu,
    }
}

/// All recorded numbers are finite: JSON has no others, and a record that holds one can't be
/// read again.
fn assert_finite(trained: &Trained, what: &str) {
    let result = &trained.result;
    let json = serde_json::to_string(&(&trained.epochs, &trained.gradients, &trained.range));
    assert!(!json.unwrap().contains("null"), "{what}");
    let performances =
        [result.train, result.validation, result.test.as_ref().map(|t| t.performance)];
    for performance in performances.into_iter().flatten() {
        assert!(performance.loss.is_finite(), "{what}");
    }
    let is_finished = result.status == RunStatus::Finished;
    if !is_finished {
        assert_eq!(performances, [None; 3], "{what}");
        assert!(trained.predictions.is_none(), "{what}");
    }
    let mut predictions = trained.predictions.iter().flat_map(|p| &p.confidence);
    assert!(predictions.all(|share| share.is_finite()), "{what}");
}

#[test]
fn runs_at_extreme_rates_finish_or_diverge_and_record_finite_numbers() {
    let data = data();
    let adam = Optimizer::Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-30 };
    let slow = Optimizer::Adam { beta_1: 0.999_999, beta_2: 0.999_999, epsilon: 1.0 };
    let sgd = Optimizer::Sgd { momentum: 0.999_999, weight_decay: 1e6 };
    for optimizer in [config().optimizer, sgd, adam, slow] {
        for rate in [1e-12, 1e1, 1e3, 1e6, 1e300] {
            for activation in [Activation::Relu, Activation::Tanh] {
                for (dropout, batch_norm) in [(0.0, false), (0.5, true), (0.999_999, false)] {
                    let mut config = config();
                    config.optimizer = optimizer.clone();
                    config.schedule.rate = rate;
                    config.network.activation = activation;
                    config.network.dropout = dropout;
                    config.network.batch_norm = batch_norm;
                    let trained = fit(&config, &data, None, &mut Silent).unwrap();
                    assert_finite(&trained, &format!("{config:?}"));
                }
            }
        }
    }
}

#[test]
fn extreme_schedules_have_finite_rates() {
    let data = data();
    for (rate, shape) in [
        (1e-12, ScheduleShape::RangeTest { to: 1e6 }),
        (1e6, ScheduleShape::RangeTest { to: 1e-12 }),
        (1e-12, ScheduleShape::Step { every: Epoch(0), factor: 1e-6 }),
        (1e-12, ScheduleShape::Step { every: Epoch(u32::MAX), factor: 1e-300 }),
        (1e-12, ScheduleShape::Cosine),
    ] {
        let mut config = config();
        config.schedule = Schedule { rate, shape };
        assert_finite(&fit(&config, &data, None, &mut Silent).unwrap(), &format!("{config:?}"));
    }
}

#[test]
fn a_transfer_from_weights_that_are_no_numbers_diverges() {
    let data = data();
    let parent = config();
    let weights = fit(&parent, &data, None, &mut Silent).unwrap().weights;
    for value in [f32::NAN, f32::INFINITY, f32::MAX] {
        for batch_norm in [false, true] {
            let mut parent = parent.clone();
            parent.network.batch_norm = batch_norm;
            let mut weights = if batch_norm {
                fit(&parent, &data, None, &mut Silent).unwrap().weights
            } else {
                weights.clone()
            };
            weights.0.get_mut("conv2.bias").unwrap().values.fill(value);
            let mut config = parent.clone();
            config.start = Start::Transfer { parent: parent.id() };
            let trained = fit(&config, &data, Some(&weights), &mut Silent).unwrap();
            assert_finite(&trained, &format!("{value}, batch norm {batch_norm}"));
        }
    }
}

#[test]
fn weights_of_another_network_are_refused() {
    let data = data();
    let mut config = config();
    config.start = Start::Transfer { parent: config.id() };
    let none = Weights::default();
    let error = fit(&config, &data, Some(&none), &mut Silent).unwrap_err();
    assert!(matches!(error, TrainError::Weights(_)), "{error}");
    let error = fit(&config, &data, None, &mut Silent).unwrap_err();
    assert!(matches!(error, TrainError::ParentMissing(_)), "{error}");
}

#[test]
fn batches_larger_than_the_images_are_the_images() {
    let mut config = config();
    config.batch_size = u32::MAX;
    let trained = fit(&config, &data(), None, &mut Silent).unwrap();
    assert_eq!(trained.epochs[2].step.0, 2);
}

#[test]
fn what_no_run_can_be_is_refused_in_words() {
    let data = data();
    let refused = |change: &dyn Fn(&mut RunConfig)| {
        let mut config = config();
        change(&mut config);
        let error = fit(&config, &data, None, &mut Silent).unwrap_err();
        assert!(matches!(error, TrainError::Precondition(_)), "{error}");
        let backend = backend(Device::Cpu).unwrap();
        let duration = Duration { warmup: 0, steps: 1 };
        let error = measure(&config, &backend, Pass::Training, duration).unwrap_err();
        error.to_string()
    };
    assert!(refused(&|c| c.batch_size = 0).contains("no images"));
    assert!(refused(&|c| c.network.channels = vec![]).contains("0 blocks"));
    assert!(refused(&|c| c.network.channels = vec![4; 6]).contains("6 blocks"));
    assert!(refused(&|c| c.network.channels = vec![4, 0]).contains("0 units"));
    assert!(refused(&|c| c.network.channels = vec![u32::MAX; 2]).contains("4294967295 units"));
    assert!(refused(&|c| c.network.hidden = 0).contains("0 units"));
    assert!(refused(&|c| c.epochs = Epoch(u32::MAX)).contains("4294967295 epochs"));
    for rate in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
        assert!(refused(&|c| c.schedule.rate = rate).contains("learning rate"));
    }
    let range = |c: &mut RunConfig| {
        let shape = ScheduleShape::RangeTest { to: 1e300 };
        c.schedule = Schedule { rate: 1e-300, shape };
    };
    assert!(refused(&range).contains("over its first"));
    for share in [f64::NAN, 1.0, -0.1] {
        assert!(refused(&|c| c.network.dropout = share).contains("dropout"));
        let momentum = |c: &mut RunConfig| {
            c.optimizer = Optimizer::Sgd { momentum: share, weight_decay: 0.0 };
        };
        assert!(refused(&momentum).contains("momentum"));
    }
    let error = Precondition::BatchOfOne { batch_size: 1, train_images: 40 };
    assert!(error.to_string().contains("batches of one image"));
}

#[test]
fn weights_carry_what_is_needed_to_use_them() {
    let config = config();
    let trained = fit(&config, &data(), None, &mut Silent).unwrap();
    let bytes = trained.weights_file(&config).unwrap();
    let (weights, entries) = Weights::from_safetensors_with(&bytes).unwrap();
    assert!(weights == trained.weights);
    assert_eq!(Weights::from_safetensors(&bytes).unwrap(), trained.weights);
    assert_eq!(entries["format"], "pt");
    let read: RunConfig = serde_json::from_str(&entries["plateau.config"]).unwrap();
    assert_eq!(read, config);
    let input: plateau_record::Input = serde_json::from_str(&entries["plateau.input"]).unwrap();
    assert_eq!(input, trained.input);
    assert_eq!(entries["input_shape"], "3,32,32");
    let mean: Vec<f32> = entries["mean"].split(',').map(|m| m.parse().unwrap()).collect();
    assert_eq!(mean, trained.input.mean);
    assert_eq!(entries["std"].split(',').count(), 3);
    assert!(entries["classes"].starts_with("airplane,automobile,"));
    for _ in 0..50 {
        assert!(trained.weights_file(&config).unwrap() == bytes);
    }
}

/// A digest that needs no dependency: equal bytes have equal ones.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn processes_of_their_own_write_the_same_file() {
    const CHILD: &str = "PLATEAU_TEST_WEIGHTS_FILE";
    let config = config();
    let written = || fit(&config, &data(), None, &mut Silent).unwrap().weights_file(&config);
    #[expect(clippy::disallowed_methods, reason = "tells the child what it is")]
    if let Some(path) = std::env::var_os(CHILD) {
        std::fs::write(path, digest(&written().unwrap()).to_string()).unwrap();
        return;
    }
    let folder = std::env::temp_dir().join(format!("plateau-weights-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let expected = digest(&written().unwrap()).to_string();
    for child in 0..5 {
        let path = folder.join(child.to_string());
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["processes_of_their_own_write_the_same_file", "--exact"])
            .env(CHILD, &path)
            .output()
            .unwrap();
        assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stdout));
        assert_eq!(std::fs::read_to_string(path).unwrap(), expected);
    }
    std::fs::remove_dir_all(folder).unwrap();
}
