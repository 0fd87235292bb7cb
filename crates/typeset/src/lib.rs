//! Typst source and pictures in, a PDF out.
//!
//! The only crate that sees the typesetter, which is large. Nothing is read from the system:
//! fonts are part of the program, files are passed in, and there is no date, so that equal
//! sources give equal bytes.
//!
//! # Fonts
//! The text is set in Libertinus Serif (Latin, Greek, Cyrillic, Hebrew), code in DejaVu Sans Mono
//! (Latin, Greek, Cyrillic, Arabic, signs), formulas in New Computer Modern. What the first of
//! them lacks is taken from the others and from the fonts that are passed in. None of them has
//! Chinese, Japanese or Korean letters, or emoji: such letters are boxes on the page, and
//! [`Pdf::missing`] names them.
//!
//! Text in pictures is another matter: what an SVG says is not looked at. The figures of a report
//! hold numbers, names from the program, and names of phases, which are ASCII; the font that
//! comes with them has all of that.

mod missing;
mod world;

use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

use world::Closed;

/// What is to be typeset.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Typst markup.
    pub main: String,
    /// Files that it names, by path.
    pub files: Vec<(String, Vec<u8>)>,
    /// Fonts beside the built-in ones (Libertinus Serif, New Computer Modern, DejaVu Sans Mono).
    pub fonts: Vec<&'static [u8]>,
}

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TypesetError {
    /// The source is not what it should be.
    #[error("the typesetter refuses the paper: {}", problems.join("; "))]
    Refused {
        /// What is wrong and, where it is known, in which line of the source.
        problems: Vec<String>,
    },
    /// A file's path is none that the typesetter understands.
    #[error("`{path}` is not a path inside the paper")]
    Path {
        /// The path.
        path: String,
    },
}

/// A typeset paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdf {
    /// The file's content, with embedded fonts and vector figures.
    pub bytes: Vec<u8>,
    /// Letters of the text that no font has: boxes on the page. Ascending, each once.
    pub missing: Vec<char>,
}

/// Typesets a paper.
///
/// # Errors
/// If the source has mistakes or names files that were not passed. Warnings, such as that of a
/// font that isn't there, are errors too: nobody would see them.
pub fn pdf(source: &Source) -> Result<Pdf, TypesetError> {
    let world = Closed::new(source)?;
    let compiled = typst::compile::<PagedDocument>(&world);
    let refused = |problems: &[typst::diag::SourceDiagnostic]| TypesetError::Refused {
        problems: problems.iter().map(|problem| world.describe(problem)).collect(),
    };
    let document = compiled.output.map_err(|errors| refused(&errors))?;
    if !compiled.warnings.is_empty() {
        return Err(refused(&compiled.warnings));
    }
    let bytes =
        typst_pdf::pdf(&document, &PdfOptions::default()).map_err(|errors| refused(&errors))?;
    Ok(Pdf { bytes, missing: missing::letters(&document) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(main: &str) -> Source {
        Source { main: main.to_owned(), ..Source::default() }
    }

    #[test]
    fn equal_sources_give_equal_pdfs_with_their_fonts() {
        let svg = br#"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>"#;
        let mut source = source("= Title\nText.\n#image(\"a/b.svg\")");
        source.files.push(("a/b.svg".to_owned(), svg.to_vec()));
        let first = pdf(&source).unwrap();
        assert!(first.bytes.starts_with(b"%PDF-"));
        assert_eq!(first, pdf(&source).unwrap());
        assert!(first.missing.is_empty());
        let text = String::from_utf8_lossy(&first.bytes).into_owned();
        assert!(text.contains("LibertinusSerif"), "the font is embedded");
        assert!(!text.contains("CreationDate"), "no date");
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        let error = pdf(&source("Text.\n#image(\"nowhere.svg\")")).unwrap_err();
        assert!(error.to_string().contains("line 2: file not found"), "{error}");
        let error = pdf(&source("#set text(font: \"Nowhere Sans\")\nText.")).unwrap_err();
        assert!(error.to_string().contains("line 1: unknown font family"), "{error}");
        let error = pdf(&source("$ x")).unwrap_err();
        assert!(error.to_string().contains("unclosed"), "{error}");
    }

    #[test]
    fn letters_that_no_font_has_are_named() {
        let missing = |text: &str| pdf(&source(text)).unwrap().missing;
        assert_eq!(
            missing("Ærøskøbing, Ελλάδα, Россия, שלום, e\u{301}, ﬁ, a\u{200d}b\u{ad}c"),
            Vec::<char>::new()
        );
        assert_eq!(missing("دراسة صغيرة"), Vec::<char>::new());
        assert_eq!(missing("学习 and 学习 again 🦀"), ['习', '学', '🦀']);
        assert_eq!(missing("#block(rotate(90deg)[#box[#text(\"学\")]])"), ['学']);
        // A family of three, joined by signs without a shape.
        assert_eq!(missing("👨\u{200d}👩\u{200d}👧\u{fe0f}"), ['👧', '👨', '👩']);
    }
}
