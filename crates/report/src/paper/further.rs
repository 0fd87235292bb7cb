//! Beyond the experiments: calibration, classes, mistakes, power.

use plateau_analysis::{ArmPredictions, Measure, Mistakes, PowerFindings, PredictionFindings};

use super::Writer;
use super::claims::{percent_words, sentence};
use super::overall::class_names;
use crate::document::Formula;
use crate::document::markup::plain;
use crate::figures::predictions as figures;
use crate::number::{count, fixed, in_words, percent, percent_interval, plural};
use crate::tables::comparisons::comparisons;
use crate::tables::{power as power_table, predictions as tables};

pub(super) fn write(writer: &mut Writer<'_>) -> Result<(), png::EncodingError> {
    let findings = writer.findings;
    if let Some(predictions) = &findings.predictions {
        calibration(writer, predictions);
        classes(writer, predictions);
        if let Some(mistakes) = &predictions.mistakes {
            surest(writer, mistakes)?;
        }
    }
    power(writer, &findings.power);
    Ok(())
}

/// What calibration boils down to: for the conclusions.
pub(super) fn calibration_claims(findings: &PredictionFindings) -> Vec<String> {
    findings.comparisons.iter().map(sentence).collect()
}

fn calibration(writer: &mut Writer<'_>, findings: &PredictionFindings) {
    writer.document.heading(1, "calibration", "Calibration");
    writer.document.paragraph(
        "A model is well calibrated if, of the images that it gives an answer with a confidence \
         of 70 %, it gets 70 % right {cite:guo2017}. The *confidence* is the softmax probability of \
         the predicted class. The *expected calibration error* sums up how far accuracy and mean \
         confidence are apart within bins of confidence, n_k being the number of images in bin k:",
    );
    writer.document.formula(Formula {
        text: "ECE = Σ_k (n_k / n) · |accuracy_k − confidence_k|",
        latex: r"\mathrm{ECE} = \sum_k \frac{n_k}{n} \left| \mathrm{accuracy}_k - \mathrm{confidence}_k \right|",
        typst: "\"ECE\" = sum_k n_k / n abs(\"accuracy\"_k - \"confidence\"_k)",
    });
    let figure = figures::reliability(findings);
    let shown = if figure.is_some() { "{figure:reliability} shows the bins" } else { "" };
    let models: Vec<String> =
        figures::featured(findings).iter().map(|(arm, _)| calibrated(arm)).collect();
    let claims = calibration_claims(findings);
    let tests = if claims.is_empty() { "" } else { "{table:calibration_comparisons}" };
    writer.document.paragraph(format!(
        "{shown}{} {{table:calibration}} lists the error of every setting. {} {} {}",
        if shown.is_empty() { "" } else { ", and" },
        models.join(" "),
        claims.join(" "),
        if tests.is_empty() { String::new() } else { format!("({tests})") },
    ));
    writer.figures(figure.into_iter().collect());
    writer.table(tables::calibration(findings));
    let all: Vec<_> = findings.comparisons.iter().collect();
    writer.table(comparisons(
        "calibration_comparisons",
        "Calibration error, against the plain model",
        &all,
    ));
}

/// Whether a model is surer than right, by the interval over seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    Surer,
    LessSure,
    Neither,
}

pub(super) fn excess(arm: &ArmPredictions) -> Excess {
    match arm.excess.interval {
        Some(interval) if interval.lower > 0.0 => Excess::Surer,
        Some(interval) if interval.upper < 0.0 => Excess::LessSure,
        _ => Excess::Neither,
    }
}

fn calibrated(arm: &ArmPredictions) -> String {
    let size = percent(arm.excess.mean.abs());
    let interval = arm.excess.interval.map_or_else(String::new, |interval| {
        format!(" (95\u{a0}% interval of confidence minus accuracy {})", percent_interval(interval))
    });
    let how = match excess(arm) {
        Excess::Surer => format!("is {size} percentage points surer than right{interval}"),
        Excess::LessSure => format!("is {size} percentage points less sure than right{interval}"),
        Excess::Neither => format!("was not shown to be surer or less sure than right{interval}"),
    };
    format!(
        "“{}” {how}, with an expected calibration error of {}.",
        plain(&arm.label),
        percent_words(&arm.calibration_error)
    )
}

fn classes(writer: &mut Writer<'_>, findings: &PredictionFindings) {
    let names = class_names(writer);
    let Some(figure) = figures::class_accuracy(findings, &names) else { return };
    writer.document.heading(1, "classes", "Accuracy class by class");
    let text: Vec<String> =
        figures::featured(findings).iter().filter_map(|(arm, _)| extremes(arm, &names)).collect();
    writer.document.paragraph(format!(
        "{{figure:class_accuracy}} and {{table:class_accuracy}} show how well each class is \
         recognised. {}",
        text.join(" ")
    ));
    writer.figure(figure);
    writer.table(tables::class_accuracy(findings, &names));
}

