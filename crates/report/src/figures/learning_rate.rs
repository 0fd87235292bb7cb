//! Figures of the learning-rate experiment.

use std::collections::BTreeMap;

use plateau_analysis::stats::Possible;
use plateau_analysis::{Arm, LearningRateFindings, Measure, RangeTestFindings};
use plateau_record::{RunId, RunRecord};

use super::by_setting::by_setting;
use super::comparison::{Pairing, comparison};
use super::curves::curves;
use super::series::{Metric, Series, band_words, draw_curve, epoch_axis, extent};
use crate::figure::axis::Axis;
use crate::figure::canvas::{Canvas, Dash, Stroke, Text};
use crate::figure::layout::Grid;
use crate::figure::legend::{self, Key, Sign};
use crate::figure::palette::{Color, GREY, PLAIN, SCHEDULE, ordered};
use crate::figure::panel::Panel;
use crate::figure::scale::Extent;
use crate::figure::ticks::decimal;
use crate::figure::{Figure, Heading, size};

/// One colour per constant rate, from low to high.
fn constant(findings: &LearningRateFindings) -> Vec<Series<'_>> {
    let colors = ordered(findings.arms.len());
    findings.arms.iter().zip(colors).map(|(arm, color)| Series::of(arm, color)).collect()
}

/// All figures that the findings allow.
#[must_use]
pub fn figures(findings: &LearningRateFindings, runs: &BTreeMap<RunId, RunRecord>) -> Vec<Figure> {
    let mut figures = Vec::new();
    if let Some(range) = &findings.range_test {
        figures.extend(range_test(range, findings));
    }
    let constant = constant(findings);
    figures.push(curves(
        Heading::new("learning_rate_curves", "Learning curves by constant learning rate", ""),
        "Learning rate",
        &constant,
    ));
    figures.push(by_setting(
        Heading::new(
            "learning_rate_final",
            "Test accuracy and generalisation gap against the learning rate",
            "After the last epoch.",
        ),
        "Learning rate (log scale)",
        &constant,
        findings.best,
    ));
    if findings.scheduled.iter().any(|arm| arm.n_finished > 0) {
        figures.push(scheduler_curves(findings, runs));
        figures.extend(scheduler_comparison(findings));
    }
    figures
}

/// Smoothed loss against rate, with the rates that followed from it.
#[must_use]
pub fn range_test(range: &RangeTestFindings, findings: &LearningRateFindings) -> Option<Figure> {
    let curve = &range.curve;
    let rates = Extent::of(curve.rates.iter().copied()).filter(|e| e.low > 0.0)?;
    let mut canvas = Canvas::new();
    let mut grid = Grid { panel_height: 190.0, top: 30.0, right: 14.0, ..Grid::default() };
    let losses = extent(&curve.losses, 1.0);
    let x_axis = Axis::log("Learning rate (log scale)", rates);
    let y_axis = Axis::linear_within(
        "Smoothed batch cross-entropy (nats)",
        losses,
        Possible::NOT_NEGATIVE,
        6,
    );
    let mut keys = vec![Key::new("Smoothed loss, mean over seeds", Sign::Line(PLAIN, Dash::Solid))];
    let constant = constant(findings);
    keys.push(Key::new("Constant rates that were run", Sign::Line(GREY, Dash::Dotted)));
    grid.top += legend::draw(&mut canvas, (grid.left, 0.0), &keys) - 6.0;
    let mut panel = Panel::new("range_test", grid.frame(0, 0), &x_axis, &y_axis);
    for s in &constant {
        panel.rule_x(s.arm.value, Stroke::new(s.color, 1.3).dash(Dash::Dotted));
        let text = decimal(s.arm.value);
        let label = Text::at(0.0, 0.0, &text).size(size::SMALL);
        let label = label.color(s.color.for_text());
        panel.note((s.arm.value, y_axis.domain.1), -4.0, label);
    }
    let with_rates = || curve.rates.iter().copied().zip(&curve.losses);
    let band: Vec<(f64, f64, f64)> =
        with_rates().filter_map(|(x, e)| e.interval.map(|i| (x, i.lower, i.upper))).collect();
    panel.band(&band, PLAIN);
    let line: Vec<(f64, f64)> = with_rates().map(|(x, e)| (x, e.mean)).collect();
    panel.line(&line, Stroke::new(PLAIN, 1.7));
    if let Some(minimum) = &range.minimum {
        panel.ring((minimum.rate, minimum.loss), GREY);
        mark(&mut panel, (minimum.rate, minimum.loss), 18.0, ("lowest", minimum.rate));
        let at_edge = with_rates().find(|(rate, _)| *rate >= minimum.edge);
        if let Some((_, loss)) = at_edge.filter(|_| minimum.edge > minimum.rate) {
            panel.ring((minimum.edge, loss.mean), GREY);
            // Above and to the left, where the rising curve is not.
            let beside = (minimum.edge * 0.7, loss.mean);
            mark(&mut panel, beside, -9.0, ("edge", minimum.edge));
        }
    }
    panel.finish(&mut canvas);
    let edge = range.minimum.as_ref().map_or_else(String::new, |minimum| {
        format!(
            " Edge: the last rate at which the loss is at most {} % above its minimum.",
            decimal(minimum.tolerance * 100.0)
        )
    });
    let caption = format!(
        "The rate grows exponentially during one run. Line: mean over {} of the exponentially \
         smoothed loss; band: 95 % confidence interval of the mean.{edge}",
        crate::number::plural(range.n_runs, "seed"),
    );
    let heading = Heading::new("range_test", "Learning-rate range test", caption);
    Some(Figure::new(heading, canvas, grid.height()))
}

