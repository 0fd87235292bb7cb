//! What a reference says, and where it leads: the same in all forms of a report.

use super::markup::ReferenceKind;
use super::numbering::{Numbering, NumberingError};
use crate::references;

/// A reference resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    /// What it leads to.
    pub(crate) target: Target,
    /// Its id.
    pub(crate) id: String,
    /// `Figure 3`, `Section 2.1`, `[7]`, `Smith [7]`.
    pub(crate) text: String,
}

/// What a reference leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Figure,
    Table,
    Section,
    Work,
}

impl Target {
    /// The name of the place that has this id.
    pub(crate) fn anchor(self, id: &str) -> String {
        let prefix = match self {
            Self::Figure => "fig-",
            Self::Table => "tab-",
            Self::Section => "",
            Self::Work => "ref-",
        };
        format!("{prefix}{id}")
    }
}

impl Numbering {
    /// What a reference says.
    ///
    /// # Errors
    /// If it leads nowhere.
    pub(crate) fn label(&self, kind: ReferenceKind, id: &str) -> Result<Label, NumberingError> {
        let dangling = |kind| NumberingError::Dangling { kind, id: id.to_owned() };
        let (target, text) = match kind {
            ReferenceKind::Figure => {
                let number = self.figure(id).ok_or_else(|| dangling("figure"))?;
                (Target::Figure, format!("Figure\u{a0}{number}"))
            }
            ReferenceKind::Table => {
                let number = self.table(id).ok_or_else(|| dangling("table"))?;
                (Target::Table, format!("Table\u{a0}{number}"))
            }
            ReferenceKind::Section => {
                let number = self.section(id).ok_or_else(|| dangling("section"))?;
                (Target::Section, format!("Section\u{a0}{number}"))
            }
            ReferenceKind::Cite | ReferenceKind::TextCite => {
                let work = references::find(id).ok_or_else(|| dangling("work"))?;
                let position = self.works().position(|cited| cited.key == id);
                let number = position.ok_or_else(|| dangling("work"))? + 1;
                let text = match kind {
                    ReferenceKind::TextCite => format!("{} [{number}]", work.authors_short),
                    _ => format!("[{number}]"),
                };
                (Target::Work, text)
            }
        };
        Ok(Label { target, id: id.to_owned(), text })
    }
}
