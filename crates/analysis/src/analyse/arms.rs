//! Arms: the groups of a phase, summarised over seeds.

use plateau_record::{Group, GroupRun, PhaseRecord, RunConfig, RunRecord, ScheduleShape};

use super::curves::learning_curves;
use super::labels::{self, Described};
use crate::findings::{Arm, FinalEstimates, FinalMetrics, SeedResult, SeedStatus, Setting};
use crate::outcome::{Outcome, is_possible};
use crate::stats::{Possible, estimate_within};

/// One arm per group of the phase; `runs` are the records of each group's runs.
pub(super) fn arms(phase: &PhaseRecord, runs: &[Vec<Option<&RunRecord>>]) -> Vec<Arm> {
    let described: Vec<Described<'_>> =
        phase.groups.iter().zip(runs).map(|(group, runs)| (group, first_config(runs))).collect();
    let varied = labels::varied(&described);
    let setting = labels::axis(&varied, described.len());
    let mut arms: Vec<Arm> = Vec::with_capacity(described.len());
    for (index, (described, runs)) in described.iter().zip(runs).enumerate() {
        let mut label = labels::label(&varied, *described);
        if arms.iter().any(|arm| arm.label == label) {
            label = format!("{label} (group {})", index + 1);
        }
        let value = labels::value(setting, *described).unwrap_or(index as f64);
        let place = Place { label, phase: phase.name.clone(), setting, value };
        arms.push(arm(place, *described, runs));
    }
    arms
}

/// An arm's name, and its place among others.
struct Place {
    label: String,
    phase: String,
    setting: Setting,
    value: f64,
}

fn arm(place: Place, (group, config): Described<'_>, runs: &[Option<&RunRecord>]) -> Arm {
    let seeds: Vec<SeedResult> =
        group.runs.iter().zip(runs).map(|(run, record)| seed_result(run, *record)).collect();
    let count = |status| seeds.iter().filter(|seed| seed.status == status).count();
    let finished: Vec<&RunRecord> = runs
        .iter()
        .zip(&seeds)
        .filter(|(_, seed)| seed.finals.is_some())
        .filter_map(|(run, _)| *run)
        .collect();
    let n_collapsed = count(SeedStatus::Collapsed);
    Arm {
        label: place.label,
        phase: place.phase,
        setting: place.setting,
        value: place.value,
        schedule: group.schedule.clone(),
        dropout: group.dropout,
        batch_norm: group.batch_norm,
        transfer: group.transfer,
        epochs: group.epochs,
        config: config.cloned(),
        n_expected: seeds.len(),
        n_finished: count(SeedStatus::Finished) + n_collapsed,
        n_diverged: count(SeedStatus::Diverged),
        n_collapsed,
        n_missing: count(SeedStatus::Missing),
        curves: learning_curves(&finished),
        finals: final_estimates(&seeds),
        seeds,
    }
}

fn first_config<'a>(runs: &[Option<&'a RunRecord>]) -> Option<&'a RunConfig> {
    runs.iter().flatten().next().map(|run| &run.config)
}

fn seed_result(run: &GroupRun, record: Option<&RunRecord>) -> SeedResult {
    let outcome = Outcome::of(record);
    SeedResult {
        seed: run.seed,
        run: run.id.clone(),
        status: outcome.status,
        finals: outcome.finals,
        best_validation: record
            .and_then(|record| record.result.best_validation)
            .filter(|best| is_possible(&best.performance)),
        seconds: record.map(|record| record.result.seconds),
    }
}

fn final_estimates(seeds: &[SeedResult]) -> Option<FinalEstimates> {
    let over_seeds = |possible: Possible, read: fn(&FinalMetrics) -> f64| {
        let values: Vec<f64> = seeds.iter().filter_map(|s| s.finals.as_ref()).map(read).collect();
        estimate_within(possible, &values)
    };
    let loss = |read| over_seeds(Possible::NOT_NEGATIVE, read);
    let accuracy = |read| over_seeds(Possible::SHARE, read);
    let gap = |read| over_seeds(Possible::SHARE_DIFFERENCE, read);
    Some(FinalEstimates {
        train_loss: loss(|f| f.train.loss)?,
        train_accuracy: accuracy(|f| f.train.accuracy)?,
        validation_loss: loss(|f| f.validation.loss)?,
        validation_accuracy: accuracy(|f| f.validation.accuracy)?,
        test_loss: loss(|f| f.test.loss)?,
        test_accuracy: accuracy(|f| f.test.accuracy)?,
        gap: gap(|f| f.gap)?,
        test_gap: gap(|f| f.test_gap)?,
    })
}

/// Whether every expected run finished and none collapsed: what a choice requires.
pub(super) fn is_eligible(arm: &Arm) -> bool {
    arm.n_expected > 0 && arm.n_finished == arm.n_expected && arm.n_collapsed == 0
}

/// Whether a group's runs are range tests, which have no final metrics.
pub(super) fn is_range_test(group: &Group) -> bool {
    matches!(group.schedule.shape, ScheduleShape::RangeTest { .. })
}
