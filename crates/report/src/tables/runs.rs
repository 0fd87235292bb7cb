//! Every run.

use std::collections::BTreeMap;

use plateau_analysis::{FinalMetrics, RunSummary, SeedStatus};
use plateau_record::{RunId, RunRecord, Schedule, ScheduleShape};

use crate::number::{decimal, duration, fixed, percent};
use crate::table::{Cell, Csv, Table, exact, numbers, words};

/// One row per run.
#[must_use]
pub fn runs(runs: &[RunSummary], records: &BTreeMap<RunId, RunRecord>) -> Table {
    let mut header = words(&["Run", "Phases", "Arm"]);
    header.extend(numbers(&["Seed"]));
    header.extend(words(&["Status"]));
    header.extend(numbers(&["Train (%)", "Val. (%)", "Test (%)", "Gap", "Time"]));
    Table {
        id: "runs".to_owned(),
        title: "All runs".to_owned(),
        caption: "Accuracy on training, validation and test images and generalisation gap after \
                  the last epoch. A run’s id is a hash of its whole configuration."
            .to_owned(),
        header,
        rows: runs.iter().map(row).collect(),
        csv: csv(runs, records),
    }
}

fn row(run: &RunSummary) -> Vec<Cell> {
    let metric = |of: fn(&FinalMetrics) -> f64| {
        Cell::new(run.finals.as_ref().map_or_else(|| "–".to_owned(), |f| percent(of(f))))
    };
    vec![
        Cell::code(&run.run.0),
        Cell::new(run.phases.join(", ")),
        Cell::new(&run.label),
        Cell::new(run.seed.to_string()),
        Cell::new(status(run)),
        metric(|f| f.train.accuracy),
        metric(|f| f.validation.accuracy),
        metric(|f| f.test.accuracy),
        metric(|f| f.gap),
        Cell::new(run.seconds.map_or_else(|| "–".to_owned(), duration)),
    ]
}

fn status(run: &RunSummary) -> &'static str {
    match run.status {
        SeedStatus::Finished if run.range_test => "range test",
        SeedStatus::Finished => "finished",
        SeedStatus::Collapsed => "collapsed",
        SeedStatus::Diverged => "diverged",
        SeedStatus::Missing => "missing",
    }
}

/// A schedule in a few words.
pub(crate) fn schedule_words(schedule: &Schedule) -> String {
    let rate = decimal(schedule.rate);
    match &schedule.shape {
        ScheduleShape::Constant => format!("constant {rate}"),
        ScheduleShape::Cosine => format!("cosine from {rate} to 0"),
        ScheduleShape::Step { every, factor } => {
            format!("from {rate}, ×{} every {every} epochs", decimal(*factor))
        }
        ScheduleShape::RangeTest { to } => format!("range test from {rate} to {}", decimal(*to)),
    }
}

fn csv(runs: &[RunSummary], records: &BTreeMap<RunId, RunRecord>) -> Csv {
    let mut csv = Csv::new(&[
        "run",
        "phases",
        "arm",
        "seed",
        "status",
        "schedule",
        "dropout",
        "batch_norm",
        "transfer",
        "epochs",
        "train_images",
        "validation_images",
        "batch_size",
        "train_loss",
        "train_accuracy",
        "validation_loss",
        "validation_accuracy",
        "test_loss",
        "test_accuracy",
        "gap",
        "test_gap",
        "seconds",
        "images_per_second",
        "commit",
        "machine",
    ]);
    for run in runs {
        let record = records.get(&run.run);
        let config = record.map(|record| &record.config);
        let of_config = |read: fn(&plateau_record::RunConfig) -> u32| {
            config.map(|config| read(config).to_string()).unwrap_or_default()
        };
        let metric = |of: fn(&FinalMetrics) -> f64| exact(run.finals.as_ref().map(of));
        let provenance = record.map(|record| &record.provenance);
        csv.push(vec![
            run.run.0.clone(),
            run.phases.join(" "),
            run.label.clone(),
            run.seed.to_string(),
            status(run).to_owned(),
            schedule_words(&run.schedule),
            exact(Some(run.dropout)),
            run.batch_norm.to_string(),
            run.transfer.to_string(),
            run.epochs.to_string(),
            of_config(|c| c.data.split.train_images),
            of_config(|c| c.data.split.validation_images),
            of_config(|c| c.batch_size),
            metric(|f| f.train.loss),
            metric(|f| f.train.accuracy),
            metric(|f| f.validation.loss),
            metric(|f| f.validation.accuracy),
            metric(|f| f.test.loss),
            metric(|f| f.test.accuracy),
            metric(|f| f.gap),
            metric(|f| f.test_gap),
            exact(run.seconds),
            record.and_then(speed).map(|speed| fixed(speed, 1)).unwrap_or_default(),
            provenance.map(|p| p.commit.clone()).unwrap_or_default(),
            provenance.map(|p| p.machine.clone()).unwrap_or_default(),
        ]);
    }
    csv
}

/// Training images per second over the whole run.
fn speed(record: &RunRecord) -> Option<f64> {
    let trained = record.epochs.iter().filter(|epoch| epoch.seconds > 0.0);
    let (images, seconds) = trained.fold((0.0, 0.0), |(images, seconds), epoch| {
        (images + epoch.images_per_second * epoch.seconds, seconds + epoch.seconds)
    });
    (seconds > 0.0).then(|| images / seconds)
}
