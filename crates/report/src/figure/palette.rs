//! Colours. One thing has one colour in every figure.

use std::fmt;

/// An sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color(pub u8, pub u8, pub u8);

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

impl Color {
    /// `share` of the way to `other`, in sRGB.
    #[must_use]
    pub fn mix(self, other: Self, share: f64) -> Self {
        let channel = |a: u8, b: u8| {
            (f64::from(a) + (f64::from(b) - f64::from(a)) * share.clamp(0.0, 1.0)).round() as u8
        };
        Self(channel(self.0, other.0), channel(self.1, other.1), channel(self.2, other.2))
    }

    /// Relative luminance (WCAG 2.2), 0 for black and 1 for white.
    #[must_use]
    pub fn luminance(self) -> f64 {
        let linear = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// The same hue, as dark as text on white needs: contrast 4.5 (WCAG 2.2, level AA).
    #[must_use]
    pub fn for_text(self) -> Self {
        const MOST: f64 = 1.05 / 4.5 - 0.05;
        let steps = (0..=20).map(|step| self.mix(INK, f64::from(step) / 20.0));
        steps.into_iter().find(|color| color.luminance() <= MOST).unwrap_or(INK)
    }

    /// Black or white, whichever is legible on this colour.
    #[must_use]
    pub fn text_on(self) -> Self {
        // Contrast with white beats contrast with black below this luminance.
        if self.luminance() < 0.179 { WHITE } else { INK }
    }
}

/// Paper.
pub const WHITE: Color = Color(255, 255, 255);
/// Text.
pub const INK: Color = Color(34, 34, 34);
/// Secondary text, axes.
pub const GREY: Color = Color(102, 102, 102);
/// Lines that connect, zero lines.
pub const SILVER: Color = Color(160, 160, 160);
/// Grid lines.
pub const GRID: Color = Color(230, 230, 230);

/// The model as it is: no dropout, no batch norm, constant rate (Okabe & Ito's blue).
pub const PLAIN: Color = Color(0, 114, 178);
/// The model with the best non-zero dropout rate (Okabe & Ito's vermillion).
pub const DROPOUT: Color = Color(213, 94, 0);
/// The model with batch normalisation (Okabe & Ito's bluish green, a little darker for text).
pub const BATCH_NORM: Color = Color(0, 140, 103);
/// The rate lowered by a schedule (Okabe & Ito's reddish purple, darker for text).
pub const SCHEDULE: Color = Color(170, 70, 130);
/// Frozen convolutions from the other half (Okabe & Ito's orange, darker for text).
pub const TRANSFER: Color = Color(178, 118, 0);

/// Viridis (van der Walt & Smith, 2015) at nine equal steps.
const VIRIDIS: [Color; 9] = [
    Color(68, 1, 84),
    Color(71, 44, 122),
    Color(59, 81, 139),
    Color(44, 113, 142),
    Color(33, 144, 141),
    Color(39, 173, 129),
    Color(92, 200, 99),
    Color(170, 220, 50),
    Color(253, 231, 37),
];

/// Viridis at a place in [0, 1].
#[must_use]
pub fn viridis(place: f64) -> Color {
    let place = place.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let below = (place.floor() as usize).min(VIRIDIS.len() - 2);
    VIRIDIS[below].mix(VIRIDIS[below + 1], place - below as f64)
}

/// Colours of `n` ordered settings, from dark to light; the light yellow end, hard to see on
/// white, is left out.
#[must_use]
pub fn ordered(n: usize) -> Vec<Color> {
    const LAST: f64 = 0.82;
    let step = if n > 1 { LAST / (n - 1) as f64 } else { 0.0 };
    (0..n).map(|i| viridis(i as f64 * step)).collect()
}

/// White to the blue of [`PLAIN`], for shares in [0, 1].
#[must_use]
pub fn share(value: f64) -> Color {
    WHITE.mix(PLAIN.mix(Color(0, 40, 80), 0.4), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordered_colours_differ_and_stay_dark_enough_to_see() {
        let colors = ordered(5);
        for pair in colors.windows(2) {
            assert!(pair[0].luminance() < pair[1].luminance());
        }
        assert!(colors.iter().all(|color| color.luminance() < 0.6));
        assert!(colors.iter().all(|color| color.for_text().luminance() < 0.19));
    }
}
