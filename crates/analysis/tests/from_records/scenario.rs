//! Records of runs and studies with made-up numbers.

use std::collections::BTreeMap;

use plateau_record::{
    Activation, Choice, DataConfig, DataSet, Device, Epoch, EpochRecord, ExperimentRecord,
    FORMAT_VERSION, GradientRecord, Group, GroupRun, Moments, Network, Optimizer, ParameterKind,
    Performance, PhaseRecord, Provenance, RangeRecord, RunConfig, RunId, RunRecord, RunResult,
    RunStatus, Schedule, ScheduleShape, Seed, Split, SplitScheme, Start, Step, StudyRecord,
    TestRecord,
};

/// The groups of a phase before they have runs.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) rate: f64,
    pub(crate) shape: ScheduleShape,
    pub(crate) dropout: f64,
    pub(crate) batch_norm: bool,
    pub(crate) transfer: bool,
    pub(crate) epochs: u32,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            rate: 0.01,
            shape: ScheduleShape::Constant,
            dropout: 0.0,
            batch_norm: false,
            transfer: false,
            epochs: 12,
        }
    }
}

impl Setup {
    pub(crate) fn config(&self, seed: u64) -> RunConfig {
        let start = match self.transfer {
            true => Start::Transfer { parent: RunId(format!("parent-{seed}")) },
            false => Start::Fresh,
        };
        RunConfig {
            data: DataConfig {
                set: DataSet::Cifar10,
                split: Split {
                    seed: Seed(0),
                    scheme: SplitScheme::Holdout,
                    train_images: 45_000,
                    validation_images: 5_000,
                },
                altered: None,
            },
            network: Network {
                channels: vec![32],
                hidden: 256,
                activation: Activation::Relu,
                dropout: self.dropout,
                batch_norm: self.batch_norm,
            },
            start,
            optimizer: Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 },
            schedule: Schedule { rate: self.rate, shape: self.shape.clone() },
            batch_size: 128,
            epochs: Epoch(self.epochs),
            seed: Seed(seed),
            device: Device::Cpu,
        }
    }
}

/// What a made-up run reaches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reached {
    pub(crate) train: f64,
    pub(crate) validation: f64,
    pub(crate) test: f64,
    /// Mean |dL/dw| of layer 1 in epoch 1.
    pub(crate) gradient: f64,
    /// The same of layer 2 over that of layer 1, and so on.
    pub(crate) shrink: f64,
}

impl Default for Reached {
    fn default() -> Self {
        Self { train: 0.9, validation: 0.75, test: 0.74, gradient: 0.01, shrink: 0.5 }
    }
}

/// A finished run: accuracies rise from 0.1 and are level after half of the epochs; gradients
/// halve from epoch to epoch.
pub(crate) fn finished(config: RunConfig, reached: Reached) -> RunRecord {
    let n_epochs = config.epochs.0;
    let at = |epoch: u32, end: f64| Performance {
        loss: 2.3 * (1.0 - end) + 0.1 / f64::from(epoch + 1),
        accuracy: 0.1 + (end - 0.1) * (2.0 * f64::from(epoch) / f64::from(n_epochs)).min(1.0),
    };
    let epochs = (0..=n_epochs)
        .map(|epoch| EpochRecord {
            epoch: Epoch(epoch),
            step: Step(u64::from(epoch) * 352),
            learning_rate: config.schedule.rate,
            train: at(epoch, reached.train),
            validation: at(epoch, reached.validation),
            seconds: 1.0,
            images_per_second: 45_000.0,
        })
        .collect();
    let performance = |end: f64| Some(at(n_epochs, end));
    let mut record = empty(config);
    record.epochs = epochs;
    record.gradients = gradients(&record.config, reached);
    record.result.train = performance(reached.train);
    record.result.validation = performance(reached.validation);
    let right = (reached.test * 1000.0).round() as u32;
    let confusion = (0..10).map(|label| row(label, right)).collect();
    let performance = at(n_epochs, reached.test);
    record.result.test = Some(TestRecord { performance, confusion });
    record
}

/// All mistakes of a class go to the next one.
fn row(label: usize, right: u32) -> Vec<u32> {
    let mut row = vec![0; 10];
    row[label] = right;
    row[(label + 1) % 10] = 1000 - right;
    row
}

