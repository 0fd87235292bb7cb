//! The best value of a setting, and the largest stable one.

use std::fmt;

use plateau_record::RunRecord;

use super::{ChooseError, two_digits};
use crate::findings::{Estimate, SeedStatus};
use crate::number::short;
use crate::outcome::Outcome;
use crate::stats::{Possible, estimate_within};

/// Means are compared in these units: sums of the same accuracies in another order differ by
/// rounding, and are equal nevertheless.
const UNIT: f64 = 1e-9;

/// One value of a setting, and its runs.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// The value.
    pub value: f64,
    /// One run per seed; none where there is no record.
    pub runs: Vec<Option<&'a RunRecord>>,
}

/// Which candidates may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Among {
    /// All of them.
    All,
    /// Those whose value is not 0.
    NonZero,
}

/// A candidate that is not eligible.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Excluded {
    /// Its value.
    pub value: f64,
    /// Its runs.
    pub n_runs: usize,
    /// Those that diverged.
    pub n_diverged: usize,
    /// Those that collapsed.
    pub n_collapsed: usize,
    /// Those without a result.
    pub n_missing: usize,
}

/// The second-best candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunnerUp {
    /// Its value.
    pub value: f64,
    /// Its final validation accuracy over seeds.
    pub validation_accuracy: Estimate,
}

/// The best of the candidates.
#[derive(Clone, Debug, PartialEq)]
pub struct BestOf {
    /// Its value.
    pub value: f64,
    /// Its place among the candidates that were given.
    pub index: usize,
    /// Its final validation accuracy over seeds.
    pub validation_accuracy: Estimate,
    /// The second-best, if another was eligible.
    pub runner_up: Option<RunnerUp>,
    /// The candidates that were not eligible because of their runs.
    pub excluded: Vec<Excluded>,
    /// The rule in words, with its numbers.
    pub rule: String,
}

/// The starting rate of a schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleStart {
    /// The rate, to two significant digits.
    pub rate: f64,
    /// The best constant rate.
    pub best: BestOf,
    /// The largest rate at which every run learned.
    pub largest_stable: f64,
    /// The rule in words, with its numbers.
    pub rule: String,
}

/// The candidate with the highest final validation accuracy, averaged over seeds; of equals,
/// the one with the smaller value. Eligible are those with all runs finished, none collapsed.
///
/// # Errors
/// If none is eligible.
pub fn best_of(candidates: &[Candidate<'_>], among: Among) -> Result<BestOf, ChooseError> {
    let (mut eligible, excluded) = judge(candidates, among);
    let in_units = |mean: &Estimate| (mean.mean / UNIT).round();
    eligible.sort_by(|(a, mean_a), (b, mean_b)| {
        let best_first = in_units(mean_b).total_cmp(&in_units(mean_a));
        best_first.then(candidates[*a].value.total_cmp(&candidates[*b].value))
    });
    let Some(&(index, validation_accuracy)) = eligible.first() else {
        return Err(ChooseError::NoCandidate { excluded });
    };
    let value = candidates[index].value;
    let runner_up = eligible.get(1).map(|&(second, validation_accuracy)| RunnerUp {
        value: candidates[second].value,
        validation_accuracy,
    });
    let among = match among {
        Among::All => "",
        Among::NonZero => " among the values other than 0",
    };
    let second = runner_up.map_or_else(String::new, |second| {
        let accuracy = percent(second.validation_accuracy.mean);
        format!(", before {} with {accuracy}", short(second.value))
    });
    let rule = format!(
        "the highest final validation accuracy, averaged over seeds{among}: {} with {} \
         (n = {}){second}{}",
        short(value),
        percent(validation_accuracy.mean),
        validation_accuracy.n,
        left_out(&excluded),
    );
    Ok(BestOf { value, index, validation_accuracy, runner_up, excluded, rule })
}

/// The largest value with all runs finished, none collapsed.
///
/// # Errors
/// If there is none.
pub fn largest_stable(candidates: &[Candidate<'_>]) -> Result<f64, ChooseError> {
    let (eligible, excluded) = judge(candidates, Among::All);
    let values = eligible.iter().map(|(index, _)| candidates[*index].value);
    values.max_by(f64::total_cmp).ok_or(ChooseError::NoCandidate { excluded })
}

/// Where a schedule that lowers the rate starts: at `times` the best constant rate, or at the
/// largest rate that was stable if that is smaller; to two significant digits. A schedule
/// spends little time at its start, so that it can begin above the best constant rate, but
/// nowhere where a constant rate failed.
///
/// # Errors
/// If no constant rate is eligible.
pub fn schedule_start(
    candidates: &[Candidate<'_>],
    times: f64,
) -> Result<ScheduleStart, ChooseError> {
    let best = best_of(candidates, Among::All)?;
    let largest_stable = largest_stable(candidates)?;
    let raised = two_digits(times * best.value);
    let (rate, why) = if raised <= largest_stable {
        let limit = short(largest_stable);
        (raised, format!("not above {limit}, the largest rate tried that was stable"))
    } else {
        (
            largest_stable,
            format!(
                "more than the largest rate tried that was stable, {}, which is taken instead",
                short(largest_stable)
            ),
        )
    };
    let rule = format!(
        "best constant rate: {}; {} times that is {}, {why}",
        best.rule,
        short(times),
        short(raised)
    );
    Ok(ScheduleStart { rate, best, largest_stable, rule })
}

/// The eligible candidates with their mean validation accuracy, and the others that might have
/// been.
fn judge(candidates: &[Candidate<'_>], among: Among) -> (Vec<(usize, Estimate)>, Vec<Excluded>) {
    let (mut eligible, mut excluded) = (Vec::new(), Vec::new());
    for (index, candidate) in candidates.iter().enumerate() {
        if among == Among::NonZero && candidate.value == 0.0 {
            continue;
        }
        let outcomes: Vec<_> = candidate.runs.iter().map(|run| Outcome::of(*run)).collect();
        let count = |status| outcomes.iter().filter(|outcome| outcome.status == status).count();
        let accuracies: Vec<f64> = outcomes
            .iter()
            .filter(|outcome| outcome.status == SeedStatus::Finished)
            .filter_map(|outcome| Some(outcome.finals?.validation.accuracy))
            .collect();
        match estimate_within(Possible::SHARE, &accuracies) {
            Some(mean) if mean.n == outcomes.len() => eligible.push((index, mean)),
            _ => excluded.push(Excluded {
                value: candidate.value,
                n_runs: outcomes.len(),
                n_diverged: count(SeedStatus::Diverged),
                n_collapsed: count(SeedStatus::Collapsed),
                n_missing: count(SeedStatus::Missing),
            }),
        }
    }
    (eligible, excluded)
}

/// `; not eligible: 0.08 (2 of 5 runs diverged)`, or nothing.
pub(super) fn left_out(excluded: &[Excluded]) -> String {
    if excluded.is_empty() {
        return String::new();
    }
    let each: Vec<String> = excluded.iter().map(Excluded::to_string).collect();
    format!("; not eligible: {}", each.join(", "))
}

impl fmt::Display for Excluded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.n_diverged, "diverged"),
            (self.n_collapsed, "collapsed"),
            (self.n_missing, "missing"),
        ];
        let reasons: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} of {} runs {what}", self.n_runs))
            .collect();
        let reasons = if reasons.is_empty() { "no runs".to_owned() } else { reasons.join(", ") };
        write!(f, "{} ({reasons})", short(self.value))
    }
}

fn percent(fraction: f64) -> String {
    format!("{:.2} %", 100.0 * fraction)
}
