//! What was concluded, and whether it was expected.

use plateau_analysis::{
    Comparison, ExperimentFindings, GradientFlowFindings, LearningRateFindings, Measure, ModelRole,
    RegularisationFindings, WindowKind,
};

use super::Writer;
use super::further::{Excess, excess};
use crate::architecture::activation;
use crate::document::markup::plain as plain_text;
use crate::number::{decimal, percent, plural, ratio};
use crate::tables::gradients::ratio_interval;

pub(super) fn write(writer: &mut Writer<'_>) {
    writer.document.heading(1, "conclusions", "Conclusions and discussion");
    let findings = writer.findings;
    for (i, experiment) in findings.experiments.iter().enumerate() {
        let claims = super::summary::claims(experiment);
        if claims.is_empty() {
            continue;
        }
        let comments = comments(writer, experiment);
        writer.document.paragraph(format!(
            "*Experiment {} ({}).* {} {}",
            i + 1,
            crate::document::markup::plain(&super::title(experiment)),
            claims.join(" "),
            comments.join(" ")
        ));
    }
    calibration(writer);
    super::improvements::write(writer);
}

/// Calibration, against what is known of it.
fn calibration(writer: &mut Writer<'_>) {
    let Some(predictions) = &writer.findings.predictions else { return };
    let Some(plain) = predictions.featured.first().and_then(|i| predictions.arms.get(*i)) else {
        return;
    };
    let verdict = match excess(plain) {
        Excess::Surer => "was, too",
        Excess::LessSure => "was not: it is less sure than it is right",
        Excess::Neither => "was not shown to be",
    };
    let claims = super::further::calibration_claims(predictions);
    writer.document.paragraph(format!(
        "*Calibration.* Modern networks are often surer than they should be {{cite:guo2017}}; \
         “{}” {verdict}. {}",
        plain_text(&plain.label),
        claims.join(" ")
    ));
}

/// What was to be expected, by what was shown.
fn comments(writer: &Writer<'_>, experiment: &ExperimentFindings) -> Vec<String> {
    match experiment {
        ExperimentFindings::LearningRate(f) => schedule(f).into_iter().collect(),
        ExperimentFindings::Regularisation(f) => {
            dropout(f).into_iter().chain(transfer(f)).collect()
        }
        ExperimentFindings::GradientFlow(f) => vanishing(writer, f)
            .into_iter()
            .chain(super::flow::sentences(f))
            .chain(batch_norm(f))
            .collect(),
        ExperimentFindings::Sweep(_) => Vec::new(),
    }
}

fn schedule(f: &LearningRateFindings) -> Option<String> {
    let scheduled = f.scheduled.first()?;
    let of_first = |measure: Measure| {
        f.comparisons.iter().find(|c| c.measure == measure && c.a == scheduled.label)
    };
    let accuracy = match shown(of_first(Measure::TestAccuracy)?) {
        Shown::Higher => {
            "A gain in accuracy was expected {cite:loshchilov2017}; the usual explanation is that \
             large steps explore, and that small ones at the end let the weights settle where a \
             constant rate keeps them moving."
        }
        Shown::Lower => {
            "That it costs accuracy was not expected: lowering the rate usually helps \
             {cite:loshchilov2017}. The starting rate follows from a written rule and may suit the \
             schedule badly, or the run may be too short for it."
        }
        Shown::Nothing => {
            "A gain in accuracy was expected {cite:loshchilov2017}; if there is one here, it is too \
             small or too irregular for the number of seeds."
        }
        Shown::Untested => return None,
    };
    let best = f.best.and_then(|best| f.arms.get(best));
    let height = best.filter(|best| scheduled.schedule.rate > best.schedule.rate).map(|best| {
        format!(
            " Since the schedule also starts at a higher rate ({}) than the best constant one ({}), \
             the study doesn’t tell what is due to the start and what to the fall.",
            decimal(scheduled.schedule.rate),
            decimal(best.schedule.rate)
        )
    });
    let trained = best
        .and_then(|best| best.finals.as_ref())
        .zip(scheduled.finals.as_ref())
        .filter(|(best, scheduled)| scheduled.train_accuracy.mean > best.train_accuracy.mean)
        .filter(|_| of_first(Measure::GeneralisationGap).map(shown) == Some(Shown::Higher))
        .map(|(best, scheduled)| {
            format!(
                " The wider gap goes with a better fit of the training images, {} % of which are \
                 recognised in the end, against {} % with the constant rate.",
                percent(scheduled.train_accuracy.mean),
                percent(best.train_accuracy.mean)
            )
        });
    Some(format!("{accuracy}{}{}", trained.unwrap_or_default(), height.unwrap_or_default()))
}

