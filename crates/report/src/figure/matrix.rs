//! A table of numbers on tinted cells.

use super::canvas::{Canvas, Frame, Stroke, Text};
use super::palette::{GREY, WHITE, share};
use super::size;

/// A matrix of shares in [0, 1].
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    /// `shares[row][column]`.
    pub shares: &'a [Vec<f64>],
    /// Names of rows and columns.
    pub names: &'a [String],
    /// What rows are.
    pub row_title: &'a str,
    /// What columns are.
    pub column_title: &'a str,
}

/// Draws the matrix with shares in per cent; row names left of the frame, column names above.
pub fn draw(canvas: &mut Canvas, frame: Frame, matrix: Matrix<'_>) {
    let n = matrix.names.len().max(1) as f64;
    let (width, height) = (frame.width / n, frame.height / n);
    for (row, shares) in matrix.shares.iter().enumerate() {
        for (column, value) in shares.iter().enumerate() {
            let (x, y) = (frame.x + column as f64 * width, frame.y + row as f64 * height);
            let fill = share(*value);
            let cell = Frame { x, y, width, height };
            canvas.rect(cell, fill, Some(Stroke::new(WHITE, 1.0)));
            let label = percent(*value);
            let faint = if *value < 0.005 { GREY } else { fill.text_on() };
            let mut text = Text::at(cell.center_x(), cell.center_y(), &label).size(size::SMALL);
            if row == column {
                text = text.bold();
            }
            canvas.text(&text.middle().centered().color(faint));
        }
    }
    for (i, name) in matrix.names.iter().enumerate() {
        let y = frame.y + (i as f64 + 0.5) * height;
        canvas.text(&Text::at(frame.x - 6.0, y, name).end().centered());
        let x = frame.x + (i as f64 + 0.5) * width;
        canvas.text(&Text::at(x, frame.y - 6.0, name).size(size::SMALL).middle());
    }
    let row_x = frame.x - 78.0;
    let row_title = Text::at(row_x, frame.center_y(), matrix.row_title).middle().bold();
    canvas.text(&row_title.rotated(-90.0));
    canvas.text(&Text::at(frame.center_x(), frame.y - 22.0, matrix.column_title).middle().bold());
}

/// One decimal below ten per cent, none above.
fn percent(value: f64) -> String {
    let percent = value * 100.0;
    if percent == 0.0 {
        "0".to_owned()
    } else if percent < 9.95 {
        format!("{percent:.1}")
    } else {
        format!("{percent:.0}")
    }
}
