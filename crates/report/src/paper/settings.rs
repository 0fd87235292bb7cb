//! What the runs' configurations have in common, and where they differ.

use std::collections::BTreeMap;

use plateau_analysis::{Arm, ExperimentFindings};
use plateau_record::{Network, RunConfig, RunId, RunRecord, Split, SplitScheme};

use super::arms_of;
use crate::ReportInput;
use crate::number::{count, list};

/// The configurations of a study's runs.
#[derive(Debug)]
pub(super) struct Settings<'a> {
    configs: Vec<&'a RunConfig>,
}

impl<'a> Settings<'a> {
    pub(super) fn of(input: &'a ReportInput<'a>) -> Self {
        let runs: &'a BTreeMap<RunId, RunRecord> = input.runs;
        let mut configs: Vec<&'a RunConfig> = Vec::new();
        // In the order of the report, so that the first is the plainest.
        let arms = input.findings.experiments.iter().flat_map(arms_of);
        configs.extend(arms.filter_map(|arm| arm.config.as_ref()));
        configs.extend(runs.values().map(|record| &record.config));
        Self { configs }
    }

    /// The distinct values of a setting, in order of appearance.
    pub(super) fn distinct<T: PartialEq>(&self, read: impl Fn(&RunConfig) -> T) -> Vec<T> {
        let mut values: Vec<T> = Vec::new();
        for config in &self.configs {
            let value = read(config);
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values
    }

    /// The distinct values as text: `128`, `64 and 128`.
    pub(super) fn words<T: PartialEq + ToString>(&self, read: impl Fn(&RunConfig) -> T) -> String {
        let values: Vec<String> = self.distinct(read).iter().map(ToString::to_string).collect();
        list(&values)
    }

    /// The network without dropout and batch norm, from the first run.
    pub(super) fn network(&self) -> Option<Network> {
        let first = &self.configs.first()?.network;
        Some(Network { dropout: 0.0, batch_norm: false, ..first.clone() })
    }

    /// The first configuration.
    pub(super) fn first(&self) -> Option<&'a RunConfig> {
        self.configs.first().copied()
    }
}

/// The distinct splits of an experiment, in words.
pub(super) fn splits(experiment: &ExperimentFindings) -> String {
    let mut splits: Vec<&Split> = Vec::new();
    for config in arms_of(experiment).into_iter().filter_map(|arm: &Arm| arm.config.as_ref()) {
        if !splits.contains(&&config.data.split) {
            splits.push(&config.data.split);
        }
    }
    let words: Vec<String> = splits.iter().map(|split| split_words(split)).collect();
    words.join(", or ")
}

/// `trained on 45,000 images and validated on 5,000 others`.
pub(super) fn split_words(split: &Split) -> String {
    let (train, validation) =
        (count(u64::from(split.train_images)), count(u64::from(split.validation_images)));
    match split.scheme {
        SplitScheme::Holdout => {
            format!("trained on {train} images and validated on {validation} others")
        }
        SplitScheme::TrainOnA => {
            format!("trained on half A ({train} images) and validated on half B ({validation})")
        }
        SplitScheme::TrainOnB => {
            format!("trained on half B ({train} images) and validated on half A ({validation})")
        }
    }
}

/// `15 epochs`, or `12 to 15 epochs`.
pub(super) fn epochs(experiment: &ExperimentFindings) -> String {
    let epochs: Vec<u32> = arms_of(experiment).iter().map(|arm| arm.epochs.0).collect();
    match (epochs.iter().min(), epochs.iter().max()) {
        (Some(1), Some(1)) => "1 epoch".to_owned(),
        (Some(low), Some(high)) if low == high => format!("{high} epochs"),
        (Some(low), Some(high)) => format!("{low} to {high} epochs"),
        _ => "no epochs".to_owned(),
    }
}
