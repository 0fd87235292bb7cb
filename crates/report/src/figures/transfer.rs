//! Figures of the transfer to the other half of the data.

use plateau_analysis::{LearningCurves, Measure, RegularisationFindings, TransferPair};

use super::comparison::{Pairing, comparison};
use super::series::{Metric, Series, band_words, draw_curve, epoch_axis};
use crate::figure::axis::Labels;
use crate::figure::canvas::{Canvas, Dash};
use crate::figure::layout::Grid;
use crate::figure::legend::{self, Key, Sign};
use crate::figure::palette::{Color, DROPOUT, GREY, PLAIN, TRANSFER};
use crate::figure::panel::Panel;
use crate::figure::{Figure, Heading};

/// The model with all layers trained together, and its transferred counterpart.
type Pair<'a> = (Series<'a>, Series<'a>, &'a TransferPair);

fn pairs(findings: &RegularisationFindings) -> Vec<Pair<'_>> {
    let transfer = findings.transfer.iter().flat_map(|transfer| &transfer.pairs);
    transfer
        .filter(|pair| pair.transferred.n_finished > 0)
        .filter_map(|pair| {
            let together = findings.arms.get(pair.together?)?;
            let color = together_color(pair.dropout);
            let transferred = Series { arm: &pair.transferred, label: "frozen", color: TRANSFER };
            Some((Series::of(together, color), transferred, pair))
        })
        .collect()
}

fn together_color(dropout: f64) -> Color {
    if dropout == 0.0 { PLAIN } else { DROPOUT }
}

/// Both figures, if any transferred run has finished.
#[must_use]
pub fn figures(findings: &RegularisationFindings) -> Vec<Figure> {
    let pairs = pairs(findings);
    if pairs.is_empty() {
        return Vec::new();
    }
    vec![transfer_curves(&pairs), transfer_comparison(&pairs)]
}

/// Learning curves, one column per model.
fn transfer_curves(pairs: &[Pair<'_>]) -> Figure {
    let mut canvas = Canvas::new();
    let mut grid = Grid {
        columns: pairs.len(),
        rows: 2,
        panel_height: 145.0,
        row_gap: 16.0,
        ..Grid::default()
    };
    let mut keys = vec![
        Key::new("Training", Sign::Line(GREY, Dash::Solid)),
        Key::new("Validation", Sign::Line(GREY, Dash::Dashed)),
    ];
    let together = pairs.iter().map(|(together, _, _)| {
        Key::new(format!("all layers, {}", together.label), Sign::Line(together.color, Dash::Solid))
    });
    keys.extend(together);
    keys.push(Key::new("frozen convolutions", Sign::Line(TRANSFER, Dash::Solid)));
    grid.top += legend::draw(&mut canvas, (grid.left, 0.0), &keys) + 4.0;
    for (row, metric) in [Metric::Accuracy, Metric::Loss].into_iter().enumerate() {
        let both = |curves: &'_ LearningCurves| {
            [metric.train(curves).clone(), metric.validation(curves).clone()]
        };
        let all: Vec<_> =
            pairs.iter().flat_map(|(a, b, _)| [a, b]).flat_map(|s| both(s.curves())).collect();
        let (x_axis, y_axis) = (epoch_axis(&all), metric.axis(&all));
        for (column, (together, transferred, pair)) in pairs.iter().enumerate() {
            let x_labels = if row == 1 { Labels::Full } else { Labels::None };
            let y_labels = if column == 0 { Labels::Full } else { Labels::None };
            let mut panel = Panel::new(
                format!("transfer_curves-{row}{column}"),
                grid.frame(row, column),
                &x_axis.saying(x_labels),
                &y_axis.saying(y_labels),
            );
            if row == 0 {
                panel.title(&title(pair.dropout));
            }
            for s in [together, transferred] {
                let [train, validation] = both(s.curves());
                draw_curve(&mut panel, &train, metric.factor(), s.color, Dash::Solid);
                draw_curve(&mut panel, &validation, metric.factor(), s.color, Dash::Dashed);
            }
            panel.finish(&mut canvas);
        }
    }
    let arms = pairs.iter().flat_map(|(a, b, _)| [a.arm, b.arm]);
    let heading = Heading::new(
        "transfer_curves",
        "Learning curves with frozen convolutions and with all layers trained",
        format!(
            "The validation half of the transferred runs has trained their frozen convolutions, \
             which makes their validation curves too good. {}",
            band_words(arms)
        ),
    );
    Figure::new(heading, canvas, grid.height())
}

fn title(dropout: f64) -> String {
    if dropout == 0.0 {
        "Without dropout".to_owned()
    } else {
        format!("Dropout {}", crate::figure::ticks::decimal(dropout))
    }
}

/// Final measures, seed by seed.
fn transfer_comparison(pairs: &[Pair<'_>]) -> Figure {
    let pairings: Vec<Pairing<'_>> = pairs
        .iter()
        .map(|(together, transferred, pair)| Pairing {
            series: vec![*together, *transferred],
            comparisons: &pair.comparisons,
        })
        .collect();
    let heading = Heading::new(
        "transfer_comparison",
        "Frozen convolutions against all layers trained together",
        "Blue and vermillion: all layers trained together; orange, “frozen”: the same model with \
         only its fully connected layers trained, on frozen convolutions from the other half.",
    );
    let measures = [Measure::TestAccuracy, Measure::GeneralisationGap, Measure::TestGap];
    comparison(heading, &pairings, &measures)
}
