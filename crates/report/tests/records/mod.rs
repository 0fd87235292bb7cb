//! Records of a small study with results as a test wants them.

use std::collections::BTreeMap;

use plateau_record::{
    Activation, DataConfig, DataSet, Device, Epoch, EpochRecord, ExperimentRecord, FORMAT_VERSION,
    GradientRecord, Group, GroupRun, Moments, Network, Optimizer, ParameterKind, Performance,
    PhaseRecord, Predictions, Provenance, RangeRecord, RunConfig, RunId, RunRecord, RunResult,
    RunStatus, Schedule, ScheduleShape, Seed, Split, SplitScheme, Start, Step, StudyRecord,
    TestRecord,
};

const EPOCHS: u32 = 4;

/// A study and its runs.
pub(crate) struct Made {
    pub(crate) study: StudyRecord,
    pub(crate) runs: BTreeMap<RunId, RunRecord>,
}

/// What a run reaches, in all measures alike.
#[derive(Clone, Copy)]
pub(crate) struct Reached {
    pub(crate) accuracy: f64,
    pub(crate) loss: f64,
    pub(crate) gradient: f64,
}

/// Constant rates after a range test, a schedule, dropout, batch norm; all four experiments.
pub(crate) fn study(n_seeds: u64, rates: &[f64], reached: fn(u64, usize) -> Reached) -> Made {
    let constant = |rate: f64| Schedule { rate, shape: ScheduleShape::Constant };
    let plain = |schedule: Schedule| (schedule, 0.0, false);
    let range = Schedule { rate: rates[0], shape: ScheduleShape::RangeTest { to: rates[0] * 1e4 } };
    let cosine = Schedule { rate: rates[0], shape: ScheduleShape::Cosine };
    let phases = [
        ("constant", rates.iter().map(|rate| plain(constant(*rate))).collect()),
        ("range", vec![plain(range)]),
        ("cosine", vec![plain(cosine)]),
        ("dropout", [0.0, 0.25, 0.5].map(|dropout| (constant(0.01), dropout, false)).to_vec()),
        ("batch-norm", vec![(constant(0.01), 0.0, true)]),
    ];
    let mut runs = BTreeMap::new();
    let mut records = Vec::new();
    let mut place = 0;
    for (name, settings) in phases {
        let mut groups = Vec::new();
        for (schedule, dropout, batch_norm) in settings {
            place += 1;
            let mut group = Group {
                schedule: schedule.clone(),
                dropout,
                batch_norm,
                transfer: false,
                epochs: Epoch(EPOCHS),
                runs: Vec::new(),
            };
            for seed in 1..=n_seeds {
                let config = config(&group, seed);
                let id = RunId(format!("{place:08x}{seed:08x}"));
                group.runs.push(GroupRun { seed: Seed(seed), id: id.clone() });
                runs.insert(id.clone(), run(id, config, reached(seed, place)));
            }
            groups.push(group);
        }
        records.push(PhaseRecord { name: name.to_owned(), choices: Vec::new(), groups });
    }
    let name = |name: &str| name.to_owned();
    let study = StudyRecord {
        format: FORMAT_VERSION,
        name: name("extreme"),
        title: name("Extreme results"),
        data: DataSet::Cifar10,
        altered: None,
        seeds: (1..=n_seeds).map(Seed).collect(),
        arguments: Vec::new(),
        pending: Vec::new(),
        others: Vec::new(),
        experiments: vec![
            ExperimentRecord::LearningRate {
                range_test: Some(name("range")),
                constant: name("constant"),
                scheduled: Some(name("cosine")),
            },
            ExperimentRecord::Regularisation { dropout: name("dropout"), transfer: None },
            ExperimentRecord::GradientFlow {
                dropout: name("dropout"),
                batch_norm: name("batch-norm"),
            },
            ExperimentRecord::Sweep { phase: name("constant") },
        ],
        phases: records,
    };
    Made { study, runs }
}

