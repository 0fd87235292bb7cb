//! The plan: a study expanded to phases, groups and runs.
//!
//! A plan is a function of the study and of the results that there are; it is made anew
//! whenever results arrive. Phases that follow from results still to come are pending.
//!
//! # Layout
//! - `expand`: phases to groups to runs
//! - `configure`: settings to configurations
//! - `choose`: what follows from results: rates, dropout rates
//! - [`cost`]: how much there is to compute

mod choose;
mod configure;
pub mod cost;
mod expand;

use std::collections::BTreeMap;

use plateau_record::{
    FORMAT_VERSION, PhaseRecord, RunConfig, RunId, RunRecord, Start, StudyRecord,
};

use crate::spec::Study;

/// The finished runs, diverged ones included.
pub type Results = BTreeMap<RunId, RunRecord>;

/// All runs of a study, as far as they are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// In the order of the study file.
    pub phases: Vec<PlannedPhase>,
    /// The runs of all resolved phases, each once, every parent before its children.
    pub runs: Vec<PlannedRun>,
    /// Where each run is among them.
    places: BTreeMap<RunId, usize>,
}

/// A phase and how far it is known.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedPhase {
    /// Its name in the study file.
    pub name: String,
    /// Its runs, counting those that it shares with others.
    pub n_runs: usize,
    /// Multiply-adds of all its runs.
    pub cost: f64,
    /// One of its runs, but for what follows from results: for what is the same in all of them.
    pub example: RunConfig,
    /// Whether its runs are known.
    pub state: PhaseState,
}

/// How far a phase is known.
#[derive(Clone, Debug, PartialEq)]
pub enum PhaseState {
    /// All its settings are known.
    Resolved(PhaseRecord),
    /// It follows from results that are still to come.
    Pending {
        /// The phases that have to be resolved, or finished, before.
        waits_for: Vec<String>,
    },
    /// It cannot be resolved: the results it follows from are all in, and allow no choice.
    Blocked {
        /// Why not.
        reason: String,
        /// What to change in the study.
        advice: String,
    },
}

/// A run, and the phases that ask for it.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedRun {
    /// Hash of `config`.
    pub id: RunId,
    /// What the run does.
    pub config: RunConfig,
    /// The phases that share it, in the order of the study file.
    pub phases: Vec<String>,
    /// Multiply-adds: see [`cost::multiply_adds`].
    pub cost: f64,
}

impl PlannedRun {
    /// The run whose weights it starts from.
    #[must_use]
    pub fn parent(&self) -> Option<&RunId> {
        match &self.config.start {
            Start::Fresh => None,
            Start::Transfer { parent } => Some(parent),
        }
    }
}

impl Plan {
    /// Expands a study, given the runs that are finished.
    #[must_use]
    pub fn new(study: &Study, results: &Results) -> Self {
        expand::expand(study, results)
    }

    /// The run of that id.
    #[must_use]
    pub fn run(&self, id: &RunId) -> Option<&PlannedRun> {
        self.places.get(id).and_then(|place| self.runs.get(*place))
    }

    /// The known runs that aren't among the results.
    pub fn missing<'a>(&'a self, results: &'a Results) -> impl Iterator<Item = &'a PlannedRun> {
        self.runs.iter().filter(|run| !results.contains_key(&run.id))
    }

    /// The phases whose runs aren't known yet.
    pub fn unresolved(&self) -> impl Iterator<Item = &PlannedPhase> {
        self.phases.iter().filter(|phase| phase.record().is_none())
    }

    /// Number of runs: the known ones, each once, and those of unresolved phases, of which some
    /// may turn out to be shared.
    #[must_use]
    pub fn n_runs(&self) -> usize {
        self.runs.len() + self.unresolved().map(|phase| phase.n_runs).sum::<usize>()
    }

    /// Multiply-adds of all that isn't among the results.
    #[must_use]
    pub fn remaining_cost(&self, results: &Results) -> f64 {
        let known: f64 = self.missing(results).map(|run| run.cost).sum();
        known + self.unresolved().map(|phase| phase.cost).sum::<f64>()
    }

    /// What is stored as `study.toml`.
    #[must_use]
    pub fn record(&self, study: &Study) -> StudyRecord {
        StudyRecord {
            format: FORMAT_VERSION,
            name: study.name.clone(),
            title: study.title.clone(),
            data: study.data,
            altered: study.altered.clone(),
            seeds: study.seeds.clone(),
            arguments: study.arguments.clone(),
            pending: self.unresolved().map(|phase| phase.name.clone()).collect(),
            others: Vec::new(),
            experiments: study.experiments.clone(),
            phases: self.phases.iter().filter_map(PlannedPhase::record).cloned().collect(),
        }
    }
}

impl PlannedPhase {
    /// Its groups and choices, if it is resolved.
    #[must_use]
    pub fn record(&self) -> Option<&PhaseRecord> {
        match &self.state {
            PhaseState::Resolved(record) => Some(record),
            PhaseState::Pending { .. } | PhaseState::Blocked { .. } => None,
        }
    }

    /// Whether it is resolved and all its runs are among the results.
    #[must_use]
    pub fn is_finished(&self, results: &Results) -> bool {
        self.record().is_some_and(|phase| {
            let mut runs = phase.groups.iter().flat_map(|group| &group.runs);
            runs.all(|run| results.contains_key(&run.id))
        })
    }
}
