//! Phases to groups to runs.

use std::collections::BTreeMap;

use plateau_analysis::choose::ChooseError;
use plateau_record::{
    Choice, Group, GroupRun, PhaseRecord, RunConfig, RunId, Schedule, ScheduleShape, Start,
};

use super::choose::{self, Chosen, GroupResults};
use super::configure::{example, run_config, start_from, variations};
use super::cost::multiply_adds;
use super::{PhaseState, Plan, PlannedPhase, PlannedRun, Results};
use crate::spec::{Dropout, Phase, Rates, Study};

pub(super) fn expand(study: &Study, results: &Results) -> Plan {
    let mut known = Known { study, results, phases: BTreeMap::new() };
    // Phases may refer to later ones: go round until nothing new is resolved.
    loop {
        let before = known.phases.len();
        for phase in &study.phases {
            if !known.phases.contains_key(phase.name.as_str())
                && let Ok(expansion) = known.expand(phase)
            {
                known.phases.insert(&phase.name, expansion);
            }
        }
        if known.phases.len() == before {
            break;
        }
    }
    let phases = study.phases.iter().map(|phase| {
        let example = example(study, phase);
        PlannedPhase {
            name: phase.name.clone(),
            n_runs: phase.n_runs(),
            cost: phase.n_runs() as f64 * multiply_adds(&example),
            example,
            state: known.state(phase),
        }
    });
    let phases = phases.collect();
    let runs = known.merged_runs();
    let places = runs.iter().enumerate().map(|(place, run)| (run.id.clone(), place)).collect();
    Plan { phases, runs, places }
}

/// A resolved phase and the configurations of its runs.
struct Expansion {
    record: PhaseRecord,
    configs: Vec<RunConfig>,
}

/// What stands in the way of a phase.
#[derive(Default)]
struct Obstacles {
    waits_for: Vec<String>,
    blocked: Option<Blocked>,
}

/// Why a phase can't be resolved, and what to change.
struct Blocked {
    reason: String,
    advice: String,
}

struct Known<'a> {
    study: &'a Study,
    results: &'a Results,
    phases: BTreeMap<&'a str, Expansion>,
}

impl<'a> Known<'a> {
    fn state(&self, phase: &Phase) -> PhaseState {
        if let Some(expansion) = self.phases.get(phase.name.as_str()) {
            return PhaseState::Resolved(expansion.record.clone());
        }
        match self.expand(phase) {
            Ok(expansion) => PhaseState::Resolved(expansion.record),
            Err(Obstacles { waits_for, blocked: Some(Blocked { reason, advice }) })
                if waits_for.is_empty() =>
            {
                PhaseState::Blocked { reason, advice }
            }
            Err(Obstacles { waits_for, .. }) => PhaseState::Pending { waits_for },
        }
    }

    fn merged_runs(self) -> Vec<PlannedRun> {
        let mut runs: Vec<PlannedRun> = Vec::new();
        let mut places: BTreeMap<RunId, usize> = BTreeMap::new();
        for phase in &self.study.phases {
            let expansion = self.phases.get(phase.name.as_str());
            for config in expansion.into_iter().flat_map(|expansion| &expansion.configs) {
                let id = config.id();
                let place = *places.entry(id.clone()).or_insert(runs.len());
                if place == runs.len() {
                    let cost = multiply_adds(config);
                    runs.push(PlannedRun { id, config: config.clone(), phases: Vec::new(), cost });
                }
                runs[place].phases.push(phase.name.clone());
            }
        }
        // Parents are never transferred themselves.
        runs.sort_by_key(|run| run.parent().is_some());
        runs
    }

    fn expand(&self, phase: &Phase) -> Result<Expansion, Obstacles> {
        let mut obstacles = Obstacles::default();
        let mut choices = Vec::new();
        let rates = self.rates(phase, &mut choices, &mut obstacles);
        let dropouts = self.dropouts(phase, &mut choices, &mut obstacles);
        let parents = match &phase.transfer_from {
            None => Some(None),
            Some(name) => self.resolved(name, &mut obstacles).map(Some),
        };
        let (Some(rates), Some(dropouts), Some(parents)) = (rates, dropouts, parents) else {
            return Err(obstacles);
        };

        let mut groups = Vec::new();
        let mut configs = Vec::new();
        for variation in variations(&rates, &dropouts, &phase.batch_norms) {
            let mut runs = Vec::new();
            for &seed in &phase.seeds {
                let start = match parents {
                    None => Start::Fresh,
                    Some(parents) => start_from(parents, &variation, seed).ok_or_else(|| {
                        let name = &parents.name;
                        let reason = format!(
                            "phase {name} has no run with dropout {} and seed {seed} to take \
                             weights from",
                            variation.dropout
                        );
                        let advice = format!("list this dropout rate in phase {name}, too");
                        let blocked = Some(Blocked { reason, advice });
                        Obstacles { waits_for: Vec::new(), blocked }
                    })?,
                };
                let config = run_config(self.study, phase, &variation, start, seed);
                runs.push(GroupRun { seed, id: config.id() });
                configs.push(config);
            }
            groups.push(Group {
                schedule: Schedule { rate: variation.rate, shape: phase.shape.clone() },
                dropout: variation.dropout,
                batch_norm: variation.batch_norm,
                transfer: parents.is_some(),
                epochs: phase.epochs,
                runs,
            });
        }
        let record = PhaseRecord { name: phase.name.clone(), choices, groups };
        Ok(Expansion { record, configs })
    }

