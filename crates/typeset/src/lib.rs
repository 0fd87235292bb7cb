//! Typst source and pictures in, a PDF out.
//!
//! The only crate that sees the typesetter, which is large. Nothing is read from the system:
//! fonts are part of the program, files are passed in, and there is no date, so that equal
//! sources give equal bytes.

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

/// A PDF with embedded fonts and vector figures.
///
/// # Errors
/// If the source has mistakes or names files that were not passed. Warnings, such as that of a
/// font that isn't there, are errors too: nobody would see them.
pub fn pdf(source: &Source) -> Result<Vec<u8>, TypesetError> {
    let world = Closed::new(source)?;
    let compiled = typst::compile::<PagedDocument>(&world);
    let refused = |problems: &[typst::diag::SourceDiagnostic]| TypesetError::Refused {
        problems: problems.iter().map(|problem| world.describe(problem)).collect(),
    };
    let document = compiled.output.map_err(|errors| refused(&errors))?;
    if !compiled.warnings.is_empty() {
        return Err(refused(&compiled.warnings));
    }
    typst_pdf::pdf(&document, &PdfOptions::default()).map_err(|errors| refused(&errors))
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
        assert!(first.starts_with(b"%PDF-"));
        assert_eq!(first, pdf(&source).unwrap());
        let text = String::from_utf8_lossy(&first).into_owned();
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
}
