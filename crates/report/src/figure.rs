//! A small SVG composer: what the figures need, in one visual language, with the same bytes
//! every time.
//!
//! # Layout
//! - [`scale`], [`ticks`]: from values to places, and which places are labelled
//! - [`palette`]: one thing, one colour
//! - [`font`]: the embedded font and its widths
//! - [`shape`], [`text`], [`canvas`]: strokes, text, pictures: the canvas alone writes SVG
//! - [`axis`], [`panel`]: one system of axes with its marks
//! - [`labels`]: direct labels that keep out of each other's way
//! - [`layout`]: small multiples
//! - [`legend`], [`heat_map`], [`matrix`], [`diagram`], [`image`]: what else a figure may hold

pub mod axis;
pub mod canvas;
pub mod diagram;
pub mod font;
pub mod heat_map;
pub mod image;
pub mod labels;
pub mod layout;
pub mod legend;
pub mod matrix;
pub mod palette;
pub mod panel;
pub mod scale;
pub mod shape;
pub mod text;
pub mod ticks;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg;

use canvas::{Canvas, Text, escape, number};
use palette::GREY;

/// Width of a full-width figure. The unit is the CSS pixel: 643 of them are 170 mm, so that the
/// smallest text (9.5) prints at 7.1 pt.
pub const WIDTH: f64 = 640.0;

/// Sizes of text.
pub mod size {
    /// Ticks, notes.
    pub const SMALL: f64 = 9.5;
    /// Axis titles, direct labels, legends.
    pub const NORMAL: f64 = 10.5;
    /// Titles of panels.
    pub const TITLE: f64 = 11.5;
}

/// A finished figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// File name without extension, and what the text refers to.
    pub id: String,
    /// What it shows, in a few words.
    pub title: String,
    /// What to see in it, and what bands and bars mean.
    pub caption: String,
    /// In CSS pixels.
    pub width: f64,
    /// In CSS pixels.
    pub height: f64,
    /// SVG elements.
    body: String,
}

/// Why a figure could not be rasterised.
#[derive(Debug, thiserror::Error)]
pub enum RasterError {
    /// The figure's SVG was refused.
    #[error("figure `{id}` is not valid SVG")]
    Svg {
        /// The figure.
        id: String,
        /// What the parser said.
        source: usvg::Error,
    },
    /// The size is zero or too large.
    #[error("figure `{id}` cannot be drawn at {width} × {height} pixels")]
    Size {
        /// The figure.
        id: String,
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// The picture could not be encoded.
    #[error("figure `{id}` cannot be encoded as PNG: {reason}")]
    Encode {
        /// The figure.
        id: String,
        /// What the encoder said.
        reason: String,
    },
}

/// What a figure says about itself.
#[derive(Clone, Debug)]
pub struct Heading {
    /// File name without extension, and what the text refers to.
    pub id: String,
    /// What it shows, in a few words.
    pub title: String,
    /// What to see in it, and what bands and bars mean.
    pub caption: String,
}

impl Heading {
    /// From borrowed parts.
    pub fn new(
        id: impl Into<String>,
        title: impl Into<String>,
        caption: impl Into<String>,
    ) -> Self {
        Self { id: id.into(), title: title.into(), caption: caption.into() }
    }
}

impl Figure {
    /// Closes a canvas of the given height.
    #[must_use]
    pub fn new(heading: Heading, canvas: Canvas, height: f64) -> Self {
        let Heading { id, title, caption } = heading;
        Self { id, title, caption, width: WIDTH, height, body: canvas.into_body() }
    }

    /// Adds a strip on top that says whose data these are.
    #[must_use]
    pub fn marked(self, note: &str) -> Self {
        const STRIP: f64 = 16.0;
        let mut canvas = Canvas::new();
        canvas.text(&Text::at(self.width, 11.0, note).size(size::SMALL).bold().end().color(GREY));
        canvas.raw(&format!("<g transform=\"translate(0 {})\">", number(STRIP)));
        canvas.raw(&self.body);
        canvas.raw("</g>");
        Self { height: self.height + STRIP, body: canvas.into_body(), ..self }
    }

    /// A self-contained SVG document.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let (width, height) = (number(self.width), number(self.height));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" \
             xmlns:xlink=\"http://www.w3.org/1999/xlink\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" font-family=\"{}\" role=\"img\" \
             aria-labelledby=\"{id}-title\">\n<title id=\"{id}-title\">{}</title>\n\
             <desc>{}</desc>\n{}</svg>\n",
            font::FAMILY,
            escape(&self.title),
            escape(&self.caption),
            self.body,
            id = escape(&self.id),
        )
    }

    /// The figure on white, `scale` pixels per CSS pixel; fewer where the picture would be so high
    /// that few programs show it.
    ///
    /// # Errors
    /// If the scale makes the picture empty or too large.
    pub fn to_png(&self, scale: f32) -> Result<Vec<u8>, RasterError> {
        let options = usvg::Options {
            fontdb: font::database(),
            font_family: "Plateau Sans".to_owned(),
            ..usvg::Options::default()
        };
        let tree = usvg::Tree::from_str(&self.to_svg(), &options)
            .map_err(|source| RasterError::Svg { id: self.id.clone(), source })?;
        /// In pixels.
        const MOST_HEIGHT: f64 = 16_000.0;
        let scale = f64::from(scale).min(MOST_HEIGHT / self.height.max(1.0)) as f32;
        let pixels = |length: f64| (length * f64::from(scale)).round() as u32;
        let (width, height) = (pixels(self.width), pixels(self.height));
        let mut pixmap = Pixmap::new(width, height).ok_or_else(|| RasterError::Size {
            id: self.id.clone(),
            width,
            height,
        })?;
        pixmap.fill(resvg::tiny_skia::Color::WHITE);
        resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
        pixmap
            .encode_png()
            .map_err(|error| RasterError::Encode { id: self.id.clone(), reason: error.to_string() })
    }
}
