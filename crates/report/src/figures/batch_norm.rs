//! Figures with and without batch normalisation.

use plateau_analysis::{GradientFlowFindings, Measure, ModelRole};

use super::comparison::{Pairing, comparison};
use super::curves::curves;
use super::series::Series;
use crate::figure::palette::{BATCH_NORM, Color, DROPOUT, PLAIN};
use crate::figure::{Figure, Heading};

/// The colour of a model.
#[must_use]
pub fn color(role: ModelRole) -> Color {
    match role {
        ModelRole::Plain => PLAIN,
        ModelRole::Dropout => DROPOUT,
        ModelRole::BatchNorm => BATCH_NORM,
    }
}

/// The name of a model.
#[must_use]
pub fn name(role: ModelRole) -> &'static str {
    match role {
        ModelRole::Plain => "plain",
        ModelRole::Dropout => "dropout",
        ModelRole::BatchNorm => "batch norm",
    }
}

/// Learning curves and comparison, if both models are there.
#[must_use]
pub fn figures(findings: &GradientFlowFindings) -> Vec<Figure> {
    let series = [ModelRole::Plain, ModelRole::BatchNorm].map(|role| {
        findings.model(role).filter(|model| model.arm.n_finished > 0).map(|model| Series {
            arm: &model.arm,
            label: name(role),
            color: color(role),
        })
    });
    let [Some(plain), Some(batch_norm)] = series else { return Vec::new() };
    let learning = Heading::new(
        "batch_norm_curves",
        "Learning curves with and without batch normalisation",
        "",
    );
    let against =
        Heading::new("batch_norm_comparison", "Batch normalisation against the plain model", "");
    let pairing = Pairing { series: vec![plain, batch_norm], comparisons: &findings.performance };
    let measures = [Measure::TestAccuracy, Measure::GeneralisationGap];
    vec![
        curves(learning, "Model", &[plain, batch_norm]),
        comparison(against, &[pairing], &measures),
    ]
}
