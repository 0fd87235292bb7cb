//! What all experiments share.

use plateau_analysis::{ExperimentFindings, FailureKind, Missing, SeedStatus, Setting};
use plateau_record::{ExperimentRecord, ScheduleShape, Seed};

use crate::scenario::{Reached, Scenario, Setup, collapsed, diverged, finished};

fn sweep(phase: &str) -> ExperimentRecord {
    ExperimentRecord::Sweep { phase: phase.to_owned() }
}

/// Phase `a`: batch norm with and without; its second arm again in `b`, beside a transferred
/// arm, and one in which seed 0 diverges, seed 1 collapses and seed 2 is missing.
fn scenario() -> Scenario {
    let mut scenario = Scenario::new(3, vec![sweep("b"), sweep("nowhere"), sweep("waiting")]);
    scenario.study.pending.push("waiting".to_owned());
    let norm = Setup { batch_norm: true, ..Setup::default() };
    let reached = |validation| Reached { validation, ..Reached::default() };
    scenario.phase("a", &[Setup::default(), norm.clone()], |setup, config| {
        Some(finished(config, reached(if setup.batch_norm { 0.8 } else { 0.7 })))
    });
    let transferred = Setup { transfer: true, ..Setup::default() };
    let failing = Setup { rate: 9.0, epochs: 3, ..Setup::default() };
    scenario.phase("b", &[norm, transferred, failing], |setup, config| {
        match (setup.rate == 9.0, config.seed) {
            (true, Seed(0)) => Some(diverged(config)),
            (true, Seed(1)) => Some(collapsed(config)),
            (true, _) => None,
            (false, _) => Some(finished(config, reached(if setup.transfer { 0.99 } else { 0.8 }))),
        }
    });
    scenario
}

#[test]
fn each_run_is_listed_once_with_all_its_phases() {
    let findings = scenario().findings();
    assert_eq!(findings.runs.len(), 12);
    assert_eq!((findings.study.n_runs, findings.study.n_stored), (12, 11));
    assert_eq!(findings.study.seconds, 110.0);
    let shared = findings.runs.iter().find(|run| run.label == "batch norm").unwrap();
    assert_eq!(shared.phases, ["a", "b"]);
    assert_eq!(findings.provenances.len(), 1);
}

#[test]
fn failures_and_gaps_are_told() {
    let findings = scenario().findings();
    assert!(findings.study.preliminary);
    let phases: Vec<_> = findings.missing[..2]
        .iter()
        .map(|missing| match missing {
            Missing::Phase { phase, pending } => (phase.as_str(), *pending),
            Missing::Run { .. } => panic!("phases come first"),
        })
        .collect();
    assert_eq!(phases, [("waiting", true), ("nowhere", false)]);
    assert!(matches!(&findings.missing[2..], [Missing::Run { seed: Seed(2), .. }]));
    let kinds: Vec<_> = findings.failures.iter().map(|failure| failure.kind).collect();
    assert!(matches!(
        kinds[..],
        [FailureKind::Diverged { .. }, FailureKind::Collapsed { train_loss }] if train_loss > 2.3
    ));
    let ExperimentFindings::Sweep(sweep) = &findings.experiments[0] else { panic!() };
    let failing = &sweep.arms[2];
    assert_eq!(
        (failing.n_finished, failing.n_collapsed, failing.n_diverged, failing.n_missing),
        (1, 1, 1, 1)
    );
    assert_eq!(failing.seeds[2].status, SeedStatus::Missing);
    assert!(findings.experiments.iter().all(ExperimentFindings::preliminary));
}

#[test]
fn transferred_arms_are_never_the_best_model() {
    let best = scenario().findings().best_model.unwrap();
    assert_eq!((best.arm.label.as_str(), best.arm.phase.as_str()), ("batch norm", "a"));
    assert_eq!(best.confusion[3][3..5], [2220, 780]);
    let class = best.classes[9];
    assert_eq!((class.n_images, class.recall, class.precision), (3000, Some(0.74), Some(0.74)));
    assert_eq!(class.most_confused_with, Some((0, 780)));
}

#[test]
fn labels_name_what_varies() {
    let mut scenario = Scenario::new(1, Vec::new());
    let with = |rate, shape: &ScheduleShape, epochs| Setup {
        rate,
        shape: shape.clone(),
        epochs,
        ..Setup::default()
    };
    let (constant, cosine) = (&ScheduleShape::Constant, &ScheduleShape::Cosine);
    let phases = [
        ("shape", vec![with(0.01, constant, 9), with(0.02, cosine, 9)]),
        ("epochs", vec![with(0.01, constant, 5), with(0.01, constant, 9)]),
        ("both", vec![with(0.01, constant, 5), with(0.02, constant, 9)]),
        ("alone", vec![with(0.02, cosine, 5)]),
        ("twice", vec![with(0.02, cosine, 5), with(0.02, cosine, 5)]),
    ];
    for (name, setups) in &phases {
        scenario.phase(name, setups, |_, config| Some(finished(config, Reached::default())));
        scenario.study.experiments.push(sweep(name));
    }
    let found: Vec<(Setting, Vec<(String, f64)>)> = scenario
        .findings()
        .experiments
        .into_iter()
        .map(|experiment| match experiment {
            ExperimentFindings::Sweep(sweep) => {
                let arms = sweep.arms.iter().map(|arm| (arm.label.clone(), arm.value)).collect();
                (sweep.arms[0].setting, arms)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let expected: [(Setting, &[(&str, f64)]); 5] = [
        (Setting::Schedule, &[("rate 0.01", 0.0), ("cosine from 0.02", 1.0)]),
        (Setting::Epochs, &[("5 epochs", 5.0), ("9 epochs", 9.0)]),
        (Setting::Other, &[("rate 0.01, 5 epochs", 0.0), ("rate 0.02, 9 epochs", 1.0)]),
        (Setting::Nothing, &[("cosine from 0.02", 0.0)]),
        (Setting::Other, &[("cosine from 0.02", 0.0), ("cosine from 0.02 (group 2)", 1.0)]),
    ];
    for ((setting, arms), (expected_setting, expected_arms)) in found.iter().zip(expected) {
        assert_eq!(*setting, expected_setting);
        let arms: Vec<(&str, f64)> = arms.iter().map(|(label, v)| (label.as_str(), *v)).collect();
        assert_eq!(arms, expected_arms);
    }
}
