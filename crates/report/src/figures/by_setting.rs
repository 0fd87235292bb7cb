//! Final test accuracy and generalisation gap against what varies.

use plateau_analysis::stats::Possible;
use plateau_analysis::{Arm, Estimate, FinalEstimates, FinalMetrics, Setting};

use super::series::{Series, bar_words, point, with_intervals};
use crate::figure::axis::Axis;
use crate::figure::canvas::{Canvas, Stroke};
use crate::figure::font::wrap;
use crate::figure::layout::Grid;
use crate::figure::palette::SILVER;
use crate::figure::panel::Panel;
use crate::figure::scale::Extent;
use crate::figure::{Figure, Heading, size};

/// A final measure of an arm and of its seeds, in per cent.
#[derive(Clone, Copy)]
pub struct FinalMeasure {
    /// Title of the panel.
    pub title: &'static str,
    /// Title of the axis.
    pub axis: &'static str,
    /// Its mean.
    pub estimate: fn(&FinalEstimates) -> &Estimate,
    /// Of one seed.
    pub single: fn(&FinalMetrics) -> f64,
    /// What it can be, in per cent.
    pub possible: Possible,
}

const PER_CENT: Possible = Possible { least: 0.0, most: 100.0 };
const POINTS: Possible = Possible { least: -100.0, most: 100.0 };

/// Accuracy on the test images.
pub const TEST_ACCURACY: FinalMeasure = FinalMeasure {
    title: "Test accuracy",
    axis: "Test accuracy (%)",
    estimate: |finals| &finals.test_accuracy,
    single: |finals| finals.test.accuracy,
    possible: PER_CENT,
};

/// Training minus validation accuracy.
pub const GAP: FinalMeasure = FinalMeasure {
    title: "Generalisation gap",
    axis: "Gap (percentage points)",
    estimate: |finals| &finals.gap,
    single: |finals| finals.gap,
    possible: POINTS,
};

/// Training minus test accuracy.
pub const TEST_GAP: FinalMeasure = FinalMeasure {
    title: "Gap to test accuracy",
    axis: "Gap (percentage points)",
    estimate: |finals| &finals.test_gap,
    single: |finals| finals.test_gap,
    possible: POINTS,
};

impl FinalMeasure {
    /// The single results of an arm with their places in the order of seeds, in per cent.
    pub fn singles(self, arm: &Arm) -> impl Iterator<Item = f64> + '_ {
        arm.seeds.iter().filter_map(move |seed| Some((self.single)(seed.finals.as_ref()?) * 100.0))
    }

    /// A vertical axis for some arms.
    #[must_use]
    pub fn y_axis<'a>(self, arms: impl IntoIterator<Item = &'a Arm>) -> Axis {
        let arms: Vec<&Arm> = arms.into_iter().collect();
        let estimates = arms.iter().filter_map(|arm| arm.finals.as_ref()).map(self.estimate);
        let singles = arms.iter().flat_map(|arm| self.singles(arm));
        // Of five seeds or more, intervals are seldom so wide that they are cut here.
        let extent = with_intervals(estimates, singles, 100.0, 0.6);
        Axis::linear_within(self.axis, extent.padded(0.04), self.possible, 5)
    }
}

/// Two panels: test accuracy and gap, against the setting on a fitting axis. `best` is ringed.
#[must_use]
pub fn by_setting(
    heading: Heading,
    title: &str,
    series: &[Series<'_>],
    best: Option<usize>,
) -> Figure {
    let mut canvas = Canvas::new();
    let mut grid = Grid { columns: 2, panel_height: 165.0, column_gap: 62.0, ..Grid::default() };
    let x_axis = setting_axis(title, series);
    let in_order = x_axis.is_some();
    let x_axis = x_axis.unwrap_or_else(|| {
        let room = grid.frame(0, 0).width / series.len().max(1) as f64 - 6.0;
        let names: Vec<String> = series.iter().map(|s| wrap(s.label, size::SMALL, room)).collect();
        let lines = names.iter().map(|name| name.lines().count()).max().unwrap_or(1);
        grid.bottom += 11.0 * lines.saturating_sub(1) as f64;
        Axis::names(title, names)
    });
    for (column, measure) in [TEST_ACCURACY, GAP].into_iter().enumerate() {
        let y_axis = measure.y_axis(series.iter().map(|s| s.arm));
        let id = format!("{}-{column}", heading.id);
        let mut panel = Panel::new(id, grid.frame(0, column), &x_axis, &y_axis);
        panel.title(measure.title);
        let place = |i: usize| if in_order { series[i].arm.value } else { i as f64 };
        let means: Vec<(f64, f64)> = series
            .iter()
            .enumerate()
            .filter_map(|(i, s)| {
                let finals = s.arm.finals.as_ref()?;
                Some((place(i), (measure.estimate)(finals).mean * 100.0))
            })
            .collect();
        if in_order {
            panel.line(&means, Stroke::new(SILVER, 1.0));
        }
        for (i, s) in series.iter().enumerate() {
            let singles: Vec<(f64, f64)> = measure.singles(s.arm).map(|y| (place(i), y)).collect();
            panel.dots(&singles, 8.0, s.color);
            if let Some(finals) = &s.arm.finals {
                let at = point(place(i), (measure.estimate)(finals), 100.0);
                panel.points(&[at], s.color);
                if best == Some(i) {
                    panel.ring((at.x, at.mean), s.color);
                }
            }
        }
        panel.finish(&mut canvas);
    }
    let words = bar_words(series.iter().map(|s| s.arm));
    let ring = if best.is_some() {
        " The ring marks the setting that did best by validation accuracy."
    } else {
        ""
    };
    let caption = format!("{} {words}{ring}", heading.caption).trim().to_owned();
    Figure::new(Heading { caption, ..heading }, canvas, grid.height())
}

/// An axis of the setting's values; none where they have no order.
fn setting_axis(title: &str, series: &[Series<'_>]) -> Option<Axis> {
    let values: Vec<f64> = series.iter().map(|s| s.arm.value).collect();
    let extent = Extent::of(values.iter().copied())?;
    match series.first()?.arm.setting {
        Setting::LearningRate | Setting::BatchSize | Setting::Hidden if extent.low > 0.0 => {
            Some(Axis::log(title, extent.padded_log(0.08)).marking(&values))
        }
        Setting::Dropout | Setting::Epochs => {
            let axis = Axis::linear(title, extent, 5).marking(&values);
            let padded = extent.padded(0.08);
            Some(Axis { domain: (padded.low, padded.high), ..axis })
        }
        _ => None,
    }
}
