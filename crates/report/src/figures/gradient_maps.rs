//! Gradients by layer and epoch as heat maps.

use plateau_analysis::{GradientFlowFindings, GradientModel, HeatMap};
use plateau_record::ParameterKind;

use super::gradients::{KINDS, left_out, model_title};
use crate::figure::axis::{Axis, Labels};
use crate::figure::canvas::{Canvas, Frame, Text};
use crate::figure::heat_map::{self, Cells};
use crate::figure::layout::Grid;
use crate::figure::scale::Extent;
use crate::figure::{Figure, Heading, WIDTH, size};

/// Height of a layer's row.
const ROW: f64 = 15.0;

/// Mean absolute gradient by epoch (across) and layer (down): models side by side, weights above
/// biases, each kind with its own colours.
#[must_use]
pub fn gradient_heat_map(findings: &GradientFlowFindings) -> Option<Figure> {
    let names: Vec<String> = findings.layers.iter().map(|layer| layer.name.clone()).collect();
    let models = || findings.models.iter();
    if names.is_empty() || models().all(|model| model.heat_maps.is_empty()) {
        return None;
    }
    let mut canvas = Canvas::new();
    let height = names.len() as f64 * ROW;
    let grid = Grid {
        columns: findings.models.len(),
        rows: KINDS.len(),
        panel_height: height,
        left: 52.0,
        column_gap: 14.0,
        row_gap: 92.0,
        bottom: 74.0,
        ..Grid::default()
    };
    for (row, (kind, kind_name)) in KINDS.into_iter().enumerate() {
        let title = format!("Mean of |dL/dw|, {kind_name} (log scale)");
        let Some(color_axis) = color_axis(findings, kind, title) else { continue };
        for (column, model) in models().enumerate() {
            let frame = grid.frame(row, column);
            let title = format!("{}, {kind_name}", model_title(model));
            let heading = Text::at(frame.x, frame.y - 7.0, &title).size(size::TITLE).bold();
            canvas.text(&heading);
            let Some(map) = model.heat_map(kind) else { continue };
            let (values, epochs) = transposed(findings, model, map);
            let cells =
                Cells { values: &values, color_axis: &color_axis, columns: &epochs, rows: &names };
            let labels = if column == 0 { Labels::Ticks } else { Labels::None };
            heat_map::draw(&mut canvas, frame, cells, labels);
            let x_title = Text::at(frame.center_x(), frame.bottom() + 27.0, "Epoch").middle();
            canvas.text(&x_title);
        }
        let y = grid.frame(row, 0).bottom() + 40.0;
        let bar = Frame { x: WIDTH / 2.0 - 40.0, y, width: 240.0, height: 9.0 };
        heat_map::color_bar(&mut canvas, bar, &color_axis);
    }
    let heading = Heading::new(
        "gradient_heatmap",
        "Mean absolute gradient by layer and epoch",
        format!(
            "Averaged over seeds; input side at the top. Weights and biases have colour scales of \
             their own, shared by the models.{}",
            left_out(findings)
        ),
    );
    Some(Figure::new(heading, canvas, grid.height()))
}

/// Layers down, epochs across; without the gradients that are zero but for rounding.
fn transposed(
    findings: &GradientFlowFindings,
    model: &GradientModel,
    map: &HeatMap,
) -> (Vec<Vec<Option<f64>>>, Vec<String>) {
    let of_layer = |(i, layer): (usize, &u32)| {
        let shown = findings.has_effect(model.role, map.parameter, *layer);
        let cell = |row: &Vec<Option<f64>>| row.get(i).copied().flatten().filter(|_| shown);
        map.values.iter().map(cell).collect()
    };
    let values = map.layers.iter().enumerate().map(of_layer).collect();
    (values, map.epochs.iter().map(u32::to_string).collect())
}

fn color_axis(findings: &GradientFlowFindings, kind: ParameterKind, title: String) -> Option<Axis> {
    let maps = findings.models.iter().filter_map(|model| Some((model, model.heat_map(kind)?)));
    let values: Vec<f64> = maps
        .flat_map(|(model, map)| transposed(findings, model, map).0)
        .flatten()
        .flatten()
        .collect();
    let extent = Extent::of(values.into_iter().filter(|value| *value > 0.0))?;
    Some(Axis::log(title, extent.padded_log(0.0)))
}
