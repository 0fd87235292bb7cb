//! Constant learning rates against a schedule.

use plateau_record::{Choice, RunRecord};

use super::compare::{PERFORMANCE, adjust, compare};
use super::records::{Phase, Records};
use crate::choose::{Among, best_of, range_curve, range_minimum};
use crate::findings::{
    Arm, LearningRateFindings, RangeCurve, RangeTestFindings, RateCheck, Saturation,
};
use crate::outcome::Outcome;
use crate::stats::{Possible, estimate_within, fit_line};

/// What the mean validation accuracy may still gain over the last third of the epochs, for a
/// rate to count as saturated: one percentage point. The standard error of one accuracy near
/// 0.77 on 5,000 images is 0.6 points, so less could hardly be seen in a single run.
const SATURATION_GAIN: f64 = 0.01;

/// Names of the phases.
pub(super) struct Phases<'a> {
    pub(super) range_test: Option<&'a str>,
    pub(super) constant: &'a str,
    pub(super) scheduled: Option<&'a str>,
}

pub(super) fn analyse(records: &Records<'_>, phases: &Phases<'_>) -> LearningRateFindings {
    let range_test = phases.range_test.and_then(|name| records.phase(name));
    let constant = records.phase(phases.constant);
    let scheduled = phases.scheduled.and_then(|name| records.phase(name));
    let wanted = [phases.range_test, Some(phases.constant), phases.scheduled];
    let n_wanted = wanted.iter().flatten().count();
    let there = [&range_test, &constant, &scheduled];
    let n_complete = there.iter().filter_map(|p| p.as_ref()).filter(|p| p.is_complete()).count();

    let best = constant
        .as_ref()
        .and_then(|phase| best_of(&phase.candidates(|g| g.schedule.rate), Among::All).ok());
    let checks = constant.as_ref().map_or_else(Vec::new, checks);
    let (constant_choices, arms) = choices_and_arms(constant);
    let (scheduled_choices, scheduled) = choices_and_arms(scheduled);
    let mut comparisons = Vec::new();
    if let Some(best_arm) = best.as_ref().and_then(|best| arms.get(best.index)) {
        for arm in &scheduled {
            comparisons.extend(PERFORMANCE.map(|measure| compare(measure, arm, best_arm)));
        }
    }
    adjust(&mut comparisons);
    LearningRateFindings {
        preliminary: n_complete < n_wanted,
        range_test: range_test.map(|phase| range_findings(&phase)),
        constant_choices,
        checks,
        arms,
        best: best.as_ref().map(|best| best.index),
        best_rule: best.map(|best| best.rule),
        scheduled_choices,
        scheduled,
        comparisons,
    }
}

fn choices_and_arms(phase: Option<Phase<'_>>) -> (Vec<Choice>, Vec<Arm>) {
    phase.map_or_else(Default::default, |phase| (phase.choices(), phase.arms))
}

fn range_findings(phase: &Phase<'_>) -> RangeTestFindings {
    let expected: Vec<_> = phase.runs.iter().flatten().collect();
    let runs: Vec<&RunRecord> = expected.iter().filter_map(|run| **run).collect();
    let (curve, minimum) = match range_curve(&runs) {
        Ok(curve) => {
            let minimum = range_minimum(&curve);
            (curve, minimum)
        }
        Err(error) => (RangeCurve::default(), Err(error)),
    };
    RangeTestFindings {
        n_runs: runs.len(),
        n_missing: expected.len() - runs.len(),
        curve,
        problem: minimum.as_ref().err().map(ToString::to_string),
        minimum: minimum.ok(),
    }
}

fn checks(phase: &Phase<'_>) -> Vec<RateCheck> {
    let check = |(arm, runs): (&Arm, &Vec<Option<&RunRecord>>)| {
        let stable = arm.n_finished > 0 && arm.n_diverged == 0 && arm.n_collapsed == 0;
        let saturation = saturation(runs);
        RateCheck {
            label: arm.label.clone(),
            rate: arm.schedule.rate,
            stable,
            saturation,
            passed: stable && saturation.is_some_and(|saturation| saturation.saturated),
        }
    };
    phase.arms.iter().zip(&phase.runs).map(check).collect()
}

/// See [`Saturation`] for the rule.
fn saturation(runs: &[Option<&RunRecord>]) -> Option<Saturation> {
    let finished: Vec<&RunRecord> =
        runs.iter().flatten().copied().filter(|r| Outcome::of(Some(r)).finals.is_some()).collect();
    let to = finished.iter().flat_map(|run| &run.epochs).map(|record| record.epoch.0).max()?;
    let from = to - to.div_ceil(3);
    if from == 0 {
        return None;
    }
    let gains: Vec<f64> = finished
        .iter()
        .filter_map(|run| {
            let points: Vec<(f64, f64)> = run
                .epochs
                .iter()
                .filter(|r| r.epoch.0 >= from && r.validation.accuracy.is_finite())
                .map(|r| (f64::from(r.epoch.0), r.validation.accuracy))
                .collect();
            let rise = fit_line(&points)?.slope * f64::from(to - from);
            // A fitted line may leave the range of accuracies; no accuracy can rise by more.
            Some(rise.clamp(-1.0, 1.0))
        })
        .collect();
    let gain = estimate_within(Possible::SHARE_DIFFERENCE, &gains)?;
    let saturated = gain.mean < SATURATION_GAIN;
    Some(Saturation { from, to, gain, threshold: SATURATION_GAIN, saturated })
}
