//! Made-up arms with learning curves that rise, level off and overfit.

use plateau_analysis::{
    Arm, Curve, FinalEstimates, FinalMetrics, LearningCurves, SeedResult, SeedStatus, Setting,
};
use plateau_record::{
    Activation, BestValidation, DataConfig, DataSet, Device, Epoch, Network, Optimizer,
    Performance, RunConfig, RunId, Schedule, ScheduleShape, Seed, Split, SplitScheme, Start,
};

use super::{EPOCHS, SEEDS, estimate, noise, stream};

/// What to make up.
pub(crate) struct ArmSpec {
    pub(crate) label: String,
    pub(crate) phase: String,
    pub(crate) setting: Setting,
    pub(crate) value: f64,
    pub(crate) rate: f64,
    pub(crate) shape: ScheduleShape,
    pub(crate) dropout: f64,
    pub(crate) batch_norm: bool,
    pub(crate) transfer: bool,
    /// Validation accuracy at the end.
    pub(crate) validation: f64,
    /// 1 for full training accuracy, 0 for no gap.
    pub(crate) overfit: f64,
}

impl Default for ArmSpec {
    fn default() -> Self {
        Self {
            label: String::new(),
            phase: "constant".to_owned(),
            setting: Setting::LearningRate,
            value: 0.0,
            rate: 0.01,
            shape: ScheduleShape::Constant,
            dropout: 0.0,
            batch_norm: false,
            transfer: false,
            validation: 0.75,
            overfit: 1.0,
        }
    }
}

fn config(spec: &ArmSpec) -> RunConfig {
    let scheme = match (spec.phase.as_str(), spec.transfer) {
        ("constant" | "scheduler", _) => SplitScheme::Holdout,
        (_, true) => SplitScheme::TrainOnB,
        _ => SplitScheme::TrainOnA,
    };
    let holdout = scheme == SplitScheme::Holdout;
    RunConfig {
        data: DataConfig {
            set: DataSet::Cifar10,
            split: Split {
                seed: Seed(0),
                scheme,
                train_images: if holdout { 45_000 } else { 25_000 },
                validation_images: if holdout { 5_000 } else { 25_000 },
            },
            altered: None,
        },
        network: Network {
            channels: vec![32, 64, 128],
            hidden: 256,
            activation: Activation::Relu,
            dropout: spec.dropout,
            batch_norm: spec.batch_norm,
        },
        start: if spec.transfer {
            Start::Transfer { parent: RunId("0123456789abcdef".to_owned()) }
        } else {
            Start::Fresh
        },
        optimizer: Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 },
        schedule: Schedule { rate: spec.rate, shape: spec.shape.clone() },
        batch_size: 128,
        epochs: Epoch(EPOCHS),
        seed: Seed(1),
        device: Device::Cpu,
    }
}

/// Training and validation performance of one seed after an epoch.
fn performance(spec: &ArmSpec, epoch: u32, jitter: [f64; 4]) -> (Performance, Performance) {
    let speed = (spec.rate / 0.004).sqrt().clamp(0.35, 1.6);
    let progress = 1.0 - (-f64::from(epoch) * 0.33 * speed).exp();
    let validation = 0.1 + (spec.validation - 0.1) * progress + 0.004 * jitter[0];
    let late = (f64::from(epoch) / f64::from(EPOCHS)).powf(1.3);
    let gap = spec.overfit * (0.99 - spec.validation) * late * speed.min(1.0);
    let train = (validation + gap + 0.003 * jitter[1]).min(0.9999);
    let loss =
        |accuracy: f64| (std::f64::consts::LN_10 * (1.0 - (accuracy - 0.1) / 0.9)).max(0.001);
    let overfit_loss = spec.overfit * 0.9 * late.powi(2) * speed.min(1.0);
    (
        Performance { loss: loss(train) + 0.004 * jitter[2].abs(), accuracy: train },
        Performance {
            loss: loss(validation) + overfit_loss + 0.02 * jitter[3],
            accuracy: validation,
        },
    )
}

/// An arm with five finished seeds.
pub(crate) fn arm(spec: &ArmSpec) -> Arm {
    let key = spec.label.bytes().fold(7_u64, |key, byte| key * 31 % 1_000_003 + u64::from(byte));
    let config = config(spec);
    let courses: Vec<Vec<(Performance, Performance)>> = SEEDS
        .iter()
        .map(|seed| {
            let mut shared = stream(*seed);
            let mut own = stream(key * 100 + seed);
            (0..=EPOCHS)
                .map(|epoch| {
                    let jitter = [(); 4].map(|()| noise(&mut shared) * 0.6 + noise(&mut own) * 0.7);
                    performance(spec, epoch, jitter)
                })
                .collect()
        })
        .collect();
    let curve = |of: fn(&(Performance, Performance)) -> f64| Curve {
        epochs: (0..=EPOCHS).collect(),
        points: (0..=EPOCHS as usize)
            .map(|epoch| {
                estimate(&courses.iter().map(|course| of(&course[epoch])).collect::<Vec<_>>())
            })
            .collect(),
    };
    let seeds: Vec<SeedResult> = SEEDS
        .iter()
        .zip(&courses)
        .map(|(seed, course)| {
            let (train, validation) = *course.last().expect("an epoch at least");
            let test = Performance {
                accuracy: validation.accuracy - 0.004 - if spec.transfer { 0.12 } else { 0.0 },
                ..validation
            };
            let finals = FinalMetrics {
                train,
                validation,
                test,
                gap: train.accuracy - validation.accuracy,
                test_gap: train.accuracy - test.accuracy,
            };
            SeedResult {
                seed: Seed(*seed),
                run: RunConfig { seed: Seed(*seed), ..config.clone() }.id(),
                status: SeedStatus::Finished,
                finals: Some(finals),
                best_validation: Some(BestValidation {
                    epoch: Epoch(EPOCHS),
                    performance: validation,
                }),
                seconds: Some(612.5 + *seed as f64),
            }
        })
        .collect();
    let of = |of: fn(&FinalMetrics) -> f64| {
        estimate(&seeds.iter().filter_map(|seed| seed.finals.as_ref()).map(of).collect::<Vec<_>>())
    };
    Arm {
        label: spec.label.clone(),
        phase: spec.phase.clone(),
        setting: spec.setting,
        value: spec.value,
        schedule: config.schedule.clone(),
        dropout: spec.dropout,
        batch_norm: spec.batch_norm,
        transfer: spec.transfer,
        epochs: Epoch(EPOCHS),
        n_expected: SEEDS.len(),
        n_finished: SEEDS.len(),
        n_diverged: 0,
        n_collapsed: 0,
        n_missing: 0,
        curves: LearningCurves {
            train_loss: curve(|c| c.0.loss),
            train_accuracy: curve(|c| c.0.accuracy),
            validation_loss: curve(|c| c.1.loss),
            validation_accuracy: curve(|c| c.1.accuracy),
            gap: curve(|c| c.0.accuracy - c.1.accuracy),
        },
        finals: Some(FinalEstimates {
            train_loss: of(|f| f.train.loss),
            train_accuracy: of(|f| f.train.accuracy),
            validation_loss: of(|f| f.validation.loss),
            validation_accuracy: of(|f| f.validation.accuracy),
            test_loss: of(|f| f.test.loss),
            test_accuracy: of(|f| f.test.accuracy),
            gap: of(|f| f.gap),
            test_gap: of(|f| f.test_gap),
        }),
        config: Some(config),
        seeds,
    }
}
