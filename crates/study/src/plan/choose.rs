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

/// Of a study that was shortened, what takes the place of a choice that its runs don't allow: the
/// value with the highest mean final validation accuracy (of equals, the smaller value), of those
/// whose runs all kept a finite loss, whether they learned or not.
fn best_finite(candidates: &[Candidate<'_>]) -> Option<Chosen> {
    let mean = |candidate: &Candidate<'_>| {
        let runs = candidate.runs.iter().copied();
        let accuracies: Option<Vec<f64>> =
            runs.map(|run| Some(run?.result.validation?.accuracy)).collect();
        let accuracies = accuracies.filter(|accuracies| !accuracies.is_empty())?;
        Some(accuracies.iter().sum::<f64>() / accuracies.len() as f64)
    };
    let means = candidates.iter().filter_map(|c| Some((c.value, mean(c)?)));
    let best =
        means.max_by(|(a, mean_a), (b, mean_b)| mean_a.total_cmp(mean_b).then(b.total_cmp(a)));
    let (value, accuracy) = best?;
    let rule = format!(
        "the study was shortened, and no run learned enough for the rule to choose; of the \
         values whose losses stayed finite, {value} has the highest final validation accuracy \
         ({:.2} %)",
        100.0 * accuracy
    );
    Some(Chosen { values: vec![value], rule })
}

/// Rates in place of those that a shortened range test doesn't show: the highest is the middle of
/// its range, on a logarithmic scale.
pub(super) fn middle_rates(from: f64, to: f64, count: u32, factor: f64) -> Chosen {
    let highest = (from * to).sqrt();
    let rates = (0..count).rev().map(|i| choose::two_digits(highest / factor.powf(i.into())));
    let rule = format!(
        "the study was shortened, and its range tests show no rate at which the loss falls; the \
         highest rate is the middle of their range on a logarithmic scale, each further one the \
         one before divided by {factor}"
    );
    Chosen { values: rates.collect(), rule }
}

/// The learning rate at which a schedule starts.
pub(super) fn schedule_start(
    groups: &[GroupResults<'_>],
    times: f64,
    is_shortened: bool,
) -> Result<Chosen, ChooseError> {
    let candidates = groups.iter().map(|group| group.candidate(group.group.schedule.rate));
    let candidates = candidates.collect::<Vec<_>>();
    match choose::schedule_start(&candidates, times) {
        Ok(start) => Ok(Chosen { values: vec![start.rate], rule: start.rule }),
        Err(error) => shortened(&candidates, is_shortened).ok_or(error),
    }
}

fn shortened(candidates: &[Candidate<'_>], is_shortened: bool) -> Option<Chosen> {
    is_shortened.then(|| best_finite(candidates)).flatten()
}

/// The rate of another phase, which has one.
pub(super) fn same_rate(phase: &PhaseRecord) -> Chosen {
    let rates = phase.groups.iter().map(|group| group.schedule.rate);
    Chosen { values: rates.take(1).collect(), rule: "taken over unchanged".to_owned() }
}

/// The dropout rate above `above` that did best.
pub(super) fn best_dropout(
    groups: &[GroupResults<'_>],
    above: f64,
    is_shortened: bool,
) -> Result<Chosen, ChooseError> {
    let candidates = groups.iter().filter(|group| group.group.dropout > above);
    let candidates = candidates.map(|group| group.candidate(group.group.dropout));
    let among = if above < 0.0 { Among::All } else { Among::NonZero };
    let candidates = candidates.collect::<Vec<_>>();
    match choose::best_of(&candidates, among) {
        Ok(best) => Ok(Chosen { values: vec![best.value], rule: best.rule }),
        Err(error) => shortened(&candidates, is_shortened).ok_or(error),
    }
}