/// A note beside a ring, `down` pixels below the place.
fn mark(panel: &mut Panel, at: (f64, f64), down: f64, (what, rate): (&str, f64)) {
    let text = format!("{what}: {}", decimal(rounded(rate)));
    let label = Text::at(0.0, 0.0, &text).size(size::SMALL).color(GREY);
    panel.note(at, down, label);
}

/// Two significant digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

/// Accuracy, loss and learning rate of the scheduled arms.
#[must_use]
pub fn scheduler_curves(
    findings: &LearningRateFindings,
    runs: &BTreeMap<RunId, RunRecord>,
) -> Figure {
    let mut canvas = Canvas::new();
    let arms: Vec<&Arm> = findings.scheduled.iter().filter(|arm| arm.n_finished > 0).collect();
    let colors = if arms.len() == 1 { vec![SCHEDULE] } else { ordered(arms.len()) };
    let mut grid = Grid { columns: 3, panel_height: 150.0, column_gap: 48.0, ..Grid::default() };
    let mut keys = vec![
        Key::new("Training", Sign::Line(GREY, Dash::Solid)),
        Key::new("Validation", Sign::Line(GREY, Dash::Dashed)),
    ];
    keys.extend(
        arms.iter().zip(&colors).map(|(a, c)| Key::new(&a.label, Sign::Line(*c, Dash::Solid))),
    );
    grid.top += legend::draw(&mut canvas, (grid.left, 0.0), &keys) + 4.0;
    for (column, metric) in [Metric::Accuracy, Metric::Loss].into_iter().enumerate() {
        let all =
            || arms.iter().flat_map(|a| [metric.train(&a.curves), metric.validation(&a.curves)]);
        let id = format!("scheduler_curves-{column}");
        let (x_axis, y_axis) = (epoch_axis(all()), metric.axis(all()));
        let mut panel = Panel::new(id, grid.frame(0, column), &x_axis, &y_axis);
        panel.title(if column == 0 { "Accuracy" } else { "Loss" });
        for (arm, color) in arms.iter().zip(&colors) {
            let (train, validation) = (metric.train(&arm.curves), metric.validation(&arm.curves));
            draw_curve(&mut panel, train, metric.factor(), *color, Dash::Solid);
            draw_curve(&mut panel, validation, metric.factor(), *color, Dash::Dashed);
        }
        panel.finish(&mut canvas);
    }
    rate_panel(&mut canvas, grid, &arms, &colors, runs);
    let heading = Heading::new(
        "scheduler_curves",
        "Learning curves with the scheduler",
        format!(
            "Accuracy, loss, and the learning rate at the end of each epoch. {}",
            band_words(arms.iter().copied())
        ),
    );
    Figure::new(heading, canvas, grid.height())
}

fn rate_panel(
    canvas: &mut Canvas,
    grid: Grid,
    arms: &[&Arm],
    colors: &[Color],
    runs: &BTreeMap<RunId, RunRecord>,
) {
    let lines: Vec<Vec<(f64, f64)>> = arms
        .iter()
        .map(|arm| {
            let record = arm.seeds.iter().find_map(|seed| runs.get(&seed.run));
            let epochs = record.map(|record| record.epochs.as_slice()).unwrap_or_default();
            epochs.iter().map(|e| (f64::from(e.epoch.0), e.learning_rate)).collect()
        })
        .collect();
    let rates = Extent::of(lines.iter().flatten().map(|point| point.1)).map(|e| e.include(0.0));
    let rates = rates.unwrap_or(Extent { low: 0.0, high: 1.0 });
    let y_axis = Axis::linear_within("Learning rate", rates, Possible::NOT_NEGATIVE, 5);
    let x_axis = epoch_axis(arms.iter().map(|arm| &arm.curves.train_loss));
    let mut panel = Panel::new("scheduler_curves-rate", grid.frame(0, 2), &x_axis, &y_axis);
    panel.title("Learning rate");
    for (line, color) in lines.iter().zip(colors) {
        panel.line(line, Stroke::new(*color, 1.6));
    }
    panel.finish(canvas);
}

/// The scheduled arms against the best constant rate.
#[must_use]
pub fn scheduler_comparison(findings: &LearningRateFindings) -> Option<Figure> {
    let best = findings.arms.get(findings.best?)?;
    let mut series = vec![Series::of(best, PLAIN)];
    series.extend(
        findings
            .scheduled
            .iter()
            .filter(|arm| arm.n_finished > 0)
            .map(|arm| Series::of(arm, SCHEDULE)),
    );
    let pairing = Pairing { series, comparisons: &findings.comparisons };
    let heading =
        Heading::new("scheduler_comparison", "The scheduler against the best constant rate", "");
    Some(comparison(heading, &[pairing], &[Measure::TestAccuracy, Measure::GeneralisationGap]))
}
