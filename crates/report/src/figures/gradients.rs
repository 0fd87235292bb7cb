//! Gradients against layer number.

use plateau_analysis::{
    Estimate, GradientFlowFindings, GradientModel, GradientSummary, ModelRole, Window, WindowKind,
};
use plateau_record::ParameterKind;

use super::batch_norm::{color, name};
use super::series::{over_seeds, point};
use crate::figure::axis::{Axis, Labels};
use crate::figure::canvas::{Canvas, Dash, Stroke};
use crate::figure::layout::Grid;
use crate::figure::legend::{self, Key, Sign};
use crate::figure::palette::{Color, GREY, SILVER, WHITE};
use crate::figure::panel::Panel;
use crate::figure::scale::Extent;
use crate::figure::ticks::Tick;
use crate::figure::{Figure, Heading};

/// A statistic of gradients.
#[derive(Clone, Copy)]
struct Statistic {
    id: &'static str,
    title: &'static str,
    axis: &'static str,
    of: fn(&GradientSummary) -> &Estimate,
    signed: Signed,
}

/// Whether a statistic can be negative, and so what axis it needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signed {
    Yes,
    No,
}

const STATISTICS: [Statistic; 4] = [
    Statistic {
        id: "gradient_mean",
        title: "Mean of the gradient by layer",
        axis: "Mean of dL/dw",
        of: |summary| &summary.mean,
        signed: Signed::Yes,
    },
    Statistic {
        id: "gradient_std",
        title: "Standard deviation of the gradient by layer",
        axis: "Std. dev. of dL/dw",
        of: |summary| &summary.std,
        signed: Signed::No,
    },
    Statistic {
        id: "gradient_abs_mean",
        title: "Mean of the absolute gradient by layer",
        axis: "Mean of |dL/dw|",
        of: |summary| &summary.absolute_mean,
        signed: Signed::No,
    },
    Statistic {
        id: "gradient_abs_std",
        title: "Standard deviation of the absolute gradient by layer",
        axis: "Std. dev. of |dL/dw|",
        of: |summary| &summary.absolute_std,
        signed: Signed::No,
    },
];

/// Weights above biases.
pub(super) const KINDS: [(ParameterKind, &str); 2] =
    [(ParameterKind::Weight, "weights"), (ParameterKind::Bias, "biases")];

/// One figure per statistic: models side by side, weights above biases, both windows.
#[must_use]
pub fn figures(findings: &GradientFlowFindings) -> Vec<Figure> {
    if findings.models.iter().all(|model| model.summaries.is_empty()) {
        return Vec::new();
    }
    STATISTICS.iter().map(|statistic| by_layer(findings, *statistic)).collect()
}

fn by_layer(findings: &GradientFlowFindings, statistic: Statistic) -> Figure {
    let mut canvas = Canvas::new();
    let mut grid = Grid {
        columns: findings.models.len(),
        rows: KINDS.len(),
        panel_height: 132.0,
        left: 62.0,
        column_gap: 14.0,
        row_gap: 18.0,
        bottom: 50.0,
        ..Grid::default()
    };
    let mut keys = Vec::new();
    for window in &findings.windows {
        let (shade, dash) = window_style(window.kind, GREY);
        keys.push(Key::new(window_name(*window), Sign::Line(shade, dash)));
    }
    grid.top += legend::draw(&mut canvas, (grid.left, 0.0), &keys) + 4.0;
    let x_axis = layer_axis(findings);
    for (row, (kind, kind_name)) in KINDS.into_iter().enumerate() {
        let y_axis = value_axis(findings, statistic, kind, kind_name);
        for (column, model) in findings.models.iter().enumerate() {
            let x_labels = if row + 1 == KINDS.len() { Labels::Full } else { Labels::None };
            let y_labels = if column == 0 { Labels::Full } else { Labels::None };
            let mut panel = Panel::new(
                format!("{}-{row}{column}", statistic.id),
                grid.frame(row, column),
                &x_axis.saying(x_labels),
                &y_axis.saying(y_labels),
            );
            if row == 0 {
                panel.title(&model_title(model));
            }
            if statistic.signed == Signed::Yes {
                panel.rule_y(0.0, Stroke::new(SILVER, 1.0));
            }
            for window in &findings.windows {
                let summaries = shown(findings, model).filter(|s| s.parameter == kind);
                let here: Vec<_> = summaries.filter(|s| s.window == window.kind).collect();
                draw_layers(&mut panel, &here, (window.kind, color(model.role)), statistic);
            }
            panel.finish(&mut canvas);
        }
    }
    let heading = Heading::new(statistic.id, statistic.title, caption(findings, statistic));
    Figure::new(heading, canvas, grid.height())
}

fn caption(findings: &GradientFlowFindings, statistic: Statistic) -> String {
    let scale = match statistic.signed {
        Signed::Yes => "The vertical axis is linear around zero and logarithmic beyond.",
        Signed::No => "The vertical axis is logarithmic.",
    };
    format!(
        "Over all elements and steps of the window in each run: weights above, biases below. \
         Points: mean over {}; bars: 95 % confidence interval of the mean. {scale}{}",
        over_seeds(findings.models.iter().map(|model| &model.arm)),
        left_out(findings),
    )
}

