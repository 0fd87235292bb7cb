//! Learning curves: training beside validation, accuracy above loss.

use plateau_analysis::LearningCurves;

use super::series::{Metric, Series, band_words, draw_curve, epoch_axis};
use crate::figure::axis::Labels;
use crate::figure::canvas::{Canvas, Dash};
use crate::figure::layout::Grid;
use crate::figure::legend::{self, Key, Sign};
use crate::figure::palette::PLAIN;
use crate::figure::panel::{EndLabel, Panel};
use crate::figure::{Figure, Heading};

/// Four panels: training and validation, accuracy and loss. `what` names what the lines differ
/// in.
#[must_use]
pub fn curves(heading: Heading, what: &str, series: &[Series<'_>]) -> Figure {
    let mut canvas = Canvas::new();
    let longest = series
        .iter()
        .map(|s| crate::figure::font::text_width(&short(s.label, what), 9.5, Default::default()))
        .fold(0.0, f64::max);
    let mut grid = Grid {
        columns: 2,
        rows: 2,
        panel_height: 148.0,
        right: longest + 16.0,
        row_gap: 16.0,
        ..Grid::default()
    };
    let mut keys = vec![Key::new(format!("{what}:"), Sign::Heading)];
    keys.extend(
        series.iter().map(|s| Key::new(short(s.label, what), Sign::Line(s.color, Dash::Solid))),
    );
    grid.top += legend::draw(&mut canvas, (grid.left, 0.0), &keys) + 4.0;
    for (row, metric) in [Metric::Accuracy, Metric::Loss].into_iter().enumerate() {
        let both = || {
            series.iter().flat_map(|s| [metric.train(s.curves()), metric.validation(s.curves())])
        };
        let (x_axis, y_axis) = (epoch_axis(both()), metric.axis(both()));
        for column in 0..2 {
            let x_labels = if row == 1 { Labels::Full } else { Labels::None };
            let y_labels = if column == 0 { Labels::Full } else { Labels::None };
            let mut panel = Panel::new(
                format!("{}-{row}{column}", heading.id),
                grid.frame(row, column),
                &x_axis.saying(x_labels),
                &y_axis.saying(y_labels),
            );
            if row == 0 {
                panel.title(if column == 0 { "Training" } else { "Validation" });
            }
            let curve = |s: &Series<'_>| {
                let curves = &s.arm.curves;
                if column == 0 {
                    metric.train(curves).clone()
                } else {
                    metric.validation(curves).clone()
                }
            };
            for s in series {
                draw_curve(&mut panel, &curve(s), metric.factor(), s.color, Dash::Solid);
            }
            if column == 1 {
                let labels: Vec<EndLabel> = series
                    .iter()
                    .filter_map(|s| {
                        let value = curve(s).points.last()?.mean * metric.factor();
                        Some(EndLabel { text: short(s.label, what), value, color: s.color })
                    })
                    .collect();
                panel.end_labels(&labels);
            }
            panel.finish(&mut canvas);
        }
    }
    let words = band_words(series.iter().map(|s| s.arm));
    let caption = format!("{} {words}", heading.caption).trim().to_owned();
    Figure::new(Heading { caption, ..heading }, canvas, grid.height())
}

/// One run, without seeds to average over: accuracy beside loss, training and validation in
/// each.
#[must_use]
pub fn learning(heading: Heading, curves: &LearningCurves) -> Figure {
    let mut canvas = Canvas::new();
    let mut grid = Grid { columns: 2, panel_height: 170.0, column_gap: 56.0, ..Grid::default() };
    let keys = [
        Key::new("Training", Sign::Line(PLAIN, Dash::Solid)),
        Key::new("Validation", Sign::Line(PLAIN, Dash::Dashed)),
    ];
    grid.top += legend::draw(&mut canvas, (grid.left, 0.0), &keys) - 12.0;
    for (column, metric) in [Metric::Accuracy, Metric::Loss].into_iter().enumerate() {
        let both = [metric.train(curves), metric.validation(curves)];
        let mut panel = Panel::new(
            format!("{}-{column}", heading.id),
            grid.frame(0, column),
            &epoch_axis(both),
            &metric.axis(both),
        );
        for (curve, dash) in both.into_iter().zip([Dash::Solid, Dash::Dashed]) {
            draw_curve(&mut panel, curve, metric.factor(), PLAIN, dash);
        }
        panel.finish(&mut canvas);
    }
    Figure::new(heading, canvas, grid.height())
}

/// A label without the word that the legend's heading says already: `rate 0.01` → `0.01`.
#[must_use]
pub fn short(label: &str, what: &str) -> String {
    let last_word = what.split(' ').next_back().unwrap_or_default().to_lowercase();
    let first_word = what.split(' ').next().unwrap_or_default().to_lowercase();
    for word in [last_word, first_word] {
        if let Some(rest) = label.strip_prefix(&word).and_then(|rest| rest.strip_prefix(' ')) {
            return rest.to_owned();
        }
    }
    label.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_do_not_repeat_the_heading() {
        assert_eq!(short("rate 0.01", "Learning rate"), "0.01");
        assert_eq!(short("dropout 0.3", "Dropout rate"), "0.3");
        assert_eq!(short("cosine from 0.02", "Schedule"), "cosine from 0.02");
    }
}
