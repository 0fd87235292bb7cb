//! Values as colours, with a colour bar.

use super::axis::{Axis, Labels};
use super::canvas::{Canvas, Frame, Stroke, Text};
use super::palette::{Color, GREY, GRID, SILVER, WHITE, viridis};
use super::scale::Scale;
use super::size;

/// A table of values: `cells[row][column]`, absent where nothing was measured.
#[derive(Clone, Copy, Debug)]
pub struct Cells<'a> {
    /// The values.
    pub values: &'a [Vec<Option<f64>>],
    /// From values to colours; its ticks label the colour bar.
    pub color_axis: &'a Axis,
    /// Names of the columns.
    pub columns: &'a [String],
    /// Names of the rows.
    pub rows: &'a [String],
}

/// The colour of a value on an axis.
fn color(axis: &Axis, value: f64) -> Color {
    viridis(Scale::new(axis.spacing, axis.domain, (0.0, 1.0)).at(value))
}

/// Draws the cells with row 0 at the top; row names as `row_labels` says.
pub fn draw(canvas: &mut Canvas, frame: Frame, cells: Cells<'_>, row_labels: Labels) {
    let n_rows = cells.rows.len().max(1);
    let n_columns = cells.columns.len().max(1);
    let (width, height) = (frame.width / n_columns as f64, frame.height / n_rows as f64);
    for (row, values) in cells.values.iter().enumerate() {
        for (column, value) in values.iter().enumerate() {
            let cell = Frame {
                x: frame.x + column as f64 * width,
                y: frame.y + row as f64 * height,
                width,
                height,
            };
            let fill = value.map_or(GRID, |value| color(cells.color_axis, value));
            canvas.rect(cell, fill, Some(Stroke::new(WHITE, 0.6)));
        }
    }
    // Every column if they are wide enough for two digits, else every second, …
    let stride = (12.0 / width).ceil().max(1.0) as usize;
    for (column, name) in cells.columns.iter().enumerate().step_by(stride) {
        let x = frame.x + (column as f64 + 0.5) * width;
        let text = Text::at(x, frame.bottom() + 13.0, name).size(size::SMALL).middle();
        canvas.text(&text.color(GREY));
    }
    if row_labels != Labels::None {
        // Every row if they are high enough for a line of text, else every second, …
        let stride = (11.0 / height).ceil().max(1.0) as usize;
        for (row, name) in cells.rows.iter().enumerate().step_by(stride) {
            let y = frame.y + (row as f64 + 0.5) * height;
            let text = Text::at(frame.x - 5.0, y, name).size(size::SMALL).end().centered();
            canvas.text(&text.color(GREY));
        }
    }
}

/// Draws a horizontal colour bar with ticks and title below it.
pub fn color_bar(canvas: &mut Canvas, frame: Frame, axis: &Axis) {
    const STEPS: usize = 64;
    let width = frame.width / STEPS as f64;
    for step in 0..STEPS {
        let fill = viridis((step as f64 + 0.5) / STEPS as f64);
        // A hair wider than its step, so that no white shows between two.
        let cell = Frame { x: frame.x + step as f64 * width, width: width + 0.3, ..frame };
        canvas.rect(cell, fill, None);
    }
    let scale = Scale::new(axis.spacing, axis.domain, (frame.x, frame.right()));
    let bottom = frame.bottom();
    for tick in &axis.ticks {
        let Some(label) = &tick.label else { continue };
        let x = scale.at(tick.value);
        canvas.line((x, bottom), (x, bottom + 3.0), Stroke::new(SILVER, 0.9));
        let text = Text::at(x, bottom + 13.0, label).size(size::SMALL).middle();
        canvas.text(&text.color(GREY));
    }
    canvas.text(&Text::at(frame.x - 8.0, frame.center_y(), &axis.title).end().centered());
}
