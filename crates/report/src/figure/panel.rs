//! One system of axes with its marks.

use super::axis::{Axis, Labels};
use super::canvas::{Canvas, Frame, Stroke, Text};
use super::labels::spread;
use super::palette::{Color, GREY, GRID, SILVER, WHITE};
use super::scale::Scale;
use super::size;

/// Opacity of confidence bands.
const BAND_OPACITY: f64 = 0.18;

/// Height of a line of direct labels.
const LABEL_HEIGHT: f64 = 11.5;

/// Height of a line of tick labels.
const TICK_LINE: f64 = 11.0;

/// Least room between two tick labels side by side.
const LABEL_GAP: f64 = 2.0;

/// A panel under construction: axes, areas, lines, points, labels, from below to
/// above; what leaves the frame is cut off.
#[derive(Debug)]
pub struct Panel {
    id: String,
    frame: Frame,
    x: Scale,
    y: Scale,
    below: Canvas,
    areas: Canvas,
    lines: Canvas,
    spots: Canvas,
    above: Canvas,
}

/// A label at the right end of a line.
#[derive(Clone, Debug)]
pub struct EndLabel {
    /// Its text.
    pub text: String,
    /// The line's last value.
    pub value: f64,
    /// The line's colour.
    pub color: Color,
}

/// A mean with its interval at one place.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Where.
    pub x: f64,
    /// The mean.
    pub mean: f64,
    /// The interval, if there is one.
    pub interval: Option<(f64, f64)>,
}

impl Panel {
    /// Draws grid and axes. `id` must be unique in the document.
    #[must_use]
    pub fn new(id: impl Into<String>, frame: Frame, x_axis: &Axis, y_axis: &Axis) -> Self {
        let x = Scale::new(x_axis.spacing, x_axis.domain, (frame.x, frame.right()));
        let y = Scale::new(y_axis.spacing, y_axis.domain, (frame.bottom(), frame.y));
        let mut below = Canvas::new();
        draw_y_axis(&mut below, frame, &y, y_axis);
        draw_x_axis(&mut below, frame, &x, x_axis);
        let [areas, lines, spots, above] = [(); 4].map(|()| Canvas::new());
        Self { id: id.into(), frame, x, y, below, areas, lines, spots, above }
    }

    /// A heading above the frame.
    pub fn title(&mut self, title: &str) {
        let (x, y) = (self.frame.x, self.frame.y - 7.0);
        self.above.text(&Text::at(x, y, title).size(size::TITLE).bold());
    }

    /// A heading above the frame, with a second, smaller line.
    pub fn titles(&mut self, title: &str, subtitle: &str) {
        let (x, y) = (self.frame.x, self.frame.y - 7.0);
        self.above.text(&Text::at(x, y - 13.0, title).size(size::TITLE).bold());
        self.above.text(&Text::at(x, y, subtitle).size(size::SMALL).color(GREY));
    }

    /// Where a value lies on the page.
    #[must_use]
    pub fn place(&self, x: f64, y: f64) -> (f64, f64) {
        (self.x.at(x), self.y.at(y))
    }

    /// The panel's frame.
    #[must_use]
    pub fn frame(&self) -> Frame {
        self.frame
    }

    /// A line through values.
    pub fn line(&mut self, points: &[(f64, f64)], stroke: Stroke) {
        let points = self.places(points);
        self.lines.polyline(&points, stroke);
    }

    /// A confidence band: `(x, lower, upper)`.
    pub fn band(&mut self, band: &[(f64, f64, f64)], color: Color) {
        self.area(band, color, BAND_OPACITY);
    }

    /// The area between two curves: `(x, one, other)`.
    pub fn area(&mut self, area: &[(f64, f64, f64)], color: Color, opacity: f64) {
        let there = area.iter().map(|(x, low, _)| (*x, *low));
        let back = area.iter().rev().map(|(x, _, high)| (*x, *high));
        let outline: Vec<_> = there.chain(back).collect();
        let outline = self.places(&outline);
        self.areas.polygon(&outline, color, opacity);
    }

    /// Means with their intervals.
    pub fn points(&mut self, points: &[Point], color: Color) {
        for point in points {
            let (x, y) = self.place(point.x, point.mean);
            if let Some((low, high)) = point.interval {
                let (low, high) = (self.y.at(low), self.y.at(high));
                let stroke = Stroke::new(color, 1.4);
                self.lines.line((x, low), (x, high), stroke);
                self.lines.line((x - 3.0, low), (x + 3.0, low), stroke);
                self.lines.line((x - 3.0, high), (x + 3.0, high), stroke);
            }
            self.spots.disc((x, y), 3.4, color, Some(Stroke::new(WHITE, 0.9)));
        }
    }

    /// A ring around a point.
    pub fn ring(&mut self, at: (f64, f64), color: Color) {
        let ring = self.place(at.0, at.1);
        self.spots.ring(ring, 6.5, Stroke::new(color, 1.2));
    }

    /// Single results, small and pale, `shift` pixels to the right.
    pub fn dots(&mut self, points: &[(f64, f64)], shift: f64, color: Color) {
        for (x, y) in self.places(points) {
            self.spots.disc((x + shift, y), 1.9, color.mix(WHITE, 0.5), None);
        }
    }

