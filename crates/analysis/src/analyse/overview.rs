//! What all experiments of a study share: its runs, and what is missing.

use std::collections::BTreeMap;

use plateau_record::{
    DataSet, ExperimentRecord, Group, Provenance, RunId, RunRecord, RunStatus, StudyRecord,
};

use super::arms::is_range_test;
use super::records::{Phase, Records};
use crate::findings::{
    Arm, Failure, FailureKind, Missing, RunSummary, SeedResult, SeedStatus, StudySummary,
};

/// The parts of the findings that no experiment owns.
pub(super) struct Overview {
    pub(super) study: StudySummary,
    pub(super) missing: Vec<Missing>,
    pub(super) failures: Vec<Failure>,
    pub(super) runs: Vec<RunSummary>,
    pub(super) provenances: Vec<Provenance>,
}

pub(super) fn overview(records: &Records<'_>, phases: &[Phase<'_>]) -> Overview {
    let mut runs: Vec<RunSummary> = Vec::new();
    let mut places: BTreeMap<RunId, usize> = BTreeMap::new();
    for phase in phases {
        for (arm, group) in phase.arms.iter().zip(&phase.record.groups) {
            for seed in &arm.seeds {
                let place = *places.entry(seed.run.clone()).or_insert_with(|| {
                    runs.push(run_summary(arm, group, seed));
                    runs.len() - 1
                });
                let named_by = &mut runs[place].phases;
                if named_by.last() != Some(&arm.phase) {
                    named_by.push(arm.phase.clone());
                }
            }
        }
    }
    let stored = || runs.iter().filter_map(|run| records.runs.get(&run.run));
    let mut missing = missing_phases(records.study);
    missing.extend(runs.iter().filter(|run| run.status == SeedStatus::Missing).map(missing_run));
    let mut provenances: Vec<Provenance> = Vec::new();
    for run in stored() {
        if !provenances.contains(&run.provenance) {
            provenances.push(run.provenance.clone());
        }
    }
    let study = StudySummary {
        name: records.study.name.clone(),
        title: records.study.title.clone(),
        data: records.study.data,
        altered: records.study.altered.clone(),
        synthetic: records.study.data == DataSet::Synthetic,
        preliminary: !missing.is_empty(),
        seeds: records.study.seeds.clone(),
        pending: records.study.pending.clone(),
        n_runs: runs.len(),
        n_stored: stored().count(),
        seconds: stored().map(|run| run.result.seconds).sum(),
    };
    let failures =
        runs.iter().filter_map(|run| failure(run, records.runs.get(&run.run)?)).collect();
    Overview { study, missing, failures, runs, provenances }
}

fn run_summary(arm: &Arm, group: &Group, seed: &SeedResult) -> RunSummary {
    RunSummary {
        run: seed.run.clone(),
        phases: Vec::new(),
        label: arm.label.clone(),
        seed: seed.seed,
        schedule: group.schedule.clone(),
        dropout: group.dropout,
        batch_norm: group.batch_norm,
        transfer: group.transfer,
        range_test: is_range_test(group),
        epochs: group.epochs,
        status: seed.status,
        finals: seed.finals,
        seconds: seed.seconds,
    }
}

fn missing_run(run: &RunSummary) -> Missing {
    Missing::Run {
        run: run.run.clone(),
        phase: run.phases.first().cloned().unwrap_or_default(),
        label: run.label.clone(),
        seed: run.seed,
    }
}

/// Phases that wait, that an experiment names in vain, or that have no groups.
fn missing_phases(study: &StudyRecord) -> Vec<Missing> {
    let named = study.experiments.iter().flat_map(phases_of);
    let empty = study.phases.iter().filter(|phase| phase.groups.is_empty());
    let absent = named
        .filter(|name| study.phase(name).is_none())
        .chain(empty.map(|phase| phase.name.as_str()));
    let mut missing: Vec<Missing> = Vec::new();
    for name in study.pending.iter().map(String::as_str).chain(absent) {
        let pending = study.pending.iter().any(|waiting| waiting == name);
        let phase = Missing::Phase { phase: name.to_owned(), pending };
        if !missing.contains(&phase) {
            missing.push(phase);
        }
    }
    missing
}

fn phases_of(experiment: &ExperimentRecord) -> Vec<&str> {
    match experiment {
        ExperimentRecord::LearningRate { range_test, constant, scheduled } => {
            let optional = [range_test, scheduled].into_iter().flatten();
            optional.chain([constant]).map(String::as_str).collect()
        }
        ExperimentRecord::Regularisation { dropout, transfer } => {
            transfer.iter().chain([dropout]).map(String::as_str).collect()
        }
        ExperimentRecord::GradientFlow { dropout, batch_norm } => vec![dropout, batch_norm],
        ExperimentRecord::Sweep { phase } => vec![phase],
    }
}

fn failure(run: &RunSummary, record: &RunRecord) -> Option<Failure> {
    let kind = match (run.status, record.result.status) {
        (SeedStatus::Diverged, RunStatus::Diverged { epoch, step }) => {
            FailureKind::Diverged { epoch, step }
        }
        (SeedStatus::Collapsed, _) => FailureKind::Collapsed { train_loss: run.finals?.train.loss },
        _ => return None,
    };
    Some(Failure {
        run: run.run.clone(),
        phase: run.phases.first().cloned().unwrap_or_default(),
        label: run.label.clone(),
        seed: run.seed,
        kind,
    })
}