fn gradients(config: &RunConfig, reached: Reached) -> Vec<GradientRecord> {
    let mut records = Vec::new();
    for epoch in 1..=config.epochs.0 {
        for (layer, name) in (1..).zip(config.network.layer_names()) {
            for parameter in [ParameterKind::Weight, ParameterKind::Bias] {
                let mean = reached.gradient
                    * 0.5_f64.powi(epoch as i32 - 1)
                    * reached.shrink.powi(layer as i32 - 1);
                records.push(GradientRecord {
                    epoch: Epoch(epoch),
                    layer,
                    name: name.clone(),
                    parameter,
                    signed: Moments { mean: 0.0, std: 2.0 * mean },
                    absolute: Moments { mean, std: mean },
                    count: 1000,
                });
            }
        }
    }
    records
}

/// A finished run that learned nothing.
pub(crate) fn collapsed(config: RunConfig) -> RunRecord {
    let mut record = finished(config, Reached::default());
    record.result.train = Some(Performance { loss: 10_f64.ln(), accuracy: 0.1 });
    record
}

pub(crate) fn diverged(config: RunConfig) -> RunRecord {
    let mut record = empty(config);
    record.result.status = RunStatus::Diverged { epoch: Epoch(1), step: Step(17) };
    record
}

/// A range test with the loss as a function of the rate, up to a rate.
pub(crate) fn range_test(config: RunConfig, up_to: f64, loss: impl Fn(f64) -> f64) -> RunRecord {
    let mut record = empty(config);
    let rates = (0..=400).map(|i| 1e-4 * 10_f64.powf(f64::from(i) / 100.0));
    record.range = rates
        .take_while(|rate| *rate <= up_to)
        .zip(1..)
        .map(|(learning_rate, step)| RangeRecord {
            step: Step(step),
            learning_rate,
            loss: loss(learning_rate),
        })
        .collect();
    record
}

fn empty(config: RunConfig) -> RunRecord {
    let id = config.id();
    RunRecord {
        id: id.clone(),
        config,
        provenance: Provenance {
            program: "0.1.0".to_owned(),
            commit: "unknown".to_owned(),
            machine: "test".to_owned(),
            system: "linux".to_owned(),
            instruction_set: "scalar".to_owned(),
            data_md5: BTreeMap::new(),
        },
        input: None,
        epochs: Vec::new(),
        gradients: Vec::new(),
        range: Vec::new(),
        predictions: None,
        result: RunResult {
            id,
            format: FORMAT_VERSION,
            status: RunStatus::Finished,
            train: None,
            validation: None,
            best_validation: None,
            test: None,
            seconds: 10.0,
        },
    }
}

/// A study under construction, with its runs.
pub(crate) struct Scenario {
    pub(crate) study: StudyRecord,
    pub(crate) runs: BTreeMap<RunId, RunRecord>,
}

impl Scenario {
    pub(crate) fn new(n_seeds: u64, experiments: Vec<ExperimentRecord>) -> Self {
        let study = StudyRecord {
            altered: None,
            format: FORMAT_VERSION,
            name: "test".to_owned(),
            title: "A test".to_owned(),
            data: DataSet::Cifar10,
            seeds: (0..n_seeds).map(Seed).collect(),
            arguments: Vec::new(),
            others: Vec::new(),
            pending: Vec::new(),
            experiments,
            phases: Vec::new(),
        };
        Self { study, runs: BTreeMap::new() }
    }

    /// Adds a phase; `record` makes the record of each run, or none.
    pub(crate) fn phase(
        &mut self,
        name: &str,
        setups: &[Setup],
        mut record: impl FnMut(&Setup, RunConfig) -> Option<RunRecord>,
    ) {
        let mut groups = Vec::new();
        for setup in setups {
            let mut runs = Vec::new();
            for seed in self.study.seeds.clone() {
                let config = setup.config(seed.0);
                runs.push(GroupRun { seed, id: config.id() });
                if let Some(record) = record(setup, config) {
                    self.runs.insert(record.id.clone(), record);
                }
            }
            groups.push(Group {
                schedule: Schedule { rate: setup.rate, shape: setup.shape.clone() },
                dropout: setup.dropout,
                batch_norm: setup.batch_norm,
                transfer: setup.transfer,
                epochs: Epoch(setup.epochs),
                runs,
            });
        }
        let choice = Choice {
            setting: "rate".to_owned(),
            values: Vec::new(),
            from: "nothing".to_owned(),
            rule: "made up".to_owned(),
        };
        let phase = PhaseRecord { name: name.to_owned(), choices: vec![choice], groups };
        self.study.phases.push(phase);
    }

    pub(crate) fn findings(&self) -> plateau_analysis::Findings {
        plateau_analysis::findings(&self.study, &self.runs)
    }
}
