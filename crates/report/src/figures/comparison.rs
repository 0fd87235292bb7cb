//! Arms against each other, seed by seed: how the gap opened, and where the runs ended.

use plateau_analysis::{Comparison, Measure};

use super::by_setting::{FinalMeasure, GAP, TEST_ACCURACY, TEST_GAP};
use super::series::{
    GAP_OPACITY, Metric, Series, bar_words, draw_curve, epoch_axis, point, shade_between,
};
use crate::figure::axis::{Axis, Labels};
use crate::figure::canvas::{Canvas, Dash, Frame, Stroke};
use crate::figure::font::wrap;
use crate::figure::layout::Grid;
use crate::figure::legend::{self, Key, LINE_HEIGHT, Sign};
use crate::figure::palette::{GREY, SILVER, WHITE};
use crate::figure::panel::Panel;
use crate::figure::{Figure, Heading, size};
use crate::number::{fixed, p_value};

/// Arms that share seeds and are compared pairwise, first against others.
#[derive(Clone, Debug)]
pub struct Pairing<'a> {
    /// The reference first.
    pub series: Vec<Series<'a>>,
    /// Their tests.
    pub comparisons: &'a [Comparison],
}

/// The upper row shows training and validation accuracy of each arm with the gap between them,
/// the lower row the final measures, seeds joined by lines.
#[must_use]
pub fn comparison(heading: Heading, pairings: &[Pairing<'_>], measures: &[Measure]) -> Figure {
    let mut canvas = Canvas::new();
    let series: Vec<Series<'_>> = pairings.iter().flat_map(|p| p.series.clone()).collect();
    let top = Grid {
        columns: series.len().clamp(1, 4),
        rows: series.len().div_ceil(4).max(1),
        panel_height: 120.0,
        top: LINE_HEIGHT + 26.0,
        column_gap: 24.0,
        row_gap: 52.0,
        ..Grid::default()
    };
    let keys = [
        Key::new("Training accuracy", Sign::Line(GREY, Dash::Solid)),
        Key::new("Validation accuracy", Sign::Line(GREY, Dash::Dashed)),
        Key::new("Generalisation gap", Sign::Area(GREY, GAP_OPACITY * 1.8)),
    ];
    legend::draw(&mut canvas, (top.left, 0.0), &keys);
    gap_curves(&mut canvas, &heading.id, top, &series);
    let mut bottom = Grid {
        columns: measures.len().max(1),
        panel_height: 140.0,
        top: top.height() + 40.0,
        column_gap: 56.0,
        bottom: 0.0,
        ..Grid::default()
    };
    let room = bottom.frame(0, 0).width / series.len().max(1) as f64 - 6.0;
    let names: Vec<String> = series.iter().map(|s| wrap(s.label, size::SMALL, room)).collect();
    let lines = names.iter().map(|name| name.lines().count()).max().unwrap_or(1);
    bottom.bottom = 12.0 + 11.0 * lines as f64;
    let x_axis = Axis::names("", names);
    for (column, measure) in measures.iter().enumerate() {
        paired(
            &mut canvas,
            &heading.id,
            (bottom.frame(0, column), column),
            &x_axis,
            (pairings, *measure),
        );
    }
    let caption = format!(
        "{} Above: training and validation accuracy by epoch, the area between them being the \
         generalisation gap. Below: after the last epoch; thin lines join runs of the same seed. {}",
        heading.caption,
        bar_words(series.iter().map(|s| s.arm)),
    );
    Figure::new(Heading { caption: caption.trim().to_owned(), ..heading }, canvas, bottom.height())
}

fn gap_curves(canvas: &mut Canvas, id: &str, grid: Grid, series: &[Series<'_>]) {
    let metric = Metric::Accuracy;
    let all =
        || series.iter().flat_map(|s| [metric.train(s.curves()), metric.validation(s.curves())]);
    let (x_axis, y_axis) = (epoch_axis(all()), metric.axis(all()));
    for (i, s) in series.iter().enumerate() {
        let (row, column) = (i / grid.columns, i % grid.columns);
        let y_labels = if column == 0 { Labels::Full } else { Labels::None };
        let mut panel = Panel::new(
            format!("{id}-curves{i}"),
            grid.frame(row, column),
            &x_axis,
            &y_axis.saying(y_labels),
        );
        panel.title(s.label);
        let (train, validation) = (metric.train(s.curves()), metric.validation(s.curves()));
        shade_between(&mut panel, train, validation, metric.factor(), s.color);
        draw_curve(&mut panel, train, metric.factor(), s.color, Dash::Solid);
        draw_curve(&mut panel, validation, metric.factor(), s.color, Dash::Dashed);
        panel.finish(canvas);
    }
}

fn paired(
    canvas: &mut Canvas,
    id: &str,
    (frame, column): (Frame, usize),
    x_axis: &Axis,
    (pairings, measure): (&[Pairing<'_>], Measure),
) {
    let Some(finals) = final_measure(measure) else { return };
    let series: Vec<&Series<'_>> = pairings.iter().flat_map(|p| &p.series).collect();
    let y_axis = finals.y_axis(series.iter().map(|s| s.arm));
    let mut panel = Panel::new(format!("{id}-paired{column}"), frame, x_axis, &y_axis);
    let mut first = 0;
    for pairing in pairings {
        join_seeds(&mut panel, pairing, first, finals);
        for (i, s) in pairing.series.iter().enumerate() {
            // The mean stands beside its seeds: outside for the first arm and the last.
            let side = if i == 0 { -0.16 } else { 0.16 };
            let x = (first + i) as f64;
            let singles: Vec<(f64, f64)> = finals.singles(s.arm).map(|y| (x, y)).collect();
            panel.dots(&singles, 0.0, s.color);
            if let Some(estimates) = &s.arm.finals {
                panel.points(&[point(x + side, (finals.estimate)(estimates), 100.0)], s.color);
            }
        }
        first += pairing.series.len();
    }
    match verdict(pairings, measure) {
        Some(verdict) => panel.titles(finals.title, &verdict),
        None => panel.title(finals.title),
    }
    panel.finish(canvas);
}

/// Lines from each seed of the first arm to the same seed of the others.
fn join_seeds(panel: &mut Panel, pairing: &Pairing<'_>, first: usize, measure: FinalMeasure) {
    let [reference, others @ ..] = &pairing.series[..] else { return };
    for start in &reference.arm.seeds {
        let mut path = Vec::new();
        let stops = std::iter::once(reference).chain(others).enumerate();
        for (i, stop) in stops {
            let seed = stop.arm.seeds.iter().find(|seed| seed.seed == start.seed);
            if let Some(finals) = seed.and_then(|seed| seed.finals.as_ref()) {
                path.push(((first + i) as f64, (measure.single)(finals) * 100.0));
            }
        }
        panel.line(&path, Stroke::new(SILVER.mix(WHITE, 0.25), 0.9));
    }
}

/// The outcome of a measure's only test in a few words.
fn verdict(pairings: &[Pairing<'_>], measure: Measure) -> Option<String> {
    let mut tests = pairings.iter().flat_map(|p| p.comparisons).filter(|c| c.measure == measure);
    let (Some(only), None) = (tests.next(), tests.next()) else { return None };
    let difference = only.difference()? * 100.0;
    let sign = if difference > 0.0 { "+" } else { "" };
    let p = only.tested().map(|test| format!(", {}", p_value("adjusted p", test.p_adjusted)));
    Some(format!("{sign}{} points{}", fixed(difference, 2), p.unwrap_or_default()))
}

fn final_measure(measure: Measure) -> Option<FinalMeasure> {
    match measure {
        Measure::TestAccuracy => Some(TEST_ACCURACY),
        Measure::GeneralisationGap => Some(GAP),
        Measure::TestGap => Some(TEST_GAP),
        Measure::CalibrationError | Measure::LogGradient | Measure::LogGradientProfile => None,
    }
}
