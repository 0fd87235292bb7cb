//! What was done in each experiment.

use plateau_analysis::{
    ExperimentFindings, LearningRateFindings, ModelRole, RegularisationFindings,
};
use plateau_record::{Choice, RANGE_TEST_DECAY, RANGE_TEST_STOP_FACTOR, ScheduleShape};

use super::settings::{epochs, splits};
use super::{Writer, rule_end, title};
use crate::document::markup::plain;
use crate::number::{decimal, fixed, list, plural};
use crate::tables::runs::schedule_words;

pub(super) fn write(writer: &mut Writer<'_>) {
    for (i, experiment) in writer.findings.experiments.iter().enumerate() {
        let heading = format!("Experiment {}: {}", i + 1, title(experiment));
        writer.document.heading(2, &format!("experiment-{}", i + 1), heading);
        if super::arms_of(experiment).is_empty() {
            writer.document.paragraph(format!(
                "Its runs, with {}, are still to be planned: they follow from other results.",
                seeds(writer)
            ));
            continue;
        }
        let splits = splits(experiment);
        writer.document.paragraph(format!(
            "Runs are {}{}for {}, with {}.",
            splits,
            if splits.is_empty() { "" } else { ", " },
            epochs(experiment),
            seeds(writer),
        ));
        match experiment {
            ExperimentFindings::LearningRate(f) => learning_rate(writer, f),
            ExperimentFindings::Regularisation(f) => regularisation(writer, f),
            ExperimentFindings::GradientFlow(f) => gradient_flow(writer, f),
            ExperimentFindings::Sweep(f) => {
                let labels: Vec<String> = f.arms.iter().map(|arm| plain(&arm.label)).collect();
                writer.document.paragraph(format!(
                    "The settings are {}; every one is compared with the one that does best by \
                     final validation accuracy. {}",
                    list(&labels),
                    choices(&f.choices),
                ));
            }
        }
    }
}

fn seeds(writer: &Writer<'_>) -> String {
    let seeds: Vec<String> = writer.findings.study.seeds.iter().map(ToString::to_string).collect();
    format!("{} each ({})", plural(seeds.len(), "seed"), list(&seeds))
}

