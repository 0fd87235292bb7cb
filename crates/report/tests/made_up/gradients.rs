//! Made-up gradients of three models.

use plateau_analysis::{
    Arm, GradientComparison, GradientFlowFindings, GradientModel, GradientProfile, GradientSummary,
    HeatMap, Layer, Measure, ModelRole, Setting, Window, WindowKind,
};
use plateau_record::ParameterKind;

use super::{ArmSpec, EPOCHS, arm, compare, compare_values, estimate, noise, stream};

const NAMES: [&str; 5] = ["conv1", "conv2", "conv3", "fc1", "fc2"];
const KINDS: [ParameterKind; 2] = [ParameterKind::Weight, ParameterKind::Bias];
const WINDOWS: [WindowKind; 2] = [WindowKind::First, WindowKind::Last];

/// Typical mean |dL/dw|.
fn level(role: ModelRole, kind: ParameterKind, layer: usize, epoch: f64) -> f64 {
    let weights = [4e-3, 1.1e-3, 4e-4, 6e-5, 1.6e-3][layer];
    let base = if kind == ParameterKind::Bias { weights * 4.0 } else { weights };
    let decay = match role {
        ModelRole::Plain => 0.25,
        ModelRole::Dropout => 0.03,
        ModelRole::BatchNorm => 0.3,
    };
    let size = if role == ModelRole::BatchNorm && layer < 4 { 0.5 } else { 1.0 };
    base * size * (-decay * epoch).exp()
}

fn summary(
    role: ModelRole,
    window: WindowKind,
    parameter: ParameterKind,
    layer: usize,
) -> GradientSummary {
    let epoch = if window == WindowKind::First { 3.0 } else { 13.0 };
    let key = layer as u64 * 10 + window as u64 + 100 * parameter as u64 + 1000 * role as u64;
    let mut stream = stream(key + 5000);
    let mut draw = |factor: f64| {
        let level = level(role, parameter, layer, epoch) * factor;
        estimate(&[(); 5].map(|()| level * (0.25 * noise(&mut stream)).exp()))
    };
    let (absolute_mean, std, absolute_std) = (draw(1.0), draw(1.9), draw(1.6));
    let sign = if layer.is_multiple_of(2) { 1.0 } else { -1.0 };
    let mean = draw(0.02 * sign);
    let number = layer as u32 + 1;
    let name = NAMES[layer].to_owned();
    GradientSummary {
        window,
        parameter,
        layer: number,
        name,
        mean,
        std,
        absolute_mean,
        absolute_std,
    }
}

fn model(role: ModelRole, arm: Arm) -> GradientModel {
    let summaries = WINDOWS
        .iter()
        .flat_map(|window| {
            KINDS.iter().flat_map(move |kind| (0..5).map(move |layer| (*window, *kind, layer)))
        })
        .map(|(window, kind, layer)| summary(role, window, kind, layer))
        .collect();
    let heat_maps = KINDS.map(|parameter| HeatMap {
        parameter,
        epochs: (1..=EPOCHS).collect(),
        layers: (1..=5).collect(),
        values: (1..=EPOCHS)
            .map(|epoch| {
                (0..5).map(|layer| Some(level(role, parameter, layer, f64::from(epoch)))).collect()
            })
            .collect(),
    });
    GradientModel { role, arm, summaries, heat_maps: heat_maps.to_vec() }
}

fn comparisons() -> Vec<GradientComparison> {
    let mut comparisons = Vec::new();
    for role in [ModelRole::Dropout, ModelRole::BatchNorm] {
        for kind in KINDS {
            for window in WINDOWS {
                for (layer, name) in NAMES.iter().enumerate() {
                    let epoch = if window == WindowKind::First { 3.0 } else { 13.0 };
                    let mut stream = stream(9000 + layer as u64);
                    let mut draw = |role| {
                        let level = level(role, kind, layer, epoch);
                        [(); 5].map(|()| level.log10() + 0.04 * noise(&mut stream))
                    };
                    let (a, b) = (draw(role), draw(ModelRole::Plain));
                    let labels = (
                        if role == ModelRole::Dropout { "dropout 0.5" } else { "batch norm" },
                        "no dropout",
                    );
                    let comparison = compare_values(Measure::LogGradient, labels, &a, &b);
                    comparisons.push(GradientComparison {
                        model: role,
                        window,
                        parameter: kind,
                        layer: layer as u32 + 1,
                        name: (*name).to_owned(),
                        ratio: comparison.difference().map(|d| 10_f64.powf(d)),
                        comparison,
                    });
                }
            }
        }
    }
    comparisons
}

/// The first layer against the last, from the same levels.
fn profiles() -> Vec<GradientProfile> {
    let layer = |i: usize| Layer { number: i as u32 + 1, name: NAMES[i].to_owned() };
    let mut profiles = Vec::new();
    for role in [ModelRole::Plain, ModelRole::Dropout, ModelRole::BatchNorm] {
        for window in WINDOWS {
            let epoch = if window == WindowKind::First { 3.0 } else { 13.0 };
            let draw = |role| {
                let mut stream = stream(9500 + role as u64);
                let at = |layer| level(role, ParameterKind::Weight, layer, epoch).log10();
                [(); 5].map(|()| at(0) - at(4) + 0.02 * noise(&mut stream))
            };
            let label = if role == ModelRole::Dropout { "dropout 0.5" } else { "batch norm" };
            let against_plain = (role != ModelRole::Plain).then(|| {
                let (a, b) = (draw(role), draw(ModelRole::Plain));
                compare_values(Measure::LogGradientProfile, (label, "no dropout"), &a, &b)
            });
            profiles.push(GradientProfile {
                model: role,
                window,
                first: layer(0),
                last: layer(4),
                log_ratio: estimate(&draw(role)),
                against_plain,
            });
        }
    }
    profiles
}

pub(crate) fn gradient_flow(plain: &Arm, dropout: &Arm) -> GradientFlowFindings {
    let batch_norm = arm(&ArmSpec {
        label: "batch norm".to_owned(),
        phase: "batch-norm".to_owned(),
        setting: Setting::Nothing,
        batch_norm: true,
        validation: 0.745,
        ..ArmSpec::default()
    });
    GradientFlowFindings {
        preliminary: false,
        layers: NAMES
            .iter()
            .enumerate()
            .map(|(i, name)| Layer { number: i as u32 + 1, name: (*name).to_owned() })
            .collect(),
        windows: vec![
            Window { kind: WindowKind::First, from: 1, to: 5 },
            Window { kind: WindowKind::Last, from: 11, to: 15 },
        ],
        dropout_rule: Some(
            "the highest final validation accuracy, averaged over seeds among the values other than 0: 0.5 with 73.80 % (n = 5)".to_owned(),
        ),
        comparisons: comparisons(),
        profiles: profiles(),
        performance: [Measure::TestAccuracy, Measure::GeneralisationGap]
            .map(|measure| compare(&batch_norm, plain, measure))
            .to_vec(),
        models: vec![
            model(ModelRole::Plain, plain.clone()),
            model(ModelRole::Dropout, dropout.clone()),
            model(ModelRole::BatchNorm, batch_norm),
        ],
    }
}
