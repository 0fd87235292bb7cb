//! Figures of the dropout rates.

use plateau_analysis::RegularisationFindings;

use super::by_setting::by_setting;
use super::curves::curves;
use super::series::Series;
use crate::figure::palette::ordered;
use crate::figure::{Figure, Heading};

/// Learning curves and final metrics by dropout rate.
#[must_use]
pub fn figures(findings: &RegularisationFindings) -> Vec<Figure> {
    let colors = ordered(findings.arms.len());
    let series: Vec<Series<'_>> =
        findings.arms.iter().zip(colors).map(|(arm, color)| Series::of(arm, color)).collect();
    let best = findings.best;
    vec![
        curves(
            Heading::new("dropout_curves", "Learning curves by dropout rate", ""),
            "Dropout rate",
            &series,
        ),
        by_setting(
            Heading::new(
                "dropout_final",
                "Test accuracy and generalisation gap against the dropout rate",
                "After the last epoch.",
            ),
            "Dropout rate",
            &series,
            best,
        ),
    ]
}
