//! SVG elements. Coordinates have two decimals at most, so that equal findings give equal bytes.

use std::fmt::Write as _;

use super::font::Weight;
use super::palette::Color;
pub use super::shape::{Dash, Frame, Stroke};
pub use super::text::Text;

/// A growing list of SVG elements.
#[derive(Clone, Debug, Default)]
pub struct Canvas {
    body: String,
}

impl Canvas {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The elements.
    #[must_use]
    pub fn into_body(self) -> String {
        self.body
    }

    /// Markup as it is.
    pub fn raw(&mut self, markup: &str) {
        self.body.push_str(markup);
    }

    /// All elements of another canvas, cut off outside of a frame. `id` must be unique in the
    /// document.
    pub fn clipped(&mut self, id: &str, frame: Frame, content: &Self) {
        let Frame { x, y, width, height } = frame;
        let _ = writeln!(
            self.body,
            "<clipPath id=\"{id}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>\
             <g clip-path=\"url(#{id})\">\n{}</g>",
            number(x),
            number(y),
            number(width),
            number(height),
            content.body,
            id = escape(id),
        );
    }

    /// A straight line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        self.polyline(&[from, to], stroke);
    }

    /// A line through points.
    pub fn polyline(&mut self, points: &[(f64, f64)], stroke: Stroke) {
        if points.is_empty() {
            return;
        }
        let _ = writeln!(
            self.body,
            "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" \
             stroke-linejoin=\"round\"{}/>",
            path(points),
            stroke.color,
            number(stroke.width),
            stroke.dash.attribute(),
        );
    }

    /// A filled polygon.
    pub fn polygon(&mut self, points: &[(f64, f64)], fill: Color, opacity: f64) {
        if points.is_empty() {
            return;
        }
        let _ = writeln!(
            self.body,
            "<path d=\"{}Z\" fill=\"{fill}\" fill-opacity=\"{}\"/>",
            path(points),
            number(opacity),
        );
    }

    /// A filled rectangle, with an edge or without.
    pub fn rect(&mut self, frame: Frame, fill: Color, edge: Option<Stroke>) {
        self.rounded(frame, 0.0, fill, edge);
    }

    /// A filled rectangle with round corners.
    pub fn rounded(&mut self, frame: Frame, radius: f64, fill: Color, edge: Option<Stroke>) {
        let Frame { x, y, width, height } = frame;
        let _ = write!(
            self.body,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{fill}\"",
            number(x),
            number(y),
            number(width),
            number(height),
        );
        if radius > 0.0 {
            let _ = write!(self.body, " rx=\"{}\"", number(radius));
        }
        if let Some(edge) = edge {
            let width = number(edge.width);
            let _ = write!(self.body, " stroke=\"{}\" stroke-width=\"{width}\"", edge.color);
        }
        self.body.push_str("/>\n");
    }

    /// A disc, with an edge or without.
    pub fn disc(&mut self, center: (f64, f64), radius: f64, fill: Color, edge: Option<Stroke>) {
        let _ = write!(
            self.body,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{fill}\"",
            number(center.0),
            number(center.1),
            number(radius),
        );
        if let Some(edge) = edge {
            let width = number(edge.width);
            let _ = write!(self.body, " stroke=\"{}\" stroke-width=\"{width}\"", edge.color);
        }
        self.body.push_str("/>\n");
    }

    /// A circle.
    pub fn ring(&mut self, center: (f64, f64), radius: f64, stroke: Stroke) {
        let _ = writeln!(
            self.body,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"none\" stroke=\"{}\" \
             stroke-width=\"{}\"/>",
            number(center.0),
            number(center.1),
            number(radius),
            stroke.color,
            number(stroke.width),
        );
    }

    /// A line of text.
    pub fn text(&mut self, text: &Text<'_>) {
        let (x, y) = (number(text.x), number(text.y));
        let _ = write!(self.body, "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\"", number(text.size));
        if text.weight == Weight::SemiBold {
            self.body.push_str(" font-weight=\"600\"");
        }
        if text.anchor != "start" {
            let _ = write!(self.body, " text-anchor=\"{}\"", text.anchor);
        }
        let _ = write!(self.body, " fill=\"{}\"", text.color);
        if text.degrees != 0.0 {
            let degrees = number(text.degrees);
            let _ = write!(self.body, " transform=\"rotate({degrees} {x} {y})\"");
        }
        if let Some(halo) = text.halo {
            let _ = write!(
                self.body,
                " stroke=\"{halo}\" stroke-width=\"3\" stroke-linejoin=\"round\" \
                 paint-order=\"stroke\""
            );
        }
        let _ = writeln!(self.body, ">{}</text>", escape(text.content));
    }

    /// An embedded picture.
    pub fn image(&mut self, frame: Frame, png: &[u8]) {
        let Frame { x, y, width, height } = frame;
        let _ = writeln!(
            self.body,
            "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
             xlink:href=\"{}\"/>",
            number(x),
            number(y),
            number(width),
            number(height),
            super::image::data_uri(png),
        );
    }
}

/// A coordinate with two decimals at most.
#[must_use]
pub fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Text for XML and HTML, in content and in quoted attributes.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Not allowed in XML.
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            '\u{fffe}' | '\u{ffff}' => {}
            c => escaped.push(c),
        }
    }
    escaped
}

fn path(points: &[(f64, f64)]) -> String {
    let mut path = String::with_capacity(points.len() * 12);
    for (i, (x, y)) in points.iter().enumerate() {
        path.push(if i == 0 { 'M' } else { 'L' });
        let _ = write!(path, "{} {}", number(*x), number(*y));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [number(1.0), number(-0.001), number(2.345), number(0.5)],
            ["1", "0", "2.35", "0.5"]
        );
    }

    #[test]
    fn markup_is_escaped_and_controls_are_dropped() {
        assert_eq!(escape("<a & \"b\"\u{7}>"), "&lt;a &amp; &quot;b&quot;&gt;");
    }
}
