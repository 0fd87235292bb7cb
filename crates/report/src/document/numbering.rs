//! Which figure is Figure 3.

use std::collections::{BTreeMap, BTreeSet};

use super::markup::{MarkupError, ReferenceKind, Span, parse};
use super::{Block, Document};
use crate::references::{self, Work};

/// Numbers of figures, tables and sections, and the works cited.
#[derive(Clone, Debug, Default)]
pub struct Numbering {
    figures: BTreeMap<String, usize>,
    tables: BTreeMap<String, usize>,
    sections: BTreeMap<String, String>,
    cited: BTreeSet<&'static str>,
}

/// A document that refers to what it doesn't have, or has something twice.
#[derive(Debug, thiserror::Error)]
pub enum NumberingError {
    /// A reference to nothing.
    #[error("the text refers to the {kind} `{id}`, which the document doesn't have")]
    Dangling {
        /// figure, table, section or work.
        kind: &'static str,
        /// Its id.
        id: String,
    },
    /// Two things of one kind have the same id.
    #[error("the document has two {kind}s with the id `{id}`")]
    Duplicate {
        /// figure, table or section.
        kind: &'static str,
        /// Its id.
        id: String,
    },
    /// The markup is broken.
    #[error(transparent)]
    Markup(#[from] MarkupError),
}

impl Numbering {
    /// Numbers everything in the order of the document, and checks every reference.
    ///
    /// # Errors
    /// If a reference leads nowhere or an id is used twice.
    pub fn of(document: &Document) -> Result<Self, NumberingError> {
        let mut numbering = Self::default();
        let (mut section, mut subsection) = (0, 0);
        for block in &document.blocks {
            match block {
                Block::Figure(figure) => {
                    let number = numbering.figures.len() + 1;
                    insert(&mut numbering.figures, "figure", &figure.id, number)?;
                }
                Block::Table(table) => {
                    let number = numbering.tables.len() + 1;
                    insert(&mut numbering.tables, "table", &table.id, number)?;
                }
                Block::Heading { level: level @ 1.., id, .. } => {
                    let number = if *level == 1 {
                        (section, subsection) = (section + 1, 0);
                        section.to_string()
                    } else {
                        subsection += 1;
                        format!("{section}.{subsection}")
                    };
                    insert(&mut numbering.sections, "section", id, number)?;
                }
                _ => {}
            }
        }
        for markup in texts(document) {
            for span in parse(markup)? {
                if let Span::Reference { kind, id } = span {
                    numbering.check(kind, &id)?;
                }
            }
        }
        Ok(numbering)
    }

    fn check(&mut self, kind: ReferenceKind, id: &str) -> Result<(), NumberingError> {
        let (name, known) = match kind {
            ReferenceKind::Figure => ("figure", self.figures.contains_key(id)),
            ReferenceKind::Table => ("table", self.tables.contains_key(id)),
            ReferenceKind::Section => ("section", self.sections.contains_key(id)),
            ReferenceKind::Cite | ReferenceKind::TextCite => {
                let work = references::find(id);
                self.cited.extend(work.map(|work| work.key));
                ("work", work.is_some())
            }
        };
        if known { Ok(()) } else { Err(NumberingError::Dangling { kind: name, id: id.to_owned() }) }
    }

    /// The number of a figure.
    #[must_use]
    pub fn figure(&self, id: &str) -> Option<usize> {
        self.figures.get(id).copied()
    }

    /// The number of a table.
    #[must_use]
    pub fn table(&self, id: &str) -> Option<usize> {
        self.tables.get(id).copied()
    }

    /// The number of a section: `2` or `2.3`.
    #[must_use]
    pub fn section(&self, id: &str) -> Option<&str> {
        self.sections.get(id).map(String::as_str)
    }

    /// The works cited, in alphabetical order.
    pub fn works(&self) -> impl Iterator<Item = &'static Work> {
        references::WORKS.iter().filter(|work| self.cited.contains(work.key))
    }
}

fn insert<T>(
    numbers: &mut BTreeMap<String, T>,
    kind: &'static str,
    id: &str,
    number: T,
) -> Result<(), NumberingError> {
    if numbers.insert(id.to_owned(), number).is_some() {
        return Err(NumberingError::Duplicate { kind, id: id.to_owned() });
    }
    Ok(())
}

/// Every piece of markup in a document.
fn texts(document: &Document) -> impl Iterator<Item = &str> {
    document.blocks.iter().flat_map(|block| match block {
        Block::Paragraph(text) | Block::Notice(text) => vec![text.as_str()],
        Block::Bullets(items) => items.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_to_nothing_is_an_error() {
        for (markup, expected) in [
            ("see {figure:nowhere}", "figure"),
            ("see {table:nowhere}", "table"),
            ("see {section:nowhere}", "section"),
            ("see {cite:nobody1900}", "work"),
        ] {
            let mut document = Document::default();
            document.paragraph(markup);
            let error = Numbering::of(&document).unwrap_err();
            assert!(
                matches!(error, NumberingError::Dangling { kind, .. } if kind == expected),
                "{error}"
            );
        }
    }

    #[test]
    fn sections_and_works_are_numbered_in_order() {
        let mut document = Document::default();
        document.heading(1, "a", "A");
        document.heading(2, "b", "B");
        document.heading(1, "c", "C");
        document.paragraph("{section:b} {cite:smith2017} {cite:holm1979}");
        let numbering = Numbering::of(&document).unwrap();
        assert_eq!(numbering.section("b"), Some("1.1"));
        assert_eq!(numbering.section("c"), Some("2"));
        let keys: Vec<&str> = numbering.works().map(|work| work.key).collect();
        assert_eq!(keys, ["holm1979", "smith2017"]);
    }

    #[test]
    fn two_sections_with_one_id_are_an_error() {
        let mut document = Document::default();
        document.heading(1, "a", "A");
        document.heading(1, "a", "A");
        assert!(matches!(Numbering::of(&document), Err(NumberingError::Duplicate { .. })));
    }
}