fn dropout(f: &RegularisationFindings) -> Option<String> {
    let gap = f.best_against_plain(Measure::GeneralisationGap)?;
    let accuracy = f.best_against_plain(Measure::TestAccuracy)?;
    let plain = f.arms.iter().find(|arm| arm.dropout == 0.0)?.finals.as_ref()?;
    let on_gap = match shown(gap) {
        Shown::Lower => {
            "That dropout narrows the gap was expected: it is meant to keep units from \
             relying on each other {cite:srivastava2014}."
                .to_owned()
        }
        Shown::Higher => "That the gap is wider with dropout was not expected \
             {cite:srivastava2014}."
            .to_owned(),
        Shown::Nothing => format!(
            "Dropout was expected to narrow the gap {{cite:srivastava2014}}, which is {} percentage \
             points without it; that it did was not shown.",
            percent(plain.gap.mean)
        ),
        Shown::Untested => return None,
    };
    let on_accuracy = match shown(accuracy) {
        Shown::Higher => {
            " A gain in accuracy was expected, too, the training images being few for so many \
             weights in the first fully connected layer."
        }
        Shown::Lower => {
            " A loss of accuracy was not expected; dropout may take more from the fully connected \
             layers than it saves them from learning by heart."
        }
        Shown::Nothing => {
            " A gain in accuracy, which its authors report for larger networks, was not shown: the \
             part that overfits need not be the part that dropout regularises."
        }
        Shown::Untested => "",
    };
    Some(format!("{on_gap}{on_accuracy}"))
}

fn transfer(f: &RegularisationFindings) -> Option<String> {
    let pairs = &f.transfer.as_ref()?.pairs;
    let shown: Vec<Shown> = pairs
        .iter()
        .flat_map(|pair| &pair.comparisons)
        .filter(|c| c.measure == Measure::TestAccuracy)
        .map(shown)
        .filter(|shown| *shown != Shown::Untested)
        .collect();
    if shown.is_empty() {
        return None;
    }
    let text = match (shown.contains(&Shown::Higher), shown.contains(&Shown::Lower)) {
        (false, false) => {
            "Neither a gain nor a loss was shown from putting fully connected layers trained on \
             one half of the images on convolutions trained on the other; the intervals tell how \
             large one may be. Features of early layers are known to be general, and both halves \
             are drawn alike {cite:yosinski2014}."
        }
        (true, false) => {
            "Where the transferred model does better, this is plausible: between them, the two \
             parts of the network have seen both halves of the images, twice as many as a model \
             whose layers were trained together, and the fully connected layers learn on features \
             that do not move. Features of early layers are known to be general \
             {cite:yosinski2014}."
        }
        (false, true) => {
            "Losses by transfer were found before, and explained by layers that adapt to each \
             other when they are trained together, which new ones do not find again \
             {cite:yosinski2014}. Here the new layers also saw other images: the study doesn’t tell \
             these causes apart."
        }
        (true, true) => {
            "The transferred models do better with one dropout rate and worse with the other; the \
             tests don’t say why. What transfers is known to depend on how the layers adapted to \
             each other {cite:yosinski2014}."
        }
    };
    Some(text.to_owned())
}

/// How much smaller gradients may be at the input's end before they are said to vanish: by a
/// factor that five layers with saturating activations reach easily.
const VANISHED: f64 = 0.1;

/// Whether gradients shrink on their way back through the plain model.
fn vanishing(writer: &Writer<'_>, f: &GradientFlowFindings) -> Option<String> {
    let profile = f.profile(ModelRole::Plain, WindowKind::First)?;
    let interval = profile.log_ratio.interval;
    let network = writer.settings.network()?;
    let layers = plural(f.layers.len(), "layer");
    let verdict = if interval.is_some_and(|i| 10_f64.powf(i.upper) < VANISHED) {
        format!(
            "gradients shrink on their way back, as in deeper networks with saturating activations \
             {{cite:glorot2010}}, though with {layers} that was not to be expected"
        )
    } else {
        format!(
            "gradients were not seen to vanish on their way back through {layers} with {}; whether \
             they do depends on depth, activation and the scale of the initial weights \
             {{cite:glorot2010}} {{cite:he2015}}",
            activation(network.activation)
        )
    };
    Some(format!(
        "In the plain model, the weights’ mean absolute gradient in {} was {} times that in {} at \
         the beginning{}: {verdict}.",
        plain_text(&profile.first.name),
        ratio(profile.log_ratio.mean),
        plain_text(&profile.last.name),
        interval.map_or_else(String::new, |interval| {
            format!(" (95\u{a0}% interval {})", ratio_interval(interval))
        }),
    ))
}

fn batch_norm(f: &GradientFlowFindings) -> Option<String> {
    let accuracy = f.performance.iter().find(|c| c.measure == Measure::TestAccuracy)?;
    let text = match shown(accuracy) {
        Shown::Higher => {
            "That batch normalisation helps was expected {cite:ioffe2015}; it is thought to make \
             the loss surface smoother {cite:santurkar2018}."
        }
        Shown::Lower => {
            "Batch normalisation was expected to help {cite:ioffe2015}; at a learning rate chosen \
             for the plain model it need not."
        }
        Shown::Nothing => {
            "Batch normalisation was expected to help {cite:ioffe2015}; in a network with so few \
             layers its gain in accuracy may be small."
        }
        Shown::Untested => return None,
    };
    Some(text.to_owned())
}

/// What a test showed of the first arm's measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// It is higher.
    Higher,
    /// It is lower.
    Lower,
    /// No difference.
    Nothing,
    /// There was no test.
    Untested,
}

fn shown(comparison: &Comparison) -> Shown {
    match (comparison.tested(), comparison.difference()) {
        (Some(test), Some(difference)) if test.significant && difference > 0.0 => Shown::Higher,
        (Some(test), Some(_)) if test.significant => Shown::Lower,
        (Some(_), Some(_)) => Shown::Nothing,
        _ => Shown::Untested,
    }
}
