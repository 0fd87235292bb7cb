//! The embedded font: its bytes for rasterising and for the page, its widths for layout.

use std::sync::{Arc, LazyLock};

use resvg::usvg::fontdb::Database;
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

/// Source Sans 3 cut down to the signs used here (see `assets/README.md`).
pub(crate) const REGULAR_TTF: &[u8] = include_bytes!("../../assets/PlateauSans-Regular.ttf");
pub(crate) const SEMI_BOLD_TTF: &[u8] = include_bytes!("../../assets/PlateauSans-SemiBold.ttf");

/// The same fonts for web pages.
pub(crate) const REGULAR_WOFF2: &[u8] = include_bytes!("../../assets/PlateauSans-Regular.woff2");
pub(crate) const SEMI_BOLD_WOFF2: &[u8] = include_bytes!("../../assets/PlateauSans-SemiBold.woff2");

/// What a figure asks for: the embedded font, or the nearest that a viewer may have. Without
/// quotes `Source Sans 3` is no name, and the whole list void.
pub(crate) const FAMILY: &str = "'Plateau Sans', 'Source Sans 3', 'Source Sans Pro', 'Open Sans', \
                                 Helvetica, Arial, sans-serif";

/// The two weights in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weight {
    /// 400.
    #[default]
    Regular,
    /// 600.
    SemiBold,
}

static DATABASE: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut database = Database::new();
    database.load_font_data(REGULAR_TTF.to_vec());
    database.load_font_data(SEMI_BOLD_TTF.to_vec());
    database.set_sans_serif_family("Plateau Sans");
    Arc::new(database)
});

/// The embedded fonts alone: no figure depends on what a machine has installed.
pub(crate) fn database() -> Arc<Database> {
    Arc::clone(&DATABASE)
}

/// Width of a line of text in the embedded font, in the unit of `size`. Kerning is left out: it
/// only ever narrows the text by a hair.
#[must_use]
pub fn text_width(text: &str, size: f64, weight: Weight) -> f64 {
    let bytes = match weight {
        Weight::Regular => REGULAR_TTF,
        Weight::SemiBold => SEMI_BOLD_TTF,
    };
    let font = FontRef::new(bytes).expect("the embedded font is a font");
    let metrics = font.glyph_metrics(Size::new(1000.0), LocationRef::default());
    let charmap = font.charmap();
    let width: f32 = text
        .chars()
        .map(|c| charmap.map(c).and_then(|glyph| metrics.advance_width(glyph)).unwrap_or(600.0))
        .sum();
    f64::from(width) / 1000.0 * size
}

/// Breaks a line at spaces into lines that fit the room; a longer word stays whole.
#[must_use]
pub fn wrap(text: &str, size: f64, room: f64) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {word}"), size, Weight::Regular) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_tabular() {
        let width = |text| text_width(text, 10.0, Weight::Regular);
        assert_eq!(width("1111"), width("0897"));
        assert!((width("0") - 4.97).abs() < 1e-6);
    }

    #[test]
    fn every_sign_the_reports_use_is_in_the_font() {
        let font = FontRef::new(REGULAR_TTF).unwrap();
        // Names of phases have no other letters.
        for c in ' '..='~' {
            assert!(font.charmap().map(c).is_some(), "{c}");
        }
        for c in "−±×·≤≥≈→↑αβγελμησ∂°–—…⁻⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃“”’√".chars()
        {
            assert!(font.charmap().map(c).is_some(), "{c}");
        }
    }

    #[test]
    fn long_labels_wrap_at_spaces() {
        assert_eq!(wrap("cosine from 0.02", 9.5, 200.0), "cosine from 0.02");
        assert_eq!(wrap("cosine from 0.02", 9.5, 55.0), "cosine from\n0.02");
        assert_eq!(wrap("cosine from 0.02", 9.5, 5.0), "cosine\nfrom\n0.02");
    }
}