/// How settings followed from results.
fn choices(choices: &[Choice]) -> String {
    choices
        .iter()
        .map(|choice| {
            let values: Vec<String> = choice.values.iter().map(|value| decimal(*value)).collect();
            let setting = match choice.setting.as_str() {
                "rate" => "learning rate",
                "dropout" => "dropout rate",
                other => other,
            };
            let plural = if values.len() == 1 { "" } else { "s" };
            format!(
                "The {}{plural} {} followed from the phase “{}”: {}",
                plain(setting),
                list(&values),
                plain(&choice.from),
                rule_end(&choice.rule),
            )
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn learning_rate(writer: &mut Writer<'_>, f: &LearningRateFindings) {
    if let Some(range) = &f.range_test {
        let course = range_test_course(writer);
        writer.document.paragraph(format!(
            "A learning-rate range test {{cite:smith2017}} comes first, with {}: the rate grows \
             exponentially from step to step{course}. The run ends early once a batch’s loss is \
             more than {} times the lowest value so far of its exponential average with weight {} \
             of the past. For choosing rates the loss is smoothed by such an average with weight \
             {} of the past; both are corrected for their start. {} The constants of this rule \
             were set on pilot runs with training and validation images of CIFAR-10.",
            plural(range.n_runs + range.n_missing, "seed"),
            decimal(RANGE_TEST_STOP_FACTOR),
            decimal(RANGE_TEST_DECAY),
            fixed(range.curve.smoothing, 3),
            choices(&f.constant_choices),
        ));
    } else {
        writer.document.paragraph(choices(&f.constant_choices));
    }
    let rates: Vec<String> = f.arms.iter().map(|arm| decimal(arm.schedule.rate)).collect();
    writer.document.paragraph(format!(
        "The constant rates are {}. A rate is too high if the loss of any seed diverges, or if a \
         run collapses to guessing (a final training loss of at least 0.98·ln 10); it is too low if \
         the validation accuracy is still rising at the end. Both are checked after the runs{}.",
        list(&rates),
        if f.checks.is_empty() { "" } else { " ({table:rate_checks})" },
    ));
    for arm in &f.scheduled {
        let reference = match arm.schedule.shape {
            ScheduleShape::Cosine => {
                " The rate after the share s of all steps is half the starting rate times 1 + \
                 cos(π·s) {cite:loshchilov2017}."
            }
            _ => "",
        };
        writer.document.paragraph(format!(
            "The scheduler lowers the rate during training: {}.{reference} {} It is compared with \
             the best constant rate on test accuracy and on the generalisation gap.",
            plain(&schedule_words(&arm.schedule)),
            choices(&f.scheduled_choices),
        ));
    }
}

/// From where to where the rate grows, and how long.
fn range_test_course(writer: &Writer<'_>) -> String {
    let courses = writer.settings.distinct(|c| match c.schedule.shape {
        ScheduleShape::RangeTest { to } => Some((c.schedule.rate, to, c.epochs.0)),
        _ => None,
    });
    courses.into_iter().flatten().next().map_or_else(String::new, |(from, to, epochs)| {
        format!(
            ", from {} to {} within {}",
            decimal(from),
            decimal(to),
            plural(epochs as usize, "epoch")
        )
    })
}

fn regularisation(writer: &mut Writer<'_>, f: &RegularisationFindings) {
    let rates: Vec<String> = f.arms.iter().map(|arm| decimal(arm.dropout)).collect();
    let schedule = f.arms.first().map(|arm| schedule_words(&arm.schedule));
    writer.document.paragraph(format!(
        "The dropout rates are {}; the learning rate is {}. {} Each non-zero rate is compared \
         with no dropout. The best one is the one with the highest mean validation accuracy after \
         the last epoch.",
        list(&rates),
        plain(&schedule.unwrap_or_default()),
        choices(&f.choices),
    ));
    let Some(transfer) = &f.transfer else { return };
    let rates: Vec<String> = transfer.pairs.iter().map(|pair| decimal(pair.dropout)).collect();
    writer.document.paragraph(format!(
        "Then the halves are swapped {{cite:yosinski2014}}: the convolutions of runs with dropout {} \
         are frozen as they are after the last epoch, both fully connected layers are initialised \
         anew, and these alone are trained on the other half with the same dropout, each seed from \
         its own seed’s run. They are compared with the models of the same seed and dropout, all of \
         whose layers were trained together on half A; models trained wholly on half B were not run. \
         Since the new validation half has \
         trained the frozen convolutions, validation accuracy is too high and the generalisation \
         gap too small in these runs; the test images are the fair judge, and the gap between \
         training and test accuracy is given as well. {}",
        list(&rates),
        choices(&transfer.choices),
    ));
}

fn gradient_flow(writer: &mut Writer<'_>, f: &plateau_analysis::GradientFlowFindings) {
    let windows: Vec<String> = f
        .windows
        .iter()
        .map(|window| {
            let end = crate::tables::gradients::window_word(window.kind);
            if window.from == window.to {
                format!("the {end} (epoch {})", window.from)
            } else {
                format!("the {end} (epochs {} to {})", window.from, window.to)
            }
        })
        .collect();
    let models: Vec<String> = f
        .models
        .iter()
        .map(|model| plain(&crate::figures::gradients::model_title(model)))
        .collect();
    let rule = f.dropout_rule.as_deref().map_or_else(String::new, |rule| {
        format!(" The dropout rate is the one with {}", rule_end(rule))
    });
    let mut schedules: Vec<String> = Vec::new();
    for model in &f.models {
        let words = plain(&schedule_words(&model.arm.schedule));
        if !schedules.contains(&words) {
            schedules.push(words);
        }
    }
    let batch_norm = f.model(ModelRole::BatchNorm).map_or("", |_| {
        " The gradients of batch normalisation’s scale and shift are not recorded. Biases before a \
         batch normalisation have no effect, since the mean is taken away after them; their \
         gradients are left out."
    });
    writer.document.paragraph(format!(
        "The models are {}, trained on the same images, with the learning rate {}; they differ in \
         nothing else, and those that another experiment asks for as well are its runs.{rule} At \
         every step the gradient of the batch’s loss with respect to every weight and, apart, every \
         bias is recorded: mean and standard deviation over the elements of a layer and the steps of \
         an epoch, of the gradient and of its absolute value. They are pooled over {}. The mean \
         absolute gradients of each layer, and the quotient of the first layer’s and the last one’s, \
         are compared with those of the plain model on a logarithmic scale; test accuracy and gap \
         with and without batch normalisation as they are.{batch_norm}",
        list(&models),
        list(&schedules),
        list(&windows),
    ));
}
