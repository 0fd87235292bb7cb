//! The learning-rate experiment.

use plateau_analysis::{
    ExperimentFindings, LearningRateFindings, Measure, TestOutcome, Untestable,
};
use plateau_record::{ExperimentRecord, ScheduleShape};

use crate::scenario::{Reached, Scenario, Setup, collapsed, finished, range_test};

fn experiment() -> ExperimentRecord {
    ExperimentRecord::LearningRate {
        range_test: Some("range".to_owned()),
        constant: "constant".to_owned(),
        scheduled: Some("scheduled".to_owned()),
    }
}

/// The accuracy peaks at 0.02; at 0.08 seed 1 collapses; at 0.0025 it still rises.
fn scenario(n_seeds: u64) -> Scenario {
    let mut scenario = Scenario::new(n_seeds, vec![experiment()]);
    let shape = ScheduleShape::RangeTest { to: 1.0 };
    let range = Setup { rate: 1e-4, shape, ..Setup::default() };
    let loss = |rate: f64| (rate.log10() + 1.5).powi(2) + 1.4;
    scenario.phase("range", &[range], |_, config| Some(range_test(config, 1.0, loss)));
    let rates = [0.0025, 0.02, 0.04, 0.08].map(|rate| Setup { rate, ..Setup::default() });
    scenario.phase("constant", &rates, |setup, config| {
        if setup.rate == 0.08 && config.seed.0 == 1 {
            return Some(collapsed(config));
        }
        let wiggle = 0.001 * config.seed.0 as f64;
        let validation = 0.76 - 5.0 * (setup.rate - 0.02).abs() + wiggle;
        let reached = Reached { validation, test: validation - 0.01, ..Reached::default() };
        let mut run = finished(config, reached);
        if setup.rate == 0.0025 {
            for record in &mut run.epochs {
                record.validation.accuracy = 0.01 * f64::from(record.epoch.0);
            }
        }
        Some(run)
    });
    let cosine = Setup { rate: 0.04, shape: ScheduleShape::Cosine, ..Setup::default() };
    scenario.phase("scheduled", &[cosine], |_, config| {
        let wiggle = 0.0005 * config.seed.0 as f64;
        let reached = Reached { validation: 0.78, test: 0.775 + wiggle, ..Reached::default() };
        Some(finished(config, reached))
    });
    scenario
}

fn analyse(n_seeds: u64) -> LearningRateFindings {
    match scenario(n_seeds).findings().experiments.remove(0) {
        ExperimentFindings::LearningRate(findings) => findings,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_rate_is_checked() {
    let findings = analyse(5);
    assert!(!findings.preliminary);
    let labels: Vec<&str> = findings.arms.iter().map(|arm| arm.label.as_str()).collect();
    assert_eq!(labels, ["rate 0.0025", "rate 0.02", "rate 0.04", "rate 0.08"]);
    let stable: Vec<bool> = findings.checks.iter().map(|check| check.stable).collect();
    assert_eq!(stable, [true, true, true, false]);
    let passed: Vec<bool> = findings.checks.iter().map(|check| check.passed).collect();
    assert_eq!(passed, [false, true, true, false]);
    // The last third of 12 epochs, at one percentage point per epoch.
    let rising = findings.checks[0].saturation.unwrap();
    assert_eq!((rising.from, rising.to, rising.gain.n), (8, 12, 5));
    assert!((rising.gain.mean - 0.04).abs() < 1e-12);
    assert_eq!(findings.arms[3].n_collapsed, 1);
}

#[test]
fn the_schedule_is_compared_with_the_best_stable_rate() {
    let findings = analyse(5);
    assert_eq!(findings.best, Some(1));
    assert_eq!(findings.scheduled[0].label, "cosine from 0.04");
    let measures: Vec<Measure> = findings.comparisons.iter().map(|c| c.measure).collect();
    assert_eq!(measures, [Measure::TestAccuracy, Measure::GeneralisationGap]);
    let accuracy = &findings.comparisons[0];
    assert_eq!((accuracy.a.as_str(), accuracy.b.as_str()), ("cosine from 0.04", "rate 0.02"));
    // 0.775 + 0.0005 s against 0.75 + 0.001 s: the difference is 0.025 − 0.0005 s.
    assert!((accuracy.difference().unwrap() - 0.024).abs() < 1e-12);
    let test = accuracy.tested().unwrap();
    assert_eq!((test.df, test.family_size, test.wilcoxon_p), (4.0, 2, Some(0.0625)));
    assert!((test.effect_size - test.t / 5_f64.sqrt()).abs() < 1e-9);
    assert!(accuracy.significant() && test.p_adjusted > test.p);
    let interval = accuracy.interval().unwrap();
    assert!(interval.lower > 0.0 && interval.upper < 0.025);
}

#[test]
fn one_seed_gives_means_without_tests() {
    let findings = analyse(1);
    let accuracy = &findings.comparisons[0];
    assert_eq!(accuracy.n_pairs, 1);
    assert_eq!(accuracy.test, TestOutcome::Untested { reason: Untestable::TooFewPairs });
    assert_eq!(accuracy.interval(), None);
    assert!((accuracy.difference().unwrap() - 0.025).abs() < 1e-12);
}

#[test]
fn range_test_finds_the_minimum_and_the_edge() {
    let range = analyse(3).range_test.unwrap();
    assert_eq!((range.n_runs, range.n_missing, range.problem), (3, 0, None));
    let minimum = range.minimum.unwrap();
    assert!(minimum.rate > 0.03 && minimum.edge > minimum.rate);
}

#[test]
fn curves_start_before_training_and_hold_the_gap() {
    let findings = analyse(5);
    let curves = &findings.scheduled[0].curves;
    assert_eq!(curves.gap.epochs, (0..=12).collect::<Vec<u32>>());
    let last = curves.gap.points.last().unwrap();
    assert!((last.mean - 0.12).abs() < 1e-12);
    assert_eq!(curves.train_accuracy.points[0].mean, 0.1);
    let gap = findings.scheduled[0].finals.unwrap().gap;
    assert!((gap.mean - last.mean).abs() < 1e-12);
}