fn extremes(arm: &ArmPredictions, names: &[String]) -> Option<String> {
    let by_mean = |a: &usize, b: &usize| arm.classes[*a].mean.total_cmp(&arm.classes[*b].mean);
    let easiest = (0..arm.classes.len()).max_by(by_mean)?;
    let hardest = (0..arm.classes.len()).min_by(by_mean)?;
    let name = |class: usize| plain(names.get(class).map_or("?", String::as_str));
    Some(format!(
        "“{}” recognises the class “{}” best, {}, and “{}” worst, {}.",
        plain(&arm.label),
        name(easiest),
        percent_words(&arm.classes[easiest]),
        name(hardest),
        percent_words(&arm.classes[hardest]),
    ))
}

fn surest(writer: &mut Writer<'_>, mistakes: &Mistakes) -> Result<(), png::EncodingError> {
    let names = class_names(writer);
    let shown = writer.input.shown;
    let figure = match shown {
        Some(shown) => figures::mistakes(mistakes, shown, &names)?,
        None => None,
    };
    writer.document.heading(1, "mistakes", "Mistakes that the models are surest of");
    let share = |n: usize| percent(n as f64 / mistakes.n_images.max(1) as f64);
    writer.document.paragraph(format!(
        "Of the {} test images, {} ({} %) are misclassified by at least one of the {} of the best \
         model ({}), {} ({} %) by all of them, and {} ({} %) by all in the same way: mistakes that \
         other initial weights and another order of the images do not cure.{}",
        count(mistakes.n_images as u64),
        count(mistakes.n_by_any as u64),
        share(mistakes.n_by_any),
        plural(mistakes.n_seeds, "run"),
        plain(&mistakes.label),
        count(mistakes.n_by_all as u64),
        share(mistakes.n_by_all),
        count(mistakes.n_alike as u64),
        share(mistakes.n_alike),
        if figure.is_some() { surest_shown(writer.findings.study.synthetic) } else { "" },
    ));
    writer.figures(figure.into_iter().collect());
    Ok(())
}

fn surest_shown(synthetic: bool) -> &'static str {
    if synthetic {
        " {figure:mistakes} shows those that the runs are surest of."
    } else {
        " {figure:mistakes} shows those that the runs are surest of. Some labels of CIFAR-10’s test \
         images are known to be wrong {cite:northcutt2021}; whether these are among them was not \
         checked."
    }
}

fn power(writer: &mut Writer<'_>, findings: &PowerFindings) {
    if findings.entries.is_empty() {
        return;
    }
    writer.document.heading(1, "power", "How many seeds it takes");
    let missed: Vec<_> =
        findings.entries.iter().filter(|entry| !entry.comparison.significant()).collect();
    let found = findings.entries.len() - missed.len();
    let accuracy =
        || findings.entries.iter().filter(|e| e.comparison.measure == Measure::TestAccuracy);
    let detectable = accuracy().filter_map(|entry| entry.detectable);
    let blind = accuracy().filter(|entry| entry.detectable.is_none()).count();
    let (least, most) = (
        detectable.clone().fold(f64::INFINITY, f64::min),
        detectable.fold(f64::NEG_INFINITY, f64::max),
    );
    let reach = if least.is_finite() {
        let (least, most) = (percent(least), percent(most));
        let range = if least == most {
            format!("is {least}")
        } else {
            format!("lies between {least} and {most}")
        };
        let blind = match blind {
            0 => String::new(),
            n => format!("; {} could have found none that is possible", in_words(n)),
        };
        format!(
            " In test accuracy, the smallest difference that the comparisons could find with a \
             probability of {} % {range} percentage points{blind}.",
            fixed(findings.power * 100.0, 0),
        )
    } else if blind > 0 {
        format!(
            " In test accuracy, no comparison could have found any possible difference with a \
             probability of {} %.",
            fixed(findings.power * 100.0, 0),
        )
    } else {
        String::new()
    };
    let needed: Vec<u32> = missed.iter().filter_map(|entry| entry.pairs_needed).collect();
    let more = match (needed.iter().min(), needed.iter().max()) {
        (Some(least), Some(most)) if least == most => {
            format!(
                " To find what was not found, up to {} would have been needed",
                plural(*least as usize, "seed")
            )
        }
        (Some(least), Some(most)) => format!(
            " To find the differences that were seen but not shown, up to {} to {} seeds would have \
             been needed",
            count(u64::from(*least)),
            count(u64::from(*most))
        ),
        _ => String::new(),
    };
    let beyond = missed.len() - needed.len();
    let more = match (more.is_empty(), beyond) {
        (true, _) => String::new(),
        (false, 0) => format!("{more}."),
        (false, n) => format!("{more}, and more than 100,000 for {n} of them."),
    };
    writer.document.paragraph(format!(
        "{found} of {} showed a difference. How large must a difference be for so few seeds to \
         show it? {{table:power}} answers by the power of the paired t-test {{cite:cohen1988}}: the \
         probability that it rejects “no difference”, given the mean and the spread of the \
         differences, at the strictest step of Holm’s method.{reach}{more} These numbers treat the \
         effects that were seen, and their spread, as if they were the true ones, and serve to plan \
         the next study, not to judge this one.",
        plural(findings.entries.len(), "comparison"),
    ));
    writer.table(power_table::power(findings));
}
