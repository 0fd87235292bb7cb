//! The keys of a table: each is taken once, and what is left over is reported.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::SpecError;

pub(super) type Value<'a, 'i> = &'a Spanned<DeValue<'i>>;

/// A table under way of being read.
pub(super) struct Keys<'a, 'i> {
    table: &'a DeTable<'i>,
    /// Where the table is: the place to report a missing key at.
    span: Range<usize>,
    /// What the table is called in messages.
    name: String,
    taken: Vec<&'static str>,
}

impl<'a, 'i> Keys<'a, 'i> {
    pub(super) fn new(name: impl Into<String>, span: Range<usize>, table: &'a DeTable<'i>) -> Self {
        Self { table, span, name: name.into(), taken: Vec::new() }
    }

    /// Reads a value as a table; reports any other.
    pub(super) fn of(
        name: impl Into<String>,
        value: Value<'a, 'i>,
        errors: &mut Vec<SpecError>,
    ) -> Option<Self> {
        let name = name.into();
        match value.get_ref() {
            DeValue::Table(table) => Some(Self::new(name, value.span(), table)),
            _ => {
                errors.push(mismatch(value, &format!("{name} must be a table")));
                None
            }
        }
    }

    /// The place of the table.
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The value of a key that may be absent.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Value<'a, 'i>> {
        self.taken.push(key);
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// Reads the value of a key that may be absent.
    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        errors: &mut Vec<SpecError>,
        read: impl FnOnce(&'static str, Value<'a, 'i>, &mut Vec<SpecError>) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let value = self.take(key)?;
        read(key, value, errors).map(|read| Spanned::new(value.span(), read))
    }

    /// Reads the value of a key that must be there.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        errors: &mut Vec<SpecError>,
        read: impl FnOnce(&'static str, Value<'a, 'i>, &mut Vec<SpecError>) -> Option<T>,
    ) -> Option<Spanned<T>> {
        if self.take(key).is_none() {
            let error = SpecError::new(self.span(), format!("{} lacks `{key}`", self.name));
            errors.push(error.label(format!("`{key}` is missing")));
            return None;
        }
        self.optional(key, errors, read)
    }

    /// Reports every key that was not taken, with the nearest that could have been.
    pub(super) fn finish(self, errors: &mut Vec<SpecError>) {
        for key in self.table.keys().filter(|key| !self.taken.contains(&key.get_ref().as_ref())) {
            let found = key.get_ref();
            let error = SpecError::new(key.span(), format!("{} has no key `{found}`", self.name));
            errors.push(error.label("unknown key").help(suggestion(found, &self.taken)));
        }
    }
}

/// “did you mean …?” if one of the names is near, else all of them.
pub(super) fn suggestion<S: AsRef<str>>(found: &str, names: &[S]) -> String {
    let near = names
        .iter()
        .map(|name| (strsim::damerau_levenshtein(found, name.as_ref()), name.as_ref()))
        .min()
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4);
    if let Some((_, name)) = near {
        return format!("did you mean `{name}`?");
    }
    let mut sorted: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    sorted.sort_unstable();
    sorted.dedup();
    match sorted.as_slice() {
        [] => "there is none to choose from".to_owned(),
        names => format!("known here: `{}`", names.join("`, `")),
    }
}

/// A value of the wrong type.
pub(super) fn mismatch(value: Value<'_, '_>, expected: &str) -> SpecError {
    SpecError::new(value.span(), expected).label(format!("found {}", describe(value.get_ref())))
}

/// The beginning of a text, where it is too long for a message.
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text {}", shortened(&format!("{text:?}"))),
        DeValue::Integer(number) => shortened(&number.to_string()),
        DeValue::Float(number) => shortened(&number.to_string()),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(items) => format!("a list of {}", items.len()),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
