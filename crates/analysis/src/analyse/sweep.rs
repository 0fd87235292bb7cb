//! The arms of any phase against its best.

use super::compare::{PERFORMANCE, adjust, compare};
use super::records::Records;
use crate::choose::{Among, Candidate, best_of};
use crate::findings::SweepFindings;

pub(super) fn analyse(records: &Records<'_>, name: &str) -> SweepFindings {
    let Some(phase) = records.phase(name) else {
        return SweepFindings {
            preliminary: true,
            phase: name.to_owned(),
            choices: Vec::new(),
            arms: Vec::new(),
            best: None,
            comparisons: Vec::new(),
        };
    };
    let preliminary = !phase.is_complete();
    let choices = phase.choices();
    let candidates: Vec<Candidate<'_>> = phase
        .arms
        .iter()
        .zip(&phase.runs)
        .map(|(arm, runs)| Candidate { value: arm.value, runs: runs.clone() })
        .collect();
    let best = best_of(&candidates, Among::All).ok().map(|best| best.index);
    let arms = phase.arms;
    let mut comparisons = Vec::new();
    if let Some(best_arm) = best.and_then(|index| arms.get(index)) {
        for arm in arms.iter().filter(|arm| arm.label != best_arm.label) {
            comparisons.extend(PERFORMANCE.map(|measure| compare(measure, arm, best_arm)));
        }
    }
    adjust(&mut comparisons);
    SweepFindings { preliminary, phase: name.to_owned(), choices, arms, best, comparisons }
}
