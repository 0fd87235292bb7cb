//! The regularisation and transfer experiment.

use plateau_analysis::{ExperimentFindings, Measure, RegularisationFindings};
use plateau_record::ExperimentRecord;

use crate::scenario::{Reached, Scenario, Setup, finished};

pub(crate) fn experiment() -> ExperimentRecord {
    ExperimentRecord::Regularisation {
        dropout: "dropout".to_owned(),
        transfer: Some("transfer".to_owned()),
    }
}

/// The gap falls by 0.2 per unit of dropout; 0.6 is best, and 0 is better than that.
fn analyse() -> RegularisationFindings {
    let mut scenario = Scenario::new(5, vec![experiment()]);
    let rates = [0.0, 0.3, 0.6].map(|dropout| Setup { dropout, ..Setup::default() });
    scenario.phase("dropout", &rates, |setup, config| {
        let noise = 0.001 * ((config.seed.0 * 7 + (setup.dropout * 10.0) as u64 * 3) % 5) as f64;
        let validation = if setup.dropout == 0.0 { 0.79 } else { 0.7 + 0.1 * setup.dropout };
        let train = validation + 0.2 - 0.2 * setup.dropout + noise;
        Some(finished(
            config,
            Reached { train, validation, test: 0.7 + noise, gradient: 1.0, ..Reached::default() },
        ))
    });
    let moved = [0.6, 0.0].map(|dropout| Setup { dropout, transfer: true, ..Setup::default() });
    scenario.phase("transfer", &moved, |setup, config| {
        let noise = 0.002 * (config.seed.0 % 3) as f64;
        let reached = Reached { test: 0.65 + noise, validation: 0.95, ..Reached::default() };
        (setup.dropout > 0.0 || config.seed.0 < 4).then(|| finished(config, reached))
    });
    match scenario.findings().experiments.remove(0) {
        ExperimentFindings::Regularisation(findings) => findings,
        other => panic!("{other:?}"),
    }
}

#[test]
fn non_zero_rates_are_compared_with_none() {
    let findings = analyse();
    assert_eq!((findings.plain, findings.best), (Some(0), Some(2)));
    assert_eq!(findings.comparisons.len(), 4);
    let gap = findings.best_against_plain(Measure::GeneralisationGap).unwrap();
    assert_eq!((gap.a.as_str(), gap.b.as_str()), ("dropout 0.6", "no dropout"));
    assert!(gap.significant() && gap.difference().unwrap() < -0.1);
    // Four rates' comparisons and three of each transferred model.
    assert_eq!(gap.tested().unwrap().family_size, 10);
    assert!((findings.trends[1].slope.mean + 0.2).abs() < 0.01);
    assert_eq!(findings.trends[1].measure, Measure::GeneralisationGap);
}

#[test]
fn transferred_models_are_compared_with_their_counterparts() {
    let findings = analyse();
    let transfer = findings.transfer.as_ref().unwrap();
    assert!(findings.preliminary && transfer.preliminary, "a run is missing");
    let labels: Vec<&str> = transfer.pairs.iter().map(|p| p.transferred.label.as_str()).collect();
    assert_eq!(labels, ["dropout 0.6, transferred", "no dropout, transferred"]);
    assert_eq!(transfer.pairs[0].together, Some(2));
    assert_eq!(transfer.pairs[1].together, Some(0));
    let [accuracy, _, test_gap] = &transfer.pairs[1].comparisons[..] else {
        panic!("three comparisons");
    };
    assert_eq!((accuracy.measure, accuracy.n_pairs), (Measure::TestAccuracy, 4));
    assert!(accuracy.difference().unwrap() < -0.04);
    assert_eq!(test_gap.measure, Measure::TestGap);
}
