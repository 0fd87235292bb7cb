//! What was concluded, whether it was expected, and what could be better.

use plateau_analysis::{
    Comparison, ExperimentFindings, GradientFlowFindings, LearningRateFindings, Measure, ModelRole,
    RegularisationFindings, WindowKind,
};
use plateau_record::ParameterKind;

use super::Writer;
use crate::document::markup::plain as plain_text;
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
    calibration(writer);
    improvements(writer);
}

/// Calibration, against what is known of it.
fn calibration(writer: &mut Writer<'_>) {
    let Some(predictions) = &writer.findings.predictions else { return };
    let Some(plain) = predictions.featured.first().and_then(|i| predictions.arms.get(*i)) else {
        return;
    };
    let excess = plain.confidence.mean - plain.accuracy.mean;
    let expected = if excess > 0.0 {
        "Networks that fit their training images completely are known to be surer than they should \
         be {cite:guo2017}"
    } else {
        "Networks are often surer than they should be {cite:guo2017}; these are not"
    };
    let claims = super::further::calibration_claims(predictions);
    writer.document.paragraph(format!("*Calibration.* {expected}. {}", claims.join(" ")));
}

/// What was to be expected, by what was shown.
fn comment(experiment: &ExperimentFindings) -> Option<String> {
    let comments: Vec<String> = match experiment {
        ExperimentFindings::LearningRate(f) => schedule(f).into_iter().collect(),
        ExperimentFindings::Regularisation(f) => {
            dropout(f).into_iter().chain(transfer(f)).collect()
        }
        ExperimentFindings::GradientFlow(f) => {
            vanishing(f).into_iter().chain(super::flow::sentences(f)).chain(batch_norm(f)).collect()
        }
        ExperimentFindings::Sweep(_) => Vec::new(),
    };
    (!comments.is_empty()).then(|| comments.join(" "))
}

fn schedule(f: &LearningRateFindings) -> Option<String> {
    let accuracy = f.comparisons.iter().find(|c| c.measure == Measure::TestAccuracy)?;
    Some(
        match shown(accuracy) {
            Shown::Higher => {
                "This was to be expected: large steps explore, and small ones at the end let the \
                 weights settle where a constant rate keeps them moving {cite:loshchilov2017}."
            }
            Shown::Lower => {
                "This was not expected: lowering the rate usually helps {cite:loshchilov2017}. The \
                 starting rate follows from a written rule and may suit the schedule badly, or the \
                 run may be too short for it."
            }
            Shown::Nothing => {
                "A schedule was expected to help {cite:loshchilov2017}; if it does here, the effect \
                 is too small or too irregular for the number of seeds."
            }
        }
        .to_owned(),
    )
}

fn dropout(f: &RegularisationFindings) -> Option<String> {
    let gap = f.best_against_plain(Measure::GeneralisationGap)?;
    let accuracy = f.best_against_plain(Measure::TestAccuracy)?;
    let on_gap = match shown(gap) {
        Shown::Lower => {
            "That dropout narrows the gap was expected: it keeps units from relying on each other \
             {cite:srivastava2014}."
        }
        Shown::Higher => {
            "That the gap is wider with dropout was not expected {cite:srivastava2014}."
        }
        Shown::Nothing => {
            "Dropout was expected to narrow the gap {cite:srivastava2014}; in runs that overfit \
             little there is little for it to do."
        }
    };
    let on_accuracy = match shown(accuracy) {
        Shown::Higher => {
            " So was its gain in accuracy, the training images being few for so many weights in the \
             first fully connected layer."
        }
        Shown::Lower => {
            " That it costs accuracy shows that what it takes from the fully connected layers is \
             more than what it saves them from learning by heart."
        }
        Shown::Nothing => {
            " Its authors report a gain in accuracy, too, in larger networks; here the part that \
             overfits need not be the part that dropout regularises."
        }
    };
    Some(format!("{on_gap}{on_accuracy}"))
}

fn transfer(f: &RegularisationFindings) -> Option<String> {
    let pairs = &f.transfer.as_ref()?.pairs;
    let accuracy = pairs
        .iter()
        .flat_map(|pair| &pair.comparisons)
        .filter(|c| c.measure == Measure::TestAccuracy);
    let shown: Vec<Shown> = accuracy.map(shown).collect();
    if shown.is_empty() {
        return None;
    }
    let count = |wanted: Shown| shown.iter().filter(|s| **s == wanted).count();
    let text = if count(Shown::Nothing) == shown.len() {
        "That frozen convolutions serve other images of the same kind as well as convolutions \
         trained on them fits what is known: features of early layers are general, and both halves \
         are drawn alike {cite:yosinski2014}."
    } else if count(Shown::Higher) > 0 && count(Shown::Lower) == 0 {
        "That the transferred models do better is plausible here: between them, the two parts of \
         the network have seen both halves of the images, twice as many as a model whose layers \
         were trained together; features of early layers are known to be general \
         {cite:yosinski2014}."
    } else if count(Shown::Lower) > 0 && count(Shown::Higher) == 0 {
        "That freezing costs accuracy is known: layers that were trained together adapt to each \
         other, and new ones do not find that again {cite:yosinski2014}."
    } else {
        "That freezing helps one model and harms the other shows that what transfers depends on how \
         the layers were trained together {cite:yosinski2014}."
    };
    Some(text.to_owned())
}

/// How much smaller gradients may be at the input's end before they are said to vanish.
const VANISHED: f64 = 0.1;

/// Whether gradients shrink on their way back through the plain model.
fn vanishing(f: &GradientFlowFindings) -> Option<String> {
    let plain = f.model(ModelRole::Plain)?;
    let layers: Vec<_> = plain.by_layer(WindowKind::First, ParameterKind::Weight).collect();
    let (first, last) = (layers.first()?, layers.last()?);
    let ratio = first.absolute_mean.mean / last.absolute_mean.mean;
    if !ratio.is_finite() {
        return None;
    }
    let verdict = if ratio < VANISHED {
        "gradients shrink on their way back, as in deeper networks with saturating activations \
         {cite:glorot2010}, though with ReLU and so few layers that was not to be expected"
    } else {
        "they do not vanish on their way back, which so few layers with ReLU would not make them do; \
         it takes depth and saturating activations {cite:glorot2010}"
    };
    Some(format!(
        "In the plain model, the mean absolute gradient of the weights of {} is {} times that of \
         {} at the beginning: {verdict}.",
        plain_text(&first.name),
        fixed(ratio, 2),
        plain_text(&last.name),
    ))
}

fn batch_norm(f: &GradientFlowFindings) -> Option<String> {
    let accuracy = f.performance.iter().find(|c| c.measure == Measure::TestAccuracy)?;
    Some(
        match shown(accuracy) {
            Shown::Higher => {
                "That batch normalisation helps was expected {cite:ioffe2015}; it is thought to make \
                 the loss surface smoother {cite:santurkar2018}."
            }
            Shown::Lower => {
                "Batch normalisation was expected to help {cite:ioffe2015}; at a learning rate chosen \
                 for the plain model it need not."
            }
            Shown::Nothing => {
                "Batch normalisation was expected to help {cite:ioffe2015}; in a network this \
                 shallow, well initialised {cite:he2015}, its gain in accuracy may be small."
            }
        }
        .to_owned(),
    )
}

/// What a test showed of the first arm's measure.
#[derive(Clone, Copy, PartialEq, Eq)]
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
        .flat_map(ExperimentFindings::comparisons)
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
