//! The main findings, before everything else.

use plateau_analysis::{ExperimentFindings, Findings, Measure};

use super::claims::{percent_words, reached, sentence};
use super::{Writer, results_id};
use crate::document::markup::plain;
use crate::number::plural;

pub(super) fn write(writer: &mut Writer<'_>) {
    writer.document.heading(1, "summary", "Summary of the main findings");
    notices(writer);
    let findings = writer.findings;
    let mut items = Vec::new();
    for (i, experiment) in findings.experiments.iter().enumerate() {
        let section = format!("{{section:{}}}", results_id(i));
        for claim in claims(experiment) {
            items.push(format!("{claim} ({section})"));
        }
    }
    items.extend(best(findings));
    if items.is_empty() {
        writer.document.paragraph("There is nothing yet that could be stated.");
    }
    writer.document.bullets(items);
}

fn notices(writer: &mut Writer<'_>) {
    let study = &writer.findings.study;
    let mut notices = Vec::new();
    if study.synthetic {
        notices.push(
            "These are results on *synthetic data*: generated images that serve to try out the \
             program. They say nothing about photographs."
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
            let mut claims = super::gradient_flow::counts(f);
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
        "The best model of all by validation accuracy, {} (phase “{}”), recognised {} of the test \
         images. ({{section:best-model}})",
        plain(&best.arm.label),
        plain(&best.arm.phase),
        percent_words(&finals.test_accuracy)
    ))
}