fn config(group: &Group, seed: u64) -> RunConfig {
    RunConfig {
        data: DataConfig {
            set: DataSet::Cifar10,
            split: Split {
                seed: Seed(0),
                scheme: SplitScheme::Holdout,
                train_images: 4_000,
                validation_images: 1_000,
            },
            altered: None,
        },
        network: Network {
            channels: vec![8],
            hidden: 16,
            activation: Activation::Tanh,
            dropout: group.dropout,
            batch_norm: group.batch_norm,
        },
        start: Start::Fresh,
        optimizer: Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 },
        schedule: group.schedule.clone(),
        batch_size: 128,
        epochs: group.epochs,
        seed: Seed(seed),
        device: Device::Cpu,
    }
}

fn run(id: RunId, config: RunConfig, reached: Reached) -> RunRecord {
    let Reached { accuracy, loss, gradient } = reached;
    let end = Performance { loss, accuracy };
    let is_range_test = matches!(config.schedule.shape, ScheduleShape::RangeTest { .. });
    let epochs = (0..=EPOCHS).map(|epoch| EpochRecord {
        epoch: Epoch(epoch),
        step: Step(u64::from(epoch) * 32),
        learning_rate: config.schedule.rate,
        train: end,
        validation: Performance { accuracy: if epoch % 2 == 0 { accuracy } else { 0.0 }, ..end },
        seconds: 1.0,
        images_per_second: 4000.0,
    });
    let moments = Moments { mean: gradient, std: gradient };
    let gradients = (1..=EPOCHS).flat_map(|epoch| {
        ["conv1", "fc1", "fc2"].into_iter().zip(1..).flat_map(move |(name, layer)| {
            [ParameterKind::Weight, ParameterKind::Bias].map(|parameter| GradientRecord {
                epoch: Epoch(epoch),
                layer,
                name: name.to_owned(),
                parameter,
                signed: Moments { mean: -gradient, std: gradient },
                absolute: moments,
                count: 1000,
            })
        })
    });
    let range = (1..=20).map(|step| RangeRecord {
        step: Step(step),
        learning_rate: config.schedule.rate * 1.5_f64.powi(step as i32),
        loss: loss * (1.0 + (step as f64 - 12.0).powi(2) / 10.0),
    });
    let there = (!is_range_test).then_some(end);
    let right = (accuracy * 100.0).round() as u32;
    let confusion = (0..10)
        .map(|label| {
            let mut row = vec![0; 10];
            row[label] = right;
            row[(label + 1) % 10] += 100 - right;
            row
        })
        .collect();
    let label: Vec<u8> = (0..100).map(|image| image % 10).collect();
    let predictions = Predictions {
        predicted: (label.iter().enumerate())
            .map(|(i, label)| if i < right as usize { *label } else { (label + 1) % 10 })
            .collect(),
        confidence: (0..100_u8).map(|i| 0.1 + f32::from(i) / 112.0).collect(),
        label,
    };
    RunRecord {
        id: id.clone(),
        provenance: Provenance {
            program: "0.1.0".to_owned(),
            commit: "0123456789abcdef".to_owned(),
            machine: "made up".to_owned(),
            system: "linux".to_owned(),
            instruction_set: "avx2+fma".to_owned(),
            data_md5: BTreeMap::from([("file.bin".to_owned(), "0123".to_owned())]),
        },
        input: None,
        epochs: if is_range_test { Vec::new() } else { epochs.collect() },
        gradients: if is_range_test { Vec::new() } else { gradients.collect() },
        range: if is_range_test { range.collect() } else { Vec::new() },
        predictions: (!is_range_test).then_some(predictions),
        result: RunResult {
            id,
            format: FORMAT_VERSION,
            status: RunStatus::Finished,
            train: there,
            validation: there,
            best_validation: None,
            test: there.map(|performance| TestRecord { performance, confusion }),
            seconds: 4.0,
        },
        config,
    }
}
