//! A study's phases and runs, whether they are there or not.

use std::collections::BTreeMap;

use plateau_record::{Choice, Group, PhaseRecord, RunId, RunRecord, StudyRecord};

use super::arms::arms;
use crate::choose::Candidate;
use crate::findings::Arm;

/// All input of the analysis.
#[derive(Clone, Copy)]
pub(super) struct Records<'a> {
    pub(super) study: &'a StudyRecord,
    pub(super) runs: &'a BTreeMap<RunId, RunRecord>,
}

/// A phase with the records of its runs.
pub(super) struct Phase<'a> {
    pub(super) record: &'a PhaseRecord,
    /// The records of each group's runs, in the groups' order.
    pub(super) runs: Vec<Vec<Option<&'a RunRecord>>>,
    /// One arm per group.
    pub(super) arms: Vec<Arm>,
}

impl<'a> Records<'a> {
    /// The phase of that name, if it is resolved.
    pub(super) fn phase(&self, name: &str) -> Option<Phase<'a>> {
        Some(self.open(self.study.phase(name)?))
    }

    pub(super) fn open(&self, record: &'a PhaseRecord) -> Phase<'a> {
        let runs: Vec<_> = record.groups.iter().map(|group| self.runs_of(group)).collect();
        let arms = arms(record, &runs);
        Phase { record, runs, arms }
    }

    fn runs_of(&self, group: &Group) -> Vec<Option<&'a RunRecord>> {
        group.runs.iter().map(|run| self.runs.get(&run.id)).collect()
    }
}

impl<'a> Phase<'a> {
    pub(super) fn choices(&self) -> Vec<Choice> {
        self.record.choices.clone()
    }

    /// Whether all runs of all groups are there, and there is a group at all.
    pub(super) fn is_complete(&self) -> bool {
        !self.arms.is_empty()
            && self.arms.iter().all(|arm| arm.n_missing == 0 && arm.n_expected > 0)
    }

    /// The groups as candidates for a choice, each with its arm's value.
    pub(super) fn candidates(&self, value: impl Fn(&Group) -> f64) -> Vec<Candidate<'a>> {
        let groups = self.record.groups.iter().zip(&self.runs);
        groups.map(|(group, runs)| Candidate { value: value(group), runs: runs.clone() }).collect()
    }
}