    fn rates(
        &self,
        phase: &Phase,
        choices: &mut Vec<Choice>,
        obstacles: &mut Obstacles,
    ) -> Option<Vec<f64>> {
        let (source, choice) = match &phase.rates {
            Rates::Given(rates) => return Some(rates.clone()),
            Rates::ProposedBy { phase, count, factor } => {
                let groups = self.finished(phase, obstacles)?;
                let tests: Vec<_> = groups.into_iter().flat_map(|group| group.runs).collect();
                let proposed = choose::propose_rates(&tests, *count, *factor);
                let range = self.range(phase).filter(|_| self.study.is_shortened);
                let chosen = proposed.or_else(|error| match (error, range) {
                    (ChooseError::NoFall { .. }, Some((from, to))) => {
                        Ok(choose::middle_rates(from, to, *count, *factor))
                    }
                    (error, _) => Err(error),
                });
                (phase, chosen)
            }
            Rates::BestOf { phase, times } => {
                let groups = self.finished(phase, obstacles)?;
                (phase, choose::schedule_start(&groups, *times, self.study.is_shortened))
            }
            Rates::SameAs { phase } => {
                let record = self.resolved(phase, obstacles)?;
                (phase, Ok(choose::same_rate(record)))
            }
        };
        record_choice("rate", source, choice, choices, obstacles)
    }

    /// From where to where the range tests of a phase go.
    fn range(&self, phase: &str) -> Option<(f64, f64)> {
        let phase = self.study.phase(phase)?;
        match (&phase.rates, &phase.shape) {
            (Rates::Given(rates), ScheduleShape::RangeTest { to }) => Some((*rates.first()?, *to)),
            _ => None,
        }
    }

    fn dropouts(
        &self,
        phase: &Phase,
        choices: &mut Vec<Choice>,
        obstacles: &mut Obstacles,
    ) -> Option<Vec<f64>> {
        let mut dropouts = Vec::new();
        for dropout in &phase.dropouts {
            match dropout {
                Dropout::Given(rate) => dropouts.push(*rate),
                Dropout::BestOf { phase, above } => {
                    let groups = self.finished(phase, obstacles)?;
                    let choice = choose::best_dropout(&groups, *above, self.study.is_shortened);
                    dropouts.extend(record_choice("dropout", phase, choice, choices, obstacles)?);
                }
            }
        }
        Some(dropouts)
    }

    /// The groups of a phase, if it is resolved.
    fn resolved(&self, name: &str, obstacles: &mut Obstacles) -> Option<&PhaseRecord> {
        let found = self.phases.get(name).map(|expansion| &expansion.record);
        if found.is_none() {
            obstacles.wait_for(name);
        }
        found
    }

    /// The groups of a phase with their runs, if all of these are finished.
    fn finished(&self, name: &str, obstacles: &mut Obstacles) -> Option<Vec<GroupResults<'_>>> {
        let record = self.resolved(name, obstacles)?;
        let groups = record.groups.iter().map(|group| {
            let runs = group.runs.iter().map(|run| self.results.get(&run.id));
            Some(GroupResults { group, runs: runs.collect::<Option<_>>()? })
        });
        let groups = groups.collect::<Option<_>>();
        if groups.is_none() {
            obstacles.wait_for(name);
        }
        groups
    }
}

impl Obstacles {
    fn wait_for(&mut self, name: &str) {
        if !self.waits_for.iter().any(|known| known == name) {
            self.waits_for.push(name.to_owned());
        }
    }
}

fn record_choice(
    setting: &str,
    source: &str,
    choice: Result<Chosen, ChooseError>,
    choices: &mut Vec<Choice>,
    obstacles: &mut Obstacles,
) -> Option<Vec<f64>> {
    match choice {
        Ok(chosen) => {
            choices.push(Choice {
                setting: setting.to_owned(),
                values: chosen.values.clone(),
                from: source.to_owned(),
                rule: chosen.rule,
            });
            Some(chosen.values)
        }
        Err(error) => {
            obstacles.blocked.get_or_insert_with(|| Blocked {
                reason: format!("no {setting} can be chosen from phase {source}: {error}"),
                advice: advice(setting, source, &error),
            });
            None
        }
    }
}

/// What to change in a study whose results allow no choice.
fn advice(setting: &str, source: &str, error: &ChooseError) -> String {
    match error {
        ChooseError::NoRange { .. } | ChooseError::NoCommonRange => format!(
            "let the range test of phase {source} take more steps (epochs, images) or begin lower"
        ),
        ChooseError::NoFall { from } => {
            format!("let the range test of phase {source} begin below {from}, or take more epochs")
        }
        ChooseError::NoCandidate { .. } if setting == "rate" => {
            format!("lower the rates of phase {source}, or let its runs take more epochs")
        }
        _ => format!("lower the learning rate of phase {source}, or let it take more epochs"),
    }
}
