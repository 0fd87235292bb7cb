//! What follows from results, by the rules of the analysis. Validation data alone decides.

use plateau_analysis::choose::{self, Among, Candidate, ChooseError};
use plateau_record::{Group, PhaseRecord, RunRecord};

/// Values and the rule that led to them, in words.
pub(super) struct Chosen {
    pub(super) values: Vec<f64>,
    pub(super) rule: String,
}

/// A group and all its runs.
pub(super) struct GroupResults<'a> {
    pub(super) group: &'a Group,
    pub(super) runs: Vec<&'a RunRecord>,
}

impl<'a> GroupResults<'a> {
    fn candidate(&self, value: f64) -> Candidate<'a> {
        Candidate { value, runs: self.runs.iter().copied().map(Some).collect() }
    }
}

/// Learning rates that range tests propose.
pub(super) fn propose_rates(
    tests: &[&RunRecord],
    count: u32,
    factor: f64,
) -> Result<Chosen, ChooseError> {
    let proposal = choose::propose_rates(tests, count as usize, factor)?;
    Ok(Chosen { values: proposal.rates, rule: proposal.rule })
}

/// The learning rate at which a schedule starts.
pub(super) fn schedule_start(
    groups: &[GroupResults<'_>],
    times: f64,
) -> Result<Chosen, ChooseError> {
    let candidates = groups.iter().map(|group| group.candidate(group.group.schedule.rate));
    let start = choose::schedule_start(&candidates.collect::<Vec<_>>(), times)?;
    Ok(Chosen { values: vec![start.rate], rule: start.rule })
}

/// The rate of another phase, which has one.
pub(super) fn same_rate(phase: &PhaseRecord) -> Chosen {
    let rates = phase.groups.iter().map(|group| group.schedule.rate);
    Chosen { values: rates.take(1).collect(), rule: "taken over unchanged".to_owned() }
}

/// The dropout rate above `above` that did best.
pub(super) fn best_dropout(groups: &[GroupResults<'_>], above: f64) -> Result<Chosen, ChooseError> {
    let candidates = groups.iter().filter(|group| group.group.dropout > above);
    let candidates = candidates.map(|group| group.candidate(group.group.dropout));
    let among = if above < 0.0 { Among::All } else { Among::NonZero };
    let best = choose::best_of(&candidates.collect::<Vec<_>>(), among)?;
    Ok(Chosen { values: vec![best.value], rule: best.rule })
}