/// `plain`, `dropout 0.3`, `batch norm`.
pub(crate) fn model_title(model: &GradientModel) -> String {
    if model.arm.dropout > 0.0 {
        format!("{} {}", name(model.role), crate::figure::ticks::decimal(model.arm.dropout))
    } else {
        name(model.role).to_owned()
    }
}

fn window_name(window: Window) -> String {
    let end = match window.kind {
        WindowKind::First => "Beginning",
        WindowKind::Last => "End",
    };
    if window.from == window.to {
        format!("{end} (epoch {})", window.from)
    } else {
        format!("{end} (epochs {}–{})", window.from, window.to)
    }
}

fn window_style(kind: WindowKind, color: Color) -> (Color, Dash) {
    match kind {
        WindowKind::First => (color.mix(WHITE, 0.42), Dash::Dashed),
        WindowKind::Last => (color, Dash::Solid),
    }
}

/// What a model's panels show. Gradients that are zero but for rounding would stretch the axis
/// over many powers of ten, and flatten all others.
fn shown<'a>(
    findings: &'a GradientFlowFindings,
    model: &'a GradientModel,
) -> impl Iterator<Item = &'a GradientSummary> {
    let has_effect = |s: &&GradientSummary| findings.has_effect(model.role, s.parameter, s.layer);
    model.summaries.iter().filter(has_effect)
}

/// What captions say of gradients that are not shown.
pub(super) fn left_out(findings: &GradientFlowFindings) -> &'static str {
    if findings.model(ModelRole::BatchNorm).is_some() {
        " With batch norm the biases of the hidden layers have no effect: their gradients, zero \
         but for rounding, are left out."
    } else {
        ""
    }
}

fn draw_layers(
    panel: &mut Panel,
    summaries: &[&GradientSummary],
    (window, color): (WindowKind, Color),
    statistic: Statistic,
) {
    let (shade, dash) = window_style(window, color);
    // The two windows stand beside each other, not upon each other.
    let shift = if window == WindowKind::First { -0.09 } else { 0.09 };
    let points: Vec<_> = summaries
        .iter()
        .map(|summary| point(f64::from(summary.layer) + shift, (statistic.of)(summary), 1.0))
        .collect();
    let line: Vec<(f64, f64)> = points.iter().map(|p| (p.x, p.mean)).collect();
    panel.line(&line, Stroke::new(shade, 1.3).dash(dash));
    panel.points(&points, shade);
}

/// Layer numbers with names below them.
fn layer_axis(findings: &GradientFlowFindings) -> Axis {
    let n = findings.layers.len() as f64;
    let ticks = findings
        .layers
        .iter()
        .map(|layer| Tick {
            value: f64::from(layer.number),
            label: Some(format!("{}\n{}", layer.number, layer.name)),
        })
        .collect();
    let axis = Axis::whole("Layer number", Extent { low: 0.5, high: n + 0.5 }, 10);
    Axis { ticks, ..axis }
}

/// One axis for all models and both windows of a parameter kind.
fn value_axis(
    findings: &GradientFlowFindings,
    statistic: Statistic,
    kind: ParameterKind,
    kind_name: &str,
) -> Axis {
    let summaries = findings.models.iter().flat_map(|model| shown(findings, model));
    let estimates: Vec<&Estimate> =
        summaries.filter(|s| s.parameter == kind).map(statistic.of).collect();
    let title = format!("{}, {kind_name}", statistic.axis);
    let ends = estimates.iter().flat_map(|e| {
        let interval = e.interval.map(|i| [i.lower, i.upper]);
        interval.into_iter().flatten().chain([e.mean])
    });
    match statistic.signed {
        Signed::No => {
            let means = Extent::of(estimates.iter().map(|e| e.mean).filter(|mean| *mean > 0.0))
                .unwrap_or(Extent { low: 0.1, high: 1.0 });
            // An interval may reach below zero; the axis follows the means and a third beyond.
            let (low, high) = (means.low / 3.0, means.high * 3.0);
            let extent = ends
                .filter(|end| *end > 0.0)
                .fold(means, |extent, end| extent.include(end.clamp(low, high)));
            Axis::log(title, extent.padded_log(0.06))
        }
        Signed::Yes => {
            let extent = Extent::of(ends).unwrap_or(Extent { low: -1.0, high: 1.0 });
            // Where all gradients vanish, zero alone is marked.
            let reach = extent.high.max(-extent.low).max(1e-90);
            // Three powers of ten are shown on each side; what is smaller counts as near zero.
            let linear_to = 10_f64.powf(reach.log10().floor() - 2.0);
            let low = if extent.low < 0.0 { extent.low * 1.6 } else { -2.0 * linear_to };
            let high = if extent.high > 0.0 { extent.high * 1.6 } else { 2.0 * linear_to };
            Axis::symlog(title, Extent { low, high }, linear_to)
        }
    }
}
