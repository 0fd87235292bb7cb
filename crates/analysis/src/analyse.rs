//! From records to findings.
//!
//! # Layout
//! - `records`: access to a study's phases and runs, whether they are there or not
//! - `arms`, `labels`, `curves`: runs that differ only by the seed, summarised
//! - `compare`: paired tests between arms, adjusted by family
//! - `learning_rate`, `regularisation`, `gradient_flow`, `sweep`: the experiments
//! - `gradients`: one model's gradients, pooled; `gradient_profile`: first layer against last
//! - `predictions`: what the final weights say about single test images
//! - `power`: how many seeds the comparisons would have needed
//! - `overview`, `best_model`: what all experiments share

mod arms;
mod best_model;
mod compare;
mod curves;
mod gradient_flow;
mod gradient_profile;
mod gradients;
mod labels;
mod learning_rate;
mod overview;
mod power;
mod predictions;
mod records;
mod regularisation;
mod sweep;

use std::collections::BTreeMap;

use plateau_record::{ExperimentRecord, RunId, RunRecord, StudyRecord};

use crate::findings::{ExperimentFindings, Findings};
use records::Records;

/// All that the records of a study say. Phases and runs may be missing or may have failed: then
/// the findings tell what there is, and what is not.
#[must_use]
pub fn findings(study: &StudyRecord, runs: &BTreeMap<RunId, RunRecord>) -> Findings {
    let records = Records { study, runs };
    let experiments: Vec<_> = study.experiments.iter().map(|e| experiment(&records, e)).collect();
    let phases: Vec<_> = study.phases.iter().map(|phase| records.open(phase)).collect();
    let overview = overview::overview(&records, &phases);
    let best_model = best_model::best_model(&phases);
    Findings {
        study: overview.study,
        predictions: predictions::analyse(&phases, &experiments, best_model.as_ref()),
        power: power::analyse(&experiments),
        experiments,
        best_model,
        missing: overview.missing,
        failures: overview.failures,
        runs: overview.runs,
        provenances: overview.provenances,
    }
}

fn experiment(records: &Records<'_>, experiment: &ExperimentRecord) -> ExperimentFindings {
    match experiment {
        ExperimentRecord::LearningRate { range_test, constant, scheduled } => {
            let phases = learning_rate::Phases {
                range_test: range_test.as_deref(),
                constant,
                scheduled: scheduled.as_deref(),
            };
            ExperimentFindings::LearningRate(learning_rate::analyse(records, &phases))
        }
        ExperimentRecord::Regularisation { dropout, transfer } => {
            let findings = regularisation::analyse(records, dropout, transfer.as_deref());
            ExperimentFindings::Regularisation(findings)
        }
        ExperimentRecord::GradientFlow { dropout, batch_norm } => {
            ExperimentFindings::GradientFlow(gradient_flow::analyse(records, dropout, batch_norm))
        }
        ExperimentRecord::Sweep { phase } => {
            ExperimentFindings::Sweep(sweep::analyse(records, phase))
        }
    }
}
