//! Gradients at the input's end against those at the output's, whatever their overall size.

use plateau_record::{ParameterKind, Seed};

use super::compare::{Sides, compare_pairs};
use super::gradients::{Model, Place, paired};
use crate::findings::{GradientProfile, Layer, Measure, ModelRole, Window};
use crate::stats::estimate;

/// Per model and window, the first layer's weights against the last layer's; each model but the
/// plain one against the plain one.
pub(super) fn profiles(models: &[Model<'_>], width: u32, layers: &[Layer]) -> Vec<GradientProfile> {
    let [first, .., last] = layers else { return Vec::new() };
    let plain = models.iter().find(|model| model.role == ModelRole::Plain);
    let mut profiles = Vec::new();
    for model in models {
        for (i, window) in model.windows(width).into_iter().enumerate() {
            let of_model = log_ratios(model, window, [first, last]);
            let Some(log_ratio) = estimate(&of_model.iter().map(|(_, x)| *x).collect::<Vec<_>>())
            else {
                continue;
            };
            let against_plain = plain.filter(|plain| plain.role != model.role).and_then(|plain| {
                let of_plain = log_ratios(plain, *plain.windows(width).get(i)?, [first, last]);
                let sides = Sides {
                    measure: Measure::LogGradientProfile,
                    a: &model.arm.label,
                    b: &plain.arm.label,
                };
                Some(compare_pairs(&sides, &paired(&of_model, &of_plain)))
            });
            profiles.push(GradientProfile {
                model: model.role,
                window: window.kind,
                first: first.clone(),
                last: last.clone(),
                log_ratio,
                against_plain,
            });
        }
    }
    profiles
}

/// By seed, log10 of (mean |dL/dw| of the first of two layers / that of the second). A gradient
/// that vanishes everywhere has no logarithm, and its seed no entry.
fn log_ratios(model: &Model<'_>, window: Window, ends: [&Layer; 2]) -> Vec<(Seed, f64)> {
    let [first, last] = ends.map(|layer| {
        let place = Place { window, parameter: ParameterKind::Weight, layer: layer.number };
        model.by_seed(place)
    });
    first
        .iter()
        .filter_map(|(seed, a)| {
            let (_, b) = last.iter().find(|(of_last, _)| of_last == seed)?;
            let (a, b) = (a.absolute.mean, b.absolute.mean);
            let log = (a / b).log10();
            // A quotient may be too large or too small where its logarithm is not.
            let log = if log.is_finite() { log } else { a.log10() - b.log10() };
            (a > 0.0 && b > 0.0).then_some((*seed, log))
        })
        .collect()
}
