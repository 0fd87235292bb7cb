//! Boxes and arrows.

use super::canvas::{Canvas, Frame, Stroke, Text};
use super::palette::{Color, GREY, INK, WHITE};
use super::size;

/// A box with lines of text, the first one bold.
#[derive(Clone, Debug)]
pub struct Block {
    /// Where.
    pub frame: Frame,
    /// Its colour.
    pub color: Color,
    /// What it says.
    pub lines: Vec<String>,
}

/// Draws a box in a pale tint of its colour.
pub fn block(canvas: &mut Canvas, block: &Block) {
    const LINE: f64 = 12.5;
    let fill = block.color.mix(WHITE, 0.88);
    canvas.rounded(block.frame, 3.0, fill, Some(Stroke::new(block.color, 1.0)));
    let first = block.frame.center_y() - (block.lines.len() as f64 - 1.0) / 2.0 * LINE;
    for (i, line) in block.lines.iter().enumerate() {
        let text = Text::at(block.frame.center_x(), first + i as f64 * LINE, line);
        let text =
            if i == 0 { text.bold() } else { text.size(size::SMALL).color(GREY.mix(INK, 0.5)) };
        canvas.text(&text.middle().centered());
    }
}

/// Draws an arrow with a solid head.
pub fn arrow(canvas: &mut Canvas, from: (f64, f64), to: (f64, f64)) {
    const HEAD: f64 = 6.0;
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(f64::MIN_POSITIVE);
    let (ux, uy) = (dx / length, dy / length);
    let neck = (to.0 - ux * HEAD, to.1 - uy * HEAD);
    canvas.line(from, neck, Stroke::new(GREY, 1.2));
    let wing = HEAD * 0.45;
    let head =
        [to, (neck.0 - uy * wing, neck.1 + ux * wing), (neck.0 + uy * wing, neck.1 - ux * wing)];
    canvas.polygon(&head, GREY, 1.0);
}
