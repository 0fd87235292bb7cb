//! Whatever is missing or failed, there are findings, and their numbers are finite.

use plateau_analysis::Findings;
use plateau_record::{ExperimentRecord, RunConfig, RunRecord, ScheduleShape};
use proptest::prelude::*;

use crate::scenario::{Reached, Scenario, Setup, collapsed, diverged, finished, range_test};
use crate::{gradient_flow, regularisation};

fn experiments() -> Vec<ExperimentRecord> {
    vec![
        ExperimentRecord::LearningRate {
            range_test: Some("range".to_owned()),
            constant: "constant".to_owned(),
            scheduled: Some("scheduled".to_owned()),
        },
        regularisation::experiment(),
        gradient_flow::experiment(),
        ExperimentRecord::Sweep { phase: "constant".to_owned() },
    ]
}

/// A run's fate: absent, diverged, collapsed, without numbers, or finished.
fn record(fate: u8, config: RunConfig) -> Option<RunRecord> {
    let accuracy = f64::from(fate) / 20.0;
    let reached = Reached { validation: accuracy, test: accuracy, ..Reached::default() };
    let is_range_test = matches!(config.schedule.shape, ScheduleShape::RangeTest { .. });
    match fate {
        0 => None,
        1 => Some(diverged(config)),
        fate if is_range_test => {
            let up_to = 10_f64.powi(i32::from(fate) - 8);
            Some(range_test(config, up_to, |rate| (rate - 0.01).abs()))
        }
        2 => Some(collapsed(config)),
        3 => {
            let mut run = finished(config, reached);
            run.result.test.as_mut().expect("it finished").performance.loss = f64::NAN;
            Some(run)
        }
        4 => {
            let mut run = finished(config, Reached { gradient: 0.0, ..reached });
            run.epochs[0].train.loss = f64::INFINITY;
            Some(run)
        }
        5 => {
            let mut run = finished(config, Reached { gradient: f64::NAN, ..reached });
            run.epochs.clear();
            Some(run)
        }
        _ => Some(finished(config, reached)),
    }
}

fn assert_finite(findings: &Findings) {
    let text = format!("{findings:?}");
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    serde_json::to_string(findings).expect("findings are representable");
}

#[test]
fn a_study_without_phases_has_preliminary_findings() {
    let findings = Scenario::new(5, experiments()).findings();
    assert_eq!(findings.experiments.len(), 4);
    assert!(findings.experiments.iter().all(|experiment| experiment.preliminary()));
    assert_eq!(findings.missing.len(), 6);
    assert_eq!(findings.best_model, None);
    assert_finite(&findings);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_records_give_finite_findings(
        n_seeds in 0..4_u64,
        epochs in 1..12_u32,
        n_groups in 0..4_usize,
        fates in prop::collection::vec(0..14_u8, 1..40),
        skipped in 0..7_usize,
    ) {
        let mut scenario = Scenario::new(n_seeds, experiments());
        let setup = Setup { epochs, ..Setup::default() };
        let dropout = |dropout| Setup { dropout, ..setup.clone() };
        let rate = |rate| Setup { rate, ..setup.clone() };
        let shape = ScheduleShape::RangeTest { to: 1.0 };
        let phases = [
            ("range", vec![Setup { rate: 1e-4, shape, ..setup.clone() }]),
            ("constant", [0.01, 0.02, 0.04].map(rate).to_vec()),
            ("scheduled", vec![Setup { shape: ScheduleShape::Cosine, ..setup.clone() }]),
            ("dropout", [0.0, 0.3, 0.6].map(dropout).to_vec()),
            ("transfer", [0.0, 0.3].map(|p| Setup { transfer: true, ..dropout(p) }).to_vec()),
            ("norm", vec![Setup { batch_norm: true, ..setup.clone() }]),
        ];
        let mut fate = fates.iter().cycle();
        for (place, (name, setups)) in phases.iter().enumerate() {
            if place != skipped {
                let setups = &setups[..n_groups.min(setups.len())];
                scenario.phase(name, setups, |_, config| record(*fate.next()?, config));
            }
        }
        assert_finite(&scenario.findings());
    }
}
