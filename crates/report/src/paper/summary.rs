//! The abstract, and the main findings.

use plateau_analysis::{Comparison, ExperimentFindings, Findings, Measure, RegularisationFindings};

use super::claims::{effect, percent_words, reached, sentence};
use super::{Writer, results_id};
use crate::document::markup::plain;
use crate::number::{decimal, plural};

/// The abstract: what was done, and what came out.
pub(super) fn write_abstract(writer: &mut Writer<'_>, left_out: &[String]) {
    writer.document.heading(0, "abstract", "Abstract");
    notices(writer, left_out);
    let findings = writer.findings;
    let study = &findings.study;
    let network = writer.settings.network().map_or_else(String::new, |network| {
        format!(
            " of {} convolutional and two fully connected layers",
            crate::number::in_words(network.channels.len())
        )
    });
    let mut text = format!(
        "We train a small network{network} on {} with {} per setting, each seed with initial \
         weights and an order of the images of its own, and ask {}. Nothing is chosen by test \
         images; means come with 95 % confidence intervals, and differences are tested in pairs \
         of equal seeds.",
        study.data_title(),
        plural(study.seeds.len(), "seed"),
        questions(findings),
    );
    let claims: Vec<String> = findings.experiments.iter().flat_map(headlines).collect();
    for claim in claims.into_iter().chain(best(findings)) {
        text.push(' ');
        text.push_str(&claim);
    }
    writer.document.paragraph(text);
}

/// The list of the main findings: the last part of the introduction.
pub(super) fn write_findings(writer: &mut Writer<'_>) {
    writer.document.heading(2, "findings", "Main findings");
    let findings = writer.findings;
    let mut items = Vec::new();
    for (i, experiment) in findings.experiments.iter().enumerate() {
        let section = format!("{{section:{}}}", results_id(i));
        for claim in claims(experiment) {
            items.push(format!("{claim} ({section})"));
        }
    }
    items.extend(best(findings).map(|best| format!("{best} ({{section:best-model}})")));
    let predictions = findings.predictions.iter();
    let calibration = predictions.flat_map(super::further::calibration_claims);
    items.extend(calibration.map(|claim| format!("{claim} ({{section:calibration}})")));
    if items.is_empty() {
        writer.document.paragraph("There is nothing yet that could be stated.");
    }
    writer.document.bullets(items);
}

/// What is asked, as a list of clauses.
fn questions(findings: &Findings) -> String {
    let questions: Vec<String> = findings
        .experiments
        .iter()
        .map(|experiment| {
            match experiment {
                ExperimentFindings::LearningRate(f) if f.scheduled.is_empty() => {
                    "what the learning rate does"
                }
                ExperimentFindings::LearningRate(_) => {
                    "what the learning rate does and whether a schedule beats the best constant one"
                }
                ExperimentFindings::Regularisation(f) if f.transfer.is_none() => {
                    "what dropout does"
                }
                ExperimentFindings::Regularisation(_) => {
                    "what dropout does and how well frozen convolutions transfer to other images"
                }
                ExperimentFindings::GradientFlow(_) => {
                    "how dropout and batch normalisation change the gradients that reach each layer"
                }
                ExperimentFindings::Sweep(_) => "which of a list of settings does best",
            }
            .to_owned()
        })
        .collect();
    if questions.is_empty() { "nothing yet".to_owned() } else { crate::number::list(&questions) }
}

/// The findings that an abstract has room for, in its own words.
fn headlines(experiment: &ExperimentFindings) -> Vec<String> {
    match experiment {
        ExperimentFindings::LearningRate(f) => {
            let accuracy = f.comparisons.iter().filter(|c| c.measure == Measure::TestAccuracy);
            let sentence = |c: &Comparison| {
                format!(
                    "Lowering the learning rate during training ({}), against the best of {} \
                     constant rates ({}), {}.",
                    plain(&c.a),
                    f.arms.len(),
                    plain(&c.b),
                    effect(c)
                )
            };
            accuracy.map(sentence).collect()
        }
        ExperimentFindings::Regularisation(f) => {
            let measures = [Measure::TestAccuracy, Measure::GeneralisationGap];
            let against: Vec<&Comparison> =
                measures.into_iter().filter_map(|m| f.best_against_plain(m)).collect();
            let effects: Vec<String> = against.iter().map(|c| effect(c)).collect();
            let dropout = against
                .first()
                .map(|c| format!("The best dropout ({}) {}.", plain(&c.a), effects.join(", and ")));
            dropout.into_iter().chain(transferred(f)).collect()
        }
        ExperimentFindings::GradientFlow(f) => {
            let performance = f.performance.iter().find(|c| c.measure == Measure::TestAccuracy);
            let performance = performance.map(|c| format!("Batch normalisation {}.", effect(c)));
            super::gradient_claims::counts(f).into_iter().chain(performance).collect()
        }
        ExperimentFindings::Sweep(_) => claims(experiment),
    }
}

