//! Figures of any phase by itself.

use plateau_analysis::{Setting, SweepFindings};

use super::by_setting::by_setting;
use super::curves::curves;
use super::series::Series;
use crate::figure::palette::ordered;
use crate::figure::{Figure, Heading};
use crate::id;

/// The name of a setting on axes and in text.
#[must_use]
pub fn setting_title(setting: Setting) -> &'static str {
    match setting {
        Setting::LearningRate => "Learning rate",
        Setting::Dropout => "Dropout rate",
        Setting::BatchNorm => "Batch normalisation",
        Setting::Schedule => "Schedule",
        Setting::Transfer => "Frozen convolutions",
        Setting::Epochs => "Number of epochs",
        Setting::BatchSize => "Batch size",
        Setting::Hidden => "Hidden units",
        Setting::Other | Setting::Nothing => "Setting",
    }
}

/// Learning curves and final metrics of a sweep; ids begin with `sweep_` and the phase.
#[must_use]
pub fn figures(findings: &SweepFindings) -> Vec<Figure> {
    let colors = ordered(findings.arms.len());
    let series: Vec<Series<'_>> =
        findings.arms.iter().zip(colors).map(|(arm, color)| Series::of(arm, color)).collect();
    let title = setting_title(findings.arms.first().map_or(Setting::Other, |arm| arm.setting));
    let id = |kind: &str| figure_id(&findings.phase, kind);
    vec![
        curves(
            Heading::new(id("curves"), format!("Learning curves of “{}”", findings.phase), ""),
            title,
            &series,
        ),
        by_setting(
            Heading::new(
                id("final"),
                format!("Test accuracy and generalisation gap of “{}”", findings.phase),
                "After the last epoch.",
            ),
            title,
            &series,
            findings.best,
        ),
    ]
}

/// The id of a sweep's figure or table.
#[must_use]
pub fn figure_id(phase: &str, kind: &str) -> String {
    id::of_parts(&["sweep", phase, kind])
}
