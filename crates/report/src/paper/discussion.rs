//! What was concluded, whether it was expected, and what could be better.

use plateau_analysis::{Comparison, ExperimentFindings, Measure};

use super::Writer;
use crate::number::{fixed, plural};

pub(super) fn write(writer: &mut Writer<'_>) {
    writer.document.heading(1, "conclusions", "Conclusions and discussion");
    let findings = writer.findings;
    for (i, experiment) in findings.experiments.iter().enumerate() {
        let claims = super::summary::claims(experiment);
        if claims.is_empty() {
            continue;
        }
        let comment = comment(experiment).unwrap_or_default();
        writer.document.paragraph(format!(
            "*Experiment {} ({}).* {} {comment}",
            i + 1,
            crate::document::markup::plain(&super::title(experiment)),
            claims.join(" ")
        ));
    }
    improvements(writer);
}

/// What was to be expected, by what was shown.
fn comment(experiment: &ExperimentFindings) -> Option<String> {
    match experiment {
        ExperimentFindings::LearningRate(f) => {
            let accuracy = f.comparisons.iter().find(|c| c.measure == Measure::TestAccuracy)?;
            Some(match shown(accuracy) {
                Shown::Higher => {
                    "This was to be expected: large steps explore, and small ones at the end let \
                     the weights settle where a constant rate keeps them moving \
                     {cite:loshchilov2017}."
                }
                Shown::Lower => {
                    "This was not expected: lowering the rate usually helps \
                     {cite:loshchilov2017}. The starting rate follows from a written rule and may \
                     suit the schedule badly, or the run may be too short for it."
                }
                Shown::Nothing => {
                    "A schedule was expected to help {cite:loshchilov2017}; if it does here, the \
                     effect is too small or too irregular for the number of seeds."
                }
            }
            .to_owned())
        }
        ExperimentFindings::Regularisation(f) => {
            let gap = f.best_against_plain(Measure::GeneralisationGap)?;
            Some(match shown(gap) {
                Shown::Lower => {
                    "That dropout narrows the gap was expected: it keeps units from relying on \
                     each other {cite:srivastava2014}."
                }
                Shown::Higher => {
                    "That the gap is wider with dropout was not expected {cite:srivastava2014}."
                }
                Shown::Nothing => {
                    "Dropout was expected to narrow the gap {cite:srivastava2014}; in runs that \
                     overfit little there is little for it to do."
                }
            }
            .to_owned())
        }
        ExperimentFindings::GradientFlow(f) => {
            let accuracy = f.performance.iter().find(|c| c.measure == Measure::TestAccuracy)?;
            Some(match shown(accuracy) {
                Shown::Higher => {
                    "That batch normalisation helps was expected {cite:ioffe2015}; it is thought \
                     to make the loss surface smoother {cite:santurkar2018}."
                }
                Shown::Lower => {
                    "Batch normalisation was expected to help {cite:ioffe2015}; at a learning \
                     rate chosen for the plain model it need not."
                }
                Shown::Nothing => {
                    "Batch normalisation was expected to help {cite:ioffe2015}; in a network this \
                     shallow, well initialised {cite:he2015}, its gain in accuracy may be small."
                }
            }
            .to_owned())
        }
        ExperimentFindings::Sweep(_) => None,
    }
}

/// What a test showed of the first arm's measure.
enum Shown {
    /// It is higher.
    Higher,
    /// It is lower.
    Lower,
    /// No difference.
    Nothing,
}

fn shown(comparison: &Comparison) -> Shown {
    match comparison.difference() {
        Some(difference) if comparison.significant() && difference > 0.0 => Shown::Higher,
        Some(_) if comparison.significant() => Shown::Lower,
        _ => Shown::Nothing,
    }
}

/// Gap beyond which augmentation is the first thing to try, as a fraction.
const LARGE_GAP: f64 = 0.05;

fn improvements(writer: &mut Writer<'_>) {
    let mut items = Vec::new();
    let findings = writer.findings;
    if let Some(finals) = findings.best_model.as_ref().and_then(|best| best.arm.finals.as_ref())
        && finals.gap.mean > LARGE_GAP
    {
        items.push(format!(
            "*Augmentation and weight decay.* Even the best model’s training accuracy exceeds its \
             validation accuracy by {} percentage points: flipped and shifted images would make it \
             harder to learn the training images by heart.",
            crate::number::percent(finals.gap.mean)
        ));
    }
    let widest = findings
        .experiments
        .iter()
        .flat_map(comparisons)
        .filter(|c| c.measure == Measure::TestAccuracy && !c.significant())
        .filter_map(|c| c.interval().map(|i| (i.upper - i.lower) / 2.0))
        .fold(None, |widest: Option<f64>, half| Some(widest.map_or(half, |w| w.max(half))));
    let seeds = plural(findings.study.seeds.len(), "seed");
    items.push(match widest {
        Some(half) => format!(
            "*More seeds.* With {seeds}, some differences in test accuracy are known to ± {} \
             percentage points only; four times as many seeds would about halve that.",
            fixed(half * 100.0, 2)
        ),
        None => format!(
            "*More seeds.* The tests rest on {seeds}; more of them would show smaller differences."
        ),
    });
    let rising: Vec<String> = findings
        .experiments
        .iter()
        .filter_map(|experiment| match experiment {
            ExperimentFindings::LearningRate(f) => Some(&f.checks),
            _ => None,
        })
        .flatten()
        .filter(|check| check.saturation.is_some_and(|s| !s.saturated))
        .map(|check| crate::number::decimal(check.rate))
        .collect();
    if !rising.is_empty() {
        items.push(format!(
            "*Longer runs.* At {} {} the validation accuracy was still rising at the end, which puts \
             low rates at a disadvantage.",
            if rising.len() == 1 { "the learning rate" } else { "the learning rates" },
            crate::number::list(&rising)
        ));
    }
    items.push(
        "*A learning rate for each model.* Dropout and batch normalisation run at a rate chosen \
         for the plain model; each may do better at its own."
            .to_owned(),
    );
    writer.document.paragraph("What could be better, and why:");
    writer.document.bullets(items);
}

fn comparisons(experiment: &ExperimentFindings) -> Vec<&Comparison> {
    match experiment {
        ExperimentFindings::LearningRate(f) => f.comparisons.iter().collect(),
        ExperimentFindings::Regularisation(f) => {
            let pairs = f.transfer.iter().flat_map(|transfer| &transfer.pairs);
            f.comparisons.iter().chain(pairs.flat_map(|pair| &pair.comparisons)).collect()
        }
        ExperimentFindings::GradientFlow(f) => f.performance.iter().collect(),
        ExperimentFindings::Sweep(f) => f.comparisons.iter().collect(),
    }
}