/// What training the fully connected layers alone, on the other half, did.
fn transferred(f: &RegularisationFindings) -> Option<String> {
    let pairs = &f.transfer.as_ref()?.pairs;
    let effects: Vec<String> = pairs
        .iter()
        .filter_map(|pair| {
            let c = pair.comparisons.iter().find(|c| c.measure == Measure::TestAccuracy)?;
            let with = if pair.dropout > 0.0 {
                format!("with dropout {}", decimal(pair.dropout))
            } else {
                "without dropout".to_owned()
            };
            Some(format!("{with}, this {}", effect(c)))
        })
        .collect();
    (!effects.is_empty()).then(|| {
        format!(
            "Training the fully connected layers alone on the other half of the images, on frozen \
             convolutions, against training all layers on the first half: {}.",
            effects.join("; ")
        )
    })
}

fn notices(writer: &mut Writer<'_>, left_out: &[String]) {
    let study = &writer.findings.study;
    let mut notices = Vec::new();
    if study.synthetic {
        notices.push(
            "These are results on *synthetic data*: generated images that serve to try out the \
             program. They say nothing about photographs."
                .to_owned(),
        );
    }
    if study.altered.is_some() {
        notices.push(
            "The images are *not the published ones* of their data set ({section:data}): the \
             results say nothing about those."
                .to_owned(),
        );
    }
    if study.preliminary {
        let pending = if study.pending.is_empty() {
            String::new()
        } else {
            format!(" Phases not yet resolved: {}.", plain(&study.pending.join(", ")))
        };
        notices.push(format!(
            "*Preliminary:* {} of {} have a result.{pending} Means, intervals and tests will \
             change.",
            study.n_stored,
            plural(study.n_runs, "run"),
        ));
    }
    let n_failed = writer.findings.failures.len();
    if n_failed > 0 {
        notices.push(format!(
            "{} diverged or collapsed; diverged runs are in no mean ({{section:appendix-runs}}).",
            plural(n_failed, "run")
        ));
    }
    if !writer.input.notes.is_empty() {
        notices.push(
            "Runs whose files are damaged are left out: {section:appendix-runs} names them."
                .to_owned(),
        );
    }
    notices.extend(left_out.iter().cloned());
    for notice in notices {
        writer.notice(notice);
    }
}

/// The one or few sentences that an experiment boils down to.
pub(super) fn claims(experiment: &ExperimentFindings) -> Vec<String> {
    match experiment {
        ExperimentFindings::LearningRate(f) => {
            let best = f.best.and_then(|best| f.arms.get(best)).map(|arm| {
                format!(
                    "Of {}, {} did best by validation accuracy, with {}.",
                    plural(f.arms.len(), "constant learning rate"),
                    plain(&arm.label),
                    reached(arm)
                )
            });
            best.into_iter().chain(f.comparisons.iter().map(sentence)).collect()
        }
        ExperimentFindings::Regularisation(f) => {
            let measures = [Measure::TestAccuracy, Measure::GeneralisationGap];
            let against = measures.into_iter().filter_map(|m| f.best_against_plain(m));
            let pairs = f.transfer.iter().flat_map(|transfer| &transfer.pairs);
            let fair = pairs
                .flat_map(|pair| &pair.comparisons)
                .filter(|c| c.measure == Measure::TestAccuracy);
            against.chain(fair).map(sentence).collect()
        }
        ExperimentFindings::GradientFlow(f) => {
            let mut claims = super::gradient_claims::counts(f);
            claims.extend(super::gradient_flow::performance_claims(f));
            claims
        }
        ExperimentFindings::Sweep(f) => f
            .best
            .and_then(|best| f.arms.get(best))
            .map(|arm| {
                format!(
                    "In the phase “{}”, {} did best by validation accuracy, with {}.",
                    plain(&f.phase),
                    plain(&arm.label),
                    reached(arm)
                )
            })
            .into_iter()
            .collect(),
    }
}

fn best(findings: &Findings) -> Option<String> {
    let best = findings.best_model.as_ref()?;
    let finals = best.arm.finals.as_ref()?;
    Some(format!(
        "Of all models but the transferred ones, {} (phase “{}”) had the highest validation accuracy; \
         it recognised {} of the test images.",
        plain(&best.arm.label),
        plain(&best.arm.phase),
        percent_words(&finals.test_accuracy)
    ))
}
