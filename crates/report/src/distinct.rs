//! Experiments that one report can hold side by side.

use std::borrow::Cow;
use std::mem::discriminant;

use plateau_analysis::{ExperimentFindings, Findings};

use crate::document::markup::plain;

/// Findings of which a report can be written, and what it lacks for that.
pub(crate) struct Distinct<'a> {
    pub(crate) findings: Cow<'a, Findings>,
    /// A sentence (markup) for every experiment that is left out.
    pub(crate) left_out: Vec<String>,
}

/// Leaves out all but the first of experiments of one kind, whose sections, figures and tables
/// would have the same names; and of sweeps, which have names of their own, those of one phase.
/// The rest is numbered anew.
pub(crate) fn distinct(findings: &Findings) -> Distinct<'_> {
    let mut kept: Vec<&ExperimentFindings> = Vec::new();
    // By the experiment's place in the study: its number in the report.
    let mut numbers: Vec<Option<usize>> = Vec::new();
    let mut left_out = Vec::new();
    for (place, experiment) in findings.experiments.iter().enumerate() {
        if let Some(first) = kept.iter().position(|kept| are_alike(kept, experiment)) {
            numbers.push(None);
            left_out.push(format!(
                "The study’s experiment number {} ({}) is left out: a report holds one of its \
                 kind, and that is experiment {}.",
                place + 1,
                plain(&crate::paper::title(experiment)),
                first + 1
            ));
        } else {
            kept.push(experiment);
            numbers.push(Some(kept.len()));
        }
    }
    if left_out.is_empty() {
        return Distinct { findings: Cow::Borrowed(findings), left_out };
    }
    let experiments = kept.into_iter().cloned().collect();
    let mut findings = Findings { experiments, ..findings.clone() };
    findings.power.entries.retain_mut(|entry| {
        let number = entry.experiment.checked_sub(1).and_then(|place| *numbers.get(place)?);
        entry.experiment = number.unwrap_or_default();
        number.is_some()
    });
    Distinct { findings: Cow::Owned(findings), left_out }
}

fn are_alike(a: &ExperimentFindings, b: &ExperimentFindings) -> bool {
    match (a, b) {
        (ExperimentFindings::Sweep(a), ExperimentFindings::Sweep(b)) => a.phase == b.phase,
        _ => discriminant(a) == discriminant(b),
    }
}
