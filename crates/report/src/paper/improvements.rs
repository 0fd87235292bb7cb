//! What could be better, and why.

use plateau_analysis::{ExperimentFindings, Measure, ModelRole};
use plateau_record::Optimizer;

use super::Writer;
use crate::number::{decimal, fixed, list, percent, plural};

/// Gap beyond which augmentation is the first thing to try, as a fraction.
const LARGE_GAP: f64 = 0.05;

pub(super) fn write(writer: &mut Writer<'_>) {
    let items: Vec<String> = [
        augmentation(writer),
        Some(seeds(writer)),
        longer(writer),
        Some(
            "*Other divisions of the images.* All runs share one division and one set of test \
             images; repeating the study with others would show how far its results depend on them \
             {cite:bouthillier2021}."
                .to_owned(),
        ),
        rates(writer),
        transfer(writer),
    ]
    .into_iter()
    .flatten()
    .collect();
    writer.document.paragraph("What could be better, and why:");
    writer.document.bullets(items);
}

fn augmentation(writer: &Writer<'_>) -> Option<String> {
    let finals = writer.findings.best_model.as_ref()?.arm.finals.as_ref()?;
    if finals.gap.mean <= LARGE_GAP {
        return None;
    }
    let decays = writer.settings.distinct(|c| match c.optimizer {
        Optimizer::Sgd { weight_decay, .. } => weight_decay > 0.0,
        Optimizer::Adam { .. } => false,
    });
    let (title, penalty) = if decays.contains(&true) {
        ("Augmentation", "")
    } else {
        ("Augmentation and weight decay", ", or a penalty on large weights,")
    };
    Some(format!(
        "*{title}.* Even the best model’s training accuracy exceeds its validation accuracy by {} \
         percentage points: flipped and shifted images{penalty} would make it harder to learn the \
         training images by heart.",
        percent(finals.gap.mean)
    ))
}

fn seeds(writer: &Writer<'_>) -> String {
    let findings = writer.findings;
    let widest = findings
        .experiments
        .iter()
        .flat_map(ExperimentFindings::comparisons)
        .filter(|c| c.measure == Measure::TestAccuracy && !c.significant())
        .filter_map(|c| c.means.map(|means| means.difference))
        .filter_map(|difference| Some((difference, difference.interval?)))
        .map(|(difference, interval)| ((interval.upper - interval.lower) / 2.0, difference))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let seeds = plural(findings.study.seeds.len(), "seed");
    match widest {
        // The interval shrinks as 1/√n, and the t distribution's quantile shrinks with n as well.
        Some((width, difference)) if difference.is_cut() => format!(
            "*More seeds.* With {seeds}, the intervals of some differences in test accuracy are as \
             wide as {} percentage points; four times as many seeds would more than halve that.",
            percent(2.0 * width)
        ),
        Some((half, _)) => format!(
            "*More seeds.* With {seeds}, some differences in test accuracy are known to ± {} \
             percentage points only; four times as many seeds would more than halve that.",
            fixed(half * 100.0, 2)
        ),
        None => format!(
            "*More seeds.* The tests rest on {seeds}; more of them would show smaller differences."
        ),
    }
}

fn longer(writer: &Writer<'_>) -> Option<String> {
    let rising: Vec<String> = writer
        .findings
        .experiments
        .iter()
        .filter_map(|experiment| match experiment {
            ExperimentFindings::LearningRate(f) => Some(&f.checks),
            _ => None,
        })
        .flatten()
        .filter(|check| check.saturation.is_some_and(|s| !s.saturated))
        .map(|check| decimal(check.rate))
        .collect();
    if rising.is_empty() {
        return None;
    }
    Some(format!(
        "*Longer runs.* At {} {} the validation accuracy was still rising at the end, which puts \
         low rates at a disadvantage.",
        if rising.len() == 1 { "the learning rate" } else { "the learning rates" },
        list(&rising)
    ))
}

/// Models that may be at a disadvantage by the plain model's rate.
fn rates(writer: &Writer<'_>) -> Option<String> {
    let roles: Vec<ModelRole> = writer
        .findings
        .experiments
        .iter()
        .filter_map(|experiment| match experiment {
            ExperimentFindings::GradientFlow(f) => Some(&f.models),
            _ => None,
        })
        .flatten()
        .map(|model| model.role)
        .collect();
    let models = match (roles.contains(&ModelRole::Dropout), roles.contains(&ModelRole::BatchNorm))
    {
        (true, true) => "Models with dropout and with batch normalisation",
        (true, false) => "Models with dropout",
        (false, true) => "Models with batch normalisation",
        (false, false) => return None,
    };
    Some(format!(
        "*A learning rate for each model.* {models} run at the plain model’s rate; they may do \
         better at their own."
    ))
}

/// What the transfer lacks.
fn transfer(writer: &Writer<'_>) -> Option<String> {
    let transferred = writer.findings.experiments.iter().any(|experiment| {
        matches!(experiment, ExperimentFindings::Regularisation(f) if f.transfer.is_some())
    });
    transferred.then(|| {
        "*A second reference for the transfer.* Models whose layers were all trained on half B \
         would tell the effect of frozen convolutions from that of other images."
            .to_owned()
    })
}
