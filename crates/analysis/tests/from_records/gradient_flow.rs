//! The gradient-flow experiment.

use plateau_analysis::{ExperimentFindings, GradientFlowFindings, ModelRole, WindowKind};
use plateau_record::{ExperimentRecord, ParameterKind};

use crate::scenario::{Reached, Scenario, Setup, finished};

pub(crate) fn experiment() -> ExperimentRecord {
    ExperimentRecord::GradientFlow { dropout: "dropout".to_owned(), batch_norm: "norm".to_owned() }
}

/// Gradients with dropout are a tenth smaller, give or take; with batch norm ten times larger.
fn analyse(epochs: u32) -> GradientFlowFindings {
    analyse_shrinking(epochs, |_| 0.5)
}

/// The same; with batch norm they shrink by so much from layer to layer, else by one half.
fn analyse_shrinking(epochs: u32, shrink: fn(f64) -> f64) -> GradientFlowFindings {
    let mut scenario = Scenario::new(5, vec![experiment()]);
    let dropout = [0.0, 0.5].map(|dropout| Setup { dropout, epochs, ..Setup::default() });
    let factor = |seed: u64| 1.0 + 0.02 * ((seed * 3) % 5) as f64;
    scenario.phase("dropout", &dropout, |setup, config| {
        let seed = config.seed.0;
        let gradient = if setup.dropout > 0.0 { 0.9 * factor(seed + 1) } else { factor(seed) };
        Some(finished(config, Reached { gradient, ..Reached::default() }))
    });
    let norm = Setup { batch_norm: true, epochs, ..Setup::default() };
    scenario.phase("norm", &[norm], |_, config| {
        let gradient = 10.0 * factor(config.seed.0 + 2);
        let shrink = shrink(factor(config.seed.0));
        Some(finished(config, Reached { gradient, shrink, test: 0.8, ..Reached::default() }))
    });
    match scenario.findings().experiments.remove(0) {
        ExperimentFindings::GradientFlow(findings) => findings,
        other => panic!("{other:?}"),
    }
}

#[test]
fn windows_are_five_epochs_or_half_the_run() {
    let bounds = |epochs| {
        let windows = analyse(epochs).windows;
        windows.iter().map(|window| (window.from, window.to)).collect::<Vec<_>>()
    };
    assert_eq!(bounds(15), [(1, 5), (11, 15)]);
    assert_eq!(bounds(10), [(1, 5), (6, 10)]);
    assert_eq!(bounds(9), [(1, 4), (6, 9)]);
    assert_eq!(bounds(2), [(1, 1), (2, 2)]);
    assert_eq!(bounds(1), [(1, 1), (1, 1)]);
}

#[test]
fn moments_are_pooled_over_the_window() {
    let findings = analyse(4);
    let plain = findings.model(ModelRole::Plain).unwrap();
    assert_eq!(plain.arm.label, "plain");
    let last: Vec<_> = plain.by_layer(WindowKind::Last, ParameterKind::Weight).collect();
    let names: Vec<&str> = last.iter().map(|summary| summary.name.as_str()).collect();
    assert_eq!(names, ["conv1", "fc1", "fc2"]);
    // Epochs 3 and 4 of layer 1: means f/4 and f/8, where f is 1.04 on average over seeds.
    let f = 1.04;
    assert!((last[0].absolute_mean.mean - 0.1875 * f).abs() < 1e-12);
    // Standard deviations f/4 and f/8, means apart by f/8.
    let variance = (1.0 / 16.0 + 1.0 / 64.0) / 2.0 + 1.0 / 256.0;
    assert!((last[0].absolute_std.mean - f * f64::sqrt(variance)).abs() < 1e-12);
    assert_eq!(last[0].mean.mean, 0.0);
    let variance: f64 = (1.0 / 4.0 + 1.0 / 16.0) / 2.0;
    assert!((last[0].std.mean - f * variance.sqrt()).abs() < 1e-12);
}

#[test]
fn layers_are_compared_with_the_plain_model() {
    let findings = analyse(12);
    // Two models, two windows, two kinds, three layers; without the biases of the two hidden
    // layers that batch norm makes idle.
    assert_eq!(findings.comparisons.len(), 24 - 4);
    let idle = findings.comparisons.iter().find(|c| {
        c.model == ModelRole::BatchNorm && c.parameter == ParameterKind::Bias && c.layer < 3
    });
    assert_eq!(idle, None);
    let of = |role| {
        let mut comparisons = findings.comparisons.iter();
        comparisons.find(|c| c.model == role && c.layer == 2).unwrap()
    };
    let norm = of(ModelRole::BatchNorm);
    assert!(norm.comparison.significant());
    assert!((norm.ratio.unwrap() - 10.0).abs() < 1e-9);
    // One family of all the experiment's tests: the differences in performance, and those of the
    // profiles, are the same for all seeds here, and were not tested.
    assert_eq!(norm.comparison.tested().unwrap().family_size, 20);
    assert!((of(ModelRole::Dropout).ratio.unwrap() - 0.9).abs() < 1e-9);
    assert_eq!(findings.performance.len(), 2);
    assert_eq!(findings.performance[0].a, "batch norm");
}

#[test]
fn heat_map_has_a_row_per_epoch() {
    let findings = analyse(3);
    let plain = findings.model(ModelRole::Plain).unwrap();
    let map = plain.heat_map(ParameterKind::Weight).unwrap();
    assert_eq!((&map.epochs[..], &map.layers[..]), (&[1, 2, 3][..], &[1, 2, 3][..]));
    assert!((map.values[2][1].unwrap() - 1.04 / 8.0).abs() < 1e-12);
}

#[test]
fn profiles_compare_the_first_layer_with_the_last() {
    let findings = analyse_shrinking(12, |factor| 2.0 * factor);
    assert_eq!(findings.profiles.len(), 6);
    let plain = findings.profile(ModelRole::Plain, WindowKind::First).unwrap();
    assert_eq!((plain.first.name.as_str(), plain.last.name.as_str()), ("conv1", "fc2"));
    // Halved twice on the way from the first layer to the last.
    assert!((plain.log_ratio.mean - 4_f64.log10()).abs() < 1e-12);
    assert_eq!(plain.against_plain, None);
    let norm = findings.profile(ModelRole::BatchNorm, WindowKind::Last).unwrap();
    // Multiplied twice by 2·f, where f is 1, 1.02, 1.04, 1.06 or 1.08.
    let mean: f64 = (0..5).map(|i| -2.0 * (2.0 + 0.04 * f64::from(i)).log10()).sum::<f64>() / 5.0;
    assert!((norm.log_ratio.mean - mean).abs() < 1e-12);
    let against = norm.against_plain.as_ref().unwrap();
    assert!((against.difference().unwrap() - (mean - 4_f64.log10())).abs() < 1e-12);
    assert!(against.significant());
    assert_eq!(against.tested().unwrap().family_size, 22);
}
