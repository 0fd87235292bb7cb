//! What is wrong with a study file, and where.

use std::fmt;
use std::ops::Range;

/// One mistake: what was expected, what was found, and the bytes of the file that say it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SpecError {
    /// What is wrong, with what was expected.
    pub message: String,
    /// The place in the source, in bytes.
    pub span: Range<usize>,
    /// A few words to put at that place: what was found.
    pub label: String,
    /// How it may be mended.
    pub help: Option<String>,
}

impl SpecError {
    pub(crate) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { message: message.into(), span, label: "here".to_owned(), help: None }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The line of `source` it begins on, from 1.
    #[must_use]
    pub fn line(&self, source: &str) -> usize {
        let start = self.span.start.min(source.len());
        source.as_bytes()[..start].iter().filter(|&&byte| byte == b'\n').count() + 1
    }
}

/// Everything that is wrong with a study file: one mistake at least, in the file's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecErrors(Vec<SpecError>);

impl SpecErrors {
    /// `Ok` if there are none.
    pub(crate) fn check(mut errors: Vec<SpecError>) -> Result<(), Self> {
        if errors.is_empty() {
            return Ok(());
        }
        errors.sort_by_key(|error| error.span.start);
        // A default that is wrong is wrong once, however many phases have it.
        errors.dedup();
        Err(Self(errors))
    }

    /// The mistakes, in the file's order.
    pub fn iter(&self) -> std::slice::Iter<'_, SpecError> {
        self.0.iter()
    }
}

impl From<SpecError> for SpecErrors {
    fn from(error: SpecError) -> Self {
        Self(vec![error])
    }
}

impl IntoIterator for SpecErrors {
    type Item = SpecError;
    type IntoIter = std::vec::IntoIter<SpecError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a SpecErrors {
    type Item = &'a SpecError;
    type IntoIter = std::slice::Iter<'a, SpecError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for SpecErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.iter().enumerate() {
            let separator = if i == 0 { "" } else { "; " };
            write!(f, "{separator}{error} ({})", error.label)?;
        }
        Ok(())
    }
}

impl std::error::Error for SpecErrors {}
