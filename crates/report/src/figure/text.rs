//! A line of text, before it is drawn.

use super::font::{Weight, text_width};
use super::palette::{Color, INK, WHITE};
use super::size;

/// A line of text.
#[derive(Clone, Debug)]
pub struct Text<'a> {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) content: &'a str,
    pub(super) size: f64,
    pub(super) weight: Weight,
    pub(super) anchor: &'static str,
    pub(super) color: Color,
    pub(super) degrees: f64,
    pub(super) halo: Option<Color>,
}

impl<'a> Text<'a> {
    /// Starts at `x`, stands on `y`.
    #[must_use]
    pub fn at(x: f64, y: f64, content: &'a str) -> Self {
        Self {
            x,
            y,
            content,
            size: size::NORMAL,
            weight: Weight::Regular,
            anchor: "start",
            color: INK,
            degrees: 0.0,
            halo: None,
        }
    }

    /// Its size.
    #[must_use]
    pub fn size(self, size: f64) -> Self {
        Self { size, ..self }
    }

    /// Semi-bold.
    #[must_use]
    pub fn bold(self) -> Self {
        Self { weight: Weight::SemiBold, ..self }
    }

    /// Centred on `x`.
    #[must_use]
    pub fn middle(self) -> Self {
        Self { anchor: "middle", ..self }
    }

    /// Ends at `x`.
    #[must_use]
    pub fn end(self) -> Self {
        Self { anchor: "end", ..self }
    }

    /// Its colour.
    #[must_use]
    pub fn color(self, color: Color) -> Self {
        Self { color, ..self }
    }

    /// Turned clockwise about its anchor.
    #[must_use]
    pub fn rotated(self, degrees: f64) -> Self {
        Self { degrees, ..self }
    }

    /// With a white edge that keeps it legible on lines.
    #[must_use]
    pub fn halo(self) -> Self {
        Self { halo: Some(WHITE), ..self }
    }

    /// Vertically centred on `y` (by the height of digits and capitals).
    #[must_use]
    pub fn centered(self) -> Self {
        const HALF_CAPITAL: f64 = 0.33;
        let shift = self.size * HALF_CAPITAL;
        let (sin, cos) = self.degrees.to_radians().sin_cos();
        Self { x: self.x - shift * sin, y: self.y + shift * cos, ..self }
    }

    /// The same text elsewhere.
    #[must_use]
    pub fn moved_to(self, x: f64, y: f64) -> Self {
        Self { x, y, ..self }
    }

    /// Its width.
    #[must_use]
    pub fn width(&self) -> f64 {
        text_width(self.content, self.size, self.weight)
    }
}
