//! Runs that were never trained: results that follow from the configuration by a formula.

use std::collections::BTreeMap;
use std::path::Path;

use plateau_record::{
    Epoch, EpochRecord, FORMAT_VERSION, GradientRecord, Moments, ParameterKind, Performance,
    Predictions, Provenance, RangeRecord, RunConfig, RunRecord, RunResult, RunStatus,
    ScheduleShape, Step, TestRecord,
};
use plateau_study::{Commit, Overrides, Store, StoreError, Study};

/// All sorts of references; ten runs per seed.
pub(crate) const STUDY: &str = r#"
name = "tiny"
title = "A tiny study"
data = "synthetic"
seeds = 2

[network]
channels = [4]
hidden = 8

[training]
batch_size = 16
epochs = 3
optimizer = { kind = "sgd", momentum = 0.9 }

[[experiment]]
kind = "learning-rate"
range_test = "range-test"
constant = "constant"
scheduled = "scheduled"

[[experiment]]
kind = "regularisation"
dropout = "dropout"
transfer = "transfer"

[[experiment]]
kind = "gradient-flow"
dropout = "dropout"
batch_norm = "batch-norm"

[phase.range-test]
split = { train = 200, validation = 100 }
range_test = { from = 1e-4, to = 1.0, epochs = 2 }

[phase.constant]
split = { train = 200, validation = 100 }
rate = { proposed_by = "range-test", count = 2, factor = 2.0 }

[phase.scheduled]
split = { train = 200, validation = 100 }
rate = { best_of = "constant", times = 2.0 }
schedule = "cosine"

[phase.dropout]
split = { half = "A", images = 100 }
rate = { same_as = "scheduled" }
schedule = "cosine"
dropout = [0.0, 0.2, 0.5]

[phase.transfer]
split = { half = "B", images = 100 }
rate = { same_as = "scheduled" }
schedule = "cosine"
transfer_from = "dropout"
dropout = [0.0, { best_of = "dropout", above = 0.0 }]

[phase.batch-norm]
split = { half = "A", images = 100 }
rate = { same_as = "scheduled" }
schedule = "cosine"
batch_norm = true
"#;

pub(crate) fn tiny_study() -> Study {
    parse(STUDY)
}

pub(crate) fn parse(source: &str) -> Study {
    Study::parse(source, &Overrides::default()).unwrap()
}

pub(crate) fn provenance() -> Provenance {
    Provenance {
        program: "0.0.0".to_owned(),
        commit: "unknown".to_owned(),
        machine: "imaginary".to_owned(),
        system: "imaginary".to_owned(),
        instruction_set: "none".to_owned(),
        data_md5: BTreeMap::new(),
    }
}

/// The record that a run of that configuration would leave: dropout 0.2 does best, and of two
/// learning rates the smaller.
pub(crate) fn record(config: &RunConfig) -> RunRecord {
    let id = config.id();
    let accuracy = 0.7 - (config.network.dropout - 0.2).abs() / 10.0 - config.schedule.rate;
    let performance = Performance { loss: 0.1 + accuracy, accuracy };
    let range = match config.schedule.shape {
        ScheduleShape::RangeTest { to } => range(config.schedule.rate, to),
        _ => Vec::new(),
    };
    let measured = range.is_empty().then_some(performance);
    let epochs = (0..=config.epochs.0).filter(|_| measured.is_some()).map(|epoch| EpochRecord {
        epoch: Epoch(epoch),
        step: Step(u64::from(epoch) * config.steps_per_epoch()),
        learning_rate: config.schedule.rate,
        train: performance,
        validation: performance,
        seconds: 0.1 + 0.2,
        images_per_second: 1.0 / 3.0,
    });
    let moments = Moments { mean: 1e-9 / 3.0, std: f64::MIN_POSITIVE };
    let gradients = measured.map(|_| GradientRecord {
        epoch: Epoch(1),
        layer: 1,
        name: "conv1".to_owned(),
        parameter: ParameterKind::Weight,
        signed: moments,
        absolute: moments,
        count: 7,
    });
    RunRecord {
        id: id.clone(),
        config: config.clone(),
        provenance: provenance(),
        input: None,
        epochs: epochs.collect(),
        gradients: gradients.into_iter().collect(),
        range,
        predictions: measured.map(|_| Predictions {
            label: vec![3, 8],
            predicted: vec![3, 0],
            confidence: vec![1.0, 1.0 / 3.0],
        }),
        result: RunResult {
            id,
            format: FORMAT_VERSION,
            status: RunStatus::Finished,
            train: measured,
            validation: measured,
            best_validation: None,
            test: measured
                .map(|performance| TestRecord { performance, confusion: vec![vec![1; 10]; 10] }),
            seconds: 0.25,
        },
    }
}

/// A loss that falls until the rate is about 0.03, and rises from there.
fn range(from: f64, to: f64) -> Vec<RangeRecord> {
    let n_steps = 80_u32;
    let steps = (0..n_steps).map(|i| {
        let learning_rate = from * (to / from).powf(f64::from(i) / f64::from(n_steps - 1));
        let distance = learning_rate.log10() + 1.5;
        let loss = 0.8 + 0.5 * distance * distance;
        RangeRecord { step: Step(u64::from(i) + 1), learning_rate, loss }
    });
    steps.collect()
}

/// Stores the run as a worker would.
pub(crate) fn store_run(dir: &Path, config: &RunConfig) -> Result<Commit, StoreError> {
    store_record(&Store::at(dir), &record(config))
}

pub(crate) fn store_record(store: &Store, record: &RunRecord) -> Result<Commit, StoreError> {
    let mut writer = store.begin(&record.config, &record.provenance, record.input.as_ref())?;
    for epoch in &record.epochs {
        writer.epoch(epoch)?;
    }
    for gradient in &record.gradients {
        writer.gradient(gradient)?;
    }
    for step in &record.range {
        writer.range(step)?;
    }
    if let Some(predictions) = &record.predictions {
        writer.predictions(predictions)?;
    }
    writer.finish(&record.result, Some(b"weights"))
}