    /// A vertical line.
    pub fn rule_x(&mut self, x: f64, stroke: Stroke) {
        let x = self.x.at(x);
        self.lines.line((x, self.frame.y), (x, self.frame.bottom()), stroke);
    }

    /// A horizontal line.
    pub fn rule_y(&mut self, y: f64, stroke: Stroke) {
        let y = self.y.at(y);
        self.lines.line((self.frame.x, y), (self.frame.right(), y), stroke);
    }

    /// Text centred at a value, `down` pixels below it, kept legible on lines and inside the
    /// panel's width.
    pub fn note(&mut self, at: (f64, f64), down: f64, text: Text<'_>) {
        let (x, y) = self.place(at.0, at.1);
        let half = text.width() / 2.0;
        let x = x.min(self.frame.right() - half).max(self.frame.x + half);
        self.above.text(&text.middle().halo().moved_to(x, y + down));
    }

    /// Labels right of the frame at the ends of lines, moved apart where they would overlap.
    pub fn end_labels(&mut self, labels: &[EndLabel]) {
        let wishes: Vec<f64> = labels
            .iter()
            .map(|label| self.y.at(label.value).clamp(self.frame.y, self.frame.bottom()))
            .collect();
        let bounds = (self.frame.y + 2.0, self.frame.bottom() - 2.0);
        let places = spread(&wishes, LABEL_HEIGHT, bounds);
        let right = self.frame.right();
        for ((label, wish), place) in labels.iter().zip(wishes).zip(places) {
            let color = label.color.for_text();
            let stroke = Stroke::new(label.color.mix(WHITE, 0.4), 0.8);
            self.above.polyline(&[(right + 1.0, wish), (right + 8.0, place)], stroke);
            let text = Text::at(right + 10.5, place, &label.text).size(size::SMALL);
            self.above.text(&text.centered().color(color));
        }
    }

    /// Puts the panel on the figure.
    pub fn finish(self, canvas: &mut Canvas) {
        canvas.raw(&self.below.into_body());
        let mut flat = self.areas;
        flat.raw(&self.lines.into_body());
        canvas.clipped(&self.id, grown(self.frame, 1.0), &flat);
        // Points and rings at the edge stick out by their own size.
        canvas.clipped(&format!("{}-spots", self.id), grown(self.frame, 8.0), &self.spots);
        canvas.raw(&self.above.into_body());
    }

    fn places(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        points.iter().map(|(x, y)| self.place(*x, *y)).collect()
    }
}

fn grown(frame: Frame, margin: f64) -> Frame {
    Frame {
        x: frame.x - margin,
        y: frame.y - margin,
        width: frame.width + 2.0 * margin,
        height: frame.height + 2.0 * margin,
    }
}

fn draw_y_axis(canvas: &mut Canvas, frame: Frame, scale: &Scale, axis: &Axis) {
    for tick in &axis.ticks {
        let y = scale.at(tick.value);
        let faint = if tick.label.is_some() { GRID } else { GRID.mix(WHITE, 0.5) };
        canvas.line((frame.x, y), (frame.right(), y), Stroke::new(faint, 0.8));
        if let (Some(label), true) = (&tick.label, axis.labels != Labels::None) {
            let text = Text::at(frame.x - 5.0, y, label).size(size::SMALL).end().centered();
            canvas.text(&text.color(GREY));
        }
    }
    if axis.labels == Labels::Full {
        let widest = axis.ticks.iter().filter_map(|tick| tick.label.as_deref());
        let widest = widest
            .map(|label| Text::at(0.0, 0.0, label).size(size::SMALL).width())
            .fold(0.0, f64::max);
        let x = frame.x - widest - 11.0;
        canvas.text(&Text::at(x, frame.center_y(), &axis.title).middle().rotated(-90.0));
    }
}

fn draw_x_axis(canvas: &mut Canvas, frame: Frame, scale: &Scale, axis: &Axis) {
    let bottom = frame.bottom();
    canvas.line((frame.x, bottom), (frame.right(), bottom), Stroke::new(SILVER, 0.9));
    let mut free_from = f64::NEG_INFINITY;
    let mut most_lines = 1;
    for tick in &axis.ticks {
        let x = scale.at(tick.value);
        let length = if tick.label.is_some() { 4.0 } else { 2.5 };
        canvas.line((x, bottom), (x, bottom + length), Stroke::new(SILVER, 0.9));
        let Some(label) = tick.label.as_deref().filter(|_| axis.labels != Labels::None) else {
            continue;
        };
        let lines: Vec<Text<'_>> = label
            .lines()
            .enumerate()
            .map(|(line, part)| Text::at(x, bottom + 14.5 + line as f64 * TICK_LINE, part))
            .map(|text| text.size(size::SMALL).middle().color(GREY))
            .collect();
        let half = lines.iter().map(Text::width).fold(0.0, f64::max) / 2.0;
        // A label that would touch the one before is left out.
        if x - half < free_from {
            continue;
        }
        free_from = x + half + LABEL_GAP;
        most_lines = most_lines.max(lines.len());
        for line in &lines {
            canvas.text(line);
        }
    }
    if axis.labels == Labels::Full {
        let y = bottom + 29.0 + (most_lines - 1) as f64 * TICK_LINE;
        canvas.text(&Text::at(frame.center_x(), y, &axis.title).middle());
    }
}
