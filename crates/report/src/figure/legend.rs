//! A line of keys above the panels.

use super::canvas::{Canvas, Dash, Stroke, Text};
use super::palette::{Color, INK};
use super::{WIDTH, size};

/// One entry.
#[derive(Clone, Debug)]
pub struct Key {
    /// What the sign means.
    pub text: String,
    /// The sign.
    pub sign: Sign,
}

/// What an entry shows.
#[derive(Clone, Copy, Debug)]
pub enum Sign {
    /// A line.
    Line(Color, Dash),
    /// A filled area.
    Area(Color, f64),
    /// A point with its interval.
    Point(Color),
    /// A small pale point.
    Dot(Color),
    /// Words only, before the other entries.
    Heading,
}

impl Key {
    /// An entry.
    pub fn new(text: impl Into<String>, sign: Sign) -> Self {
        Self { text: text.into(), sign }
    }
}

/// Height of one line of keys.
pub const LINE_HEIGHT: f64 = 16.0;

const SIGN_WIDTH: f64 = 20.0;
const GAP: f64 = 14.0;

fn key_width(key: &Key) -> f64 {
    let text = Text::at(0.0, 0.0, &key.text).size(size::NORMAL).width();
    match key.sign {
        Sign::Heading => text - 4.0,
        _ => SIGN_WIDTH + 5.0 + text,
    }
}

/// Draws the keys from the left margin on, in as many lines as they need, with their centre
/// `LINE_HEIGHT` / 2 below `top`. Returns the height they take.
pub fn draw(canvas: &mut Canvas, (left, top): (f64, f64), keys: &[Key]) -> f64 {
    let mut x = left;
    let mut y = top + LINE_HEIGHT / 2.0;
    for key in keys {
        let width = key_width(key);
        if x > left && x + width > WIDTH {
            x = left;
            y += LINE_HEIGHT;
        }
        draw_key(canvas, (x, y), key);
        x += width + GAP;
    }
    y + LINE_HEIGHT / 2.0 - top
}

fn draw_key(canvas: &mut Canvas, (x, y): (f64, f64), key: &Key) {
    let mid = x + SIGN_WIDTH / 2.0;
    match key.sign {
        Sign::Line(color, dash) => {
            canvas.line((x, y), (x + SIGN_WIDTH, y), Stroke::new(color, 1.8).dash(dash));
        }
        Sign::Area(color, opacity) => {
            let (left, right) = (x + 3.0, x + SIGN_WIDTH - 3.0);
            let corners = [(left, y - 5.0), (right, y - 5.0), (right, y + 5.0), (left, y + 5.0)];
            canvas.polygon(&corners, color, opacity);
        }
        Sign::Point(color) => {
            canvas.line((mid, y - 6.0), (mid, y + 6.0), Stroke::new(color, 1.4));
            canvas.disc((mid, y), 3.4, color, None);
        }
        Sign::Dot(color) => {
            canvas.disc((mid, y), 1.9, color.mix(super::palette::WHITE, 0.5), None);
        }
        Sign::Heading => {
            canvas.text(&Text::at(x, y, &key.text).centered().color(INK));
            return;
        }
    }
    canvas.text(&Text::at(x + SIGN_WIDTH + 5.0, y, &key.text).centered());
}
