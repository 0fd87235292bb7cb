//! The network as boxes and arrows.

use plateau_record::Network;

use crate::architecture::{self, Stage};
use crate::figure::canvas::{Canvas, Frame, Stroke, Text};
use crate::figure::diagram::{Block, arrow, block};
use crate::figure::palette::{BATCH_NORM, Color, DROPOUT, GREY, PLAIN, SILVER, WHITE};
use crate::figure::{Figure, Heading, WIDTH, size};
use crate::number::count;

/// At most this many boxes stand in one row.
const PER_ROW: usize = 6;
/// Room for the volume above a box.
const VOLUME: f64 = 64.0;
const BOX_HEIGHT: f64 = 76.0;
const ROW_HEIGHT: f64 = VOLUME + BOX_HEIGHT + 52.0;
const ARROW: f64 = 16.0;

/// Boxes for input, blocks and fully connected layers, with the shape that leaves each (drawn to
/// scale above it), and its number of parameters.
#[must_use]
pub fn network(network: &Network) -> Figure {
    let mut canvas = Canvas::new();
    let stages = architecture::stages(network);
    let per_row = stages.len().clamp(1, PER_ROW);
    let width = (WIDTH - 2.0 - ARROW * (per_row - 1) as f64) / per_row as f64;
    for (i, stage) in stages.iter().enumerate() {
        let (row, column) = (i / per_row, i % per_row);
        let frame = Frame {
            x: 1.0 + column as f64 * (width + ARROW),
            y: row as f64 * ROW_HEIGHT + VOLUME,
            width,
            height: BOX_HEIGHT,
        };
        let color = stage_color(stage);
        let bottom = Frame { y: frame.y - VOLUME, height: VOLUME, ..frame };
        draw_volume(&mut canvas, bottom, stage, color);
        block(&mut canvas, &Block { frame, color, lines: stage.lines.clone() });
        let y = frame.bottom();
        let shape = Text::at(frame.center_x(), y + 14.0, &stage.shape_text).middle().bold();
        canvas.text(&shape);
        let parameters = if stage.n_parameters > 0 {
            format!("{} parameters", count(stage.n_parameters))
        } else {
            "no parameters".to_owned()
        };
        let text = Text::at(frame.center_x(), y + 27.0, &parameters).size(size::SMALL);
        canvas.text(&text.middle().color(GREY));
        if i + 1 < stages.len() && column + 1 < per_row {
            let (x, y) = (frame.right() + 2.0, frame.center_y());
            arrow(&mut canvas, (x, y), (x + ARROW - 3.0, y));
        } else if i + 1 < stages.len() {
            // To the next row: a stub that says where it goes on.
            let text = Text::at(frame.right(), y + 41.0, "goes on below ↓").size(size::SMALL);
            canvas.text(&text.end().color(GREY));
        }
    }
    let rows = stages.len().div_ceil(per_row);
    let total: u64 = stages.iter().map(|stage| stage.n_parameters).sum();
    let caption = format!(
        "Boxes: what each stage does; above, drawn to scale by side length, the maps that leave \
         it; below, their shape (channels × height × width) and the number of trainable \
         parameters, {} in all.",
        count(total)
    );
    let heading = Heading::new("network", "The network", caption);
    Figure::new(heading, canvas, rows as f64 * ROW_HEIGHT - 20.0)
}

fn stage_color(stage: &Stage) -> Color {
    match stage.kind {
        architecture::StageKind::Input => GREY,
        architecture::StageKind::Block => PLAIN,
        architecture::StageKind::Hidden => BATCH_NORM,
        architecture::StageKind::Output => DROPOUT,
    }
}

/// A box in oblique projection whose front is as high as the maps and as deep as the logarithm
/// of the channels.
fn draw_volume(canvas: &mut Canvas, room: Frame, stage: &Stage, color: Color) {
    let (channels, side) = stage.shape;
    let height = if side > 1 { 4.0 + f64::from(side) * 1.3 } else { 4.0 };
    let depth = 3.0 * f64::from(channels.max(1)).log2().max(1.0) + 3.0;
    let (width, lift) = if side > 1 { (height, depth * 0.35) } else { (depth * 2.2, 0.0) };
    let slope = if side > 1 { depth * 0.8 } else { 0.0 };
    let x = room.center_x() - (width + slope) / 2.0;
    let y = room.bottom() - 8.0 - height;
    let edge = Stroke::new(WHITE, 0.8);
    if side > 1 {
        let top = [(x, y), (x + slope, y - lift), (x + width + slope, y - lift), (x + width, y)];
        canvas.polygon(&top, color.mix(WHITE, 0.65), 1.0);
        let (right, below) = (x + width, y + height);
        let flank =
            [(right, y), (right + slope, y - lift), (right + slope, below - lift), (right, below)];
        canvas.polygon(&flank, color.mix(WHITE, 0.35), 1.0);
    }
    let front = Frame { x, y, width, height };
    canvas.rect(front, color.mix(WHITE, 0.5), Some(edge));
    if side > 1 {
        let label = side.to_string();
        let text = Text::at(front.center_x(), front.center_y(), &label).size(size::SMALL);
        if height > 12.0 {
            canvas.text(&text.middle().centered());
        }
        canvas.line((x, y + height), (x + width, y + height), Stroke::new(SILVER, 0.6));
    }
}
