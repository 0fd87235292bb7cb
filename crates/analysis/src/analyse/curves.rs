//! Learning curves over seeds.

use std::collections::BTreeMap;

use plateau_record::{EpochRecord, RunRecord};

use crate::findings::{Curve, LearningCurves};
use crate::outcome::is_possible;
use crate::stats::{Possible, estimate_within};

/// The curves of finished runs. Every curve has all epochs of which any run has a record.
pub(super) fn learning_curves(runs: &[&RunRecord]) -> LearningCurves {
    of_records(runs.iter().flat_map(|run| &run.epochs))
}

impl LearningCurves {
    /// The curves of a single run.
    #[must_use]
    pub fn of(epochs: &[EpochRecord]) -> Self {
        of_records(epochs.iter())
    }
}

fn of_records<'a>(records: impl Iterator<Item = &'a EpochRecord>) -> LearningCurves {
    let mut by_epoch: BTreeMap<u32, Vec<&EpochRecord>> = BTreeMap::new();
    for record in records {
        if is_possible(&record.train) && is_possible(&record.validation) {
            by_epoch.entry(record.epoch.0).or_default().push(record);
        }
    }
    let curve = |possible: Possible, read: fn(&EpochRecord) -> f64| {
        let point = |(epoch, records): (&u32, &Vec<&EpochRecord>)| {
            let values: Vec<f64> = records.iter().map(|record| read(record)).collect();
            estimate_within(possible, &values).map(|mean| (*epoch, mean))
        };
        let (epochs, points) = by_epoch.iter().filter_map(point).unzip();
        Curve { epochs, points }
    };
    LearningCurves {
        train_loss: curve(Possible::NOT_NEGATIVE, |record| record.train.loss),
        train_accuracy: curve(Possible::SHARE, |record| record.train.accuracy),
        validation_loss: curve(Possible::NOT_NEGATIVE, |record| record.validation.loss),
        validation_accuracy: curve(Possible::SHARE, |record| record.validation.accuracy),
        gap: curve(Possible::SHARE_DIFFERENCE, |record| {
            record.train.accuracy - record.validation.accuracy
        }),
    }
}
