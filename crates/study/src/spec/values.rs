//! Numbers, names and lists: each function reads one value, or reports what is wrong with it.

use plateau_record::bounds::{self, Bounds};
use plateau_record::{DataSet, Device, Seed};
use toml::Spanned;
use toml::de::DeValue;

use super::error::SpecError;
use super::keys::{Value, mismatch, suggestion};

type Errors = Vec<SpecError>;

pub(super) fn text(key: &str, value: Value<'_, '_>, errors: &mut Errors) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.clone().into_owned()),
        _ => report(errors, mismatch(value, &format!("`{key}` must be a text in quotes"))),
    }
}

/// A name of a study or phase: letters, digits and hyphens.
pub(super) fn name(key: &str, value: Value<'_, '_>, errors: &mut Errors) -> Option<String> {
    let name = text(key, value, errors)?;
    if is_name(&name) {
        return Some(name);
    }
    report(errors, mismatch(value, &format!("`{key}` must {}", name_words())))
}

/// Whether a study or phase may be called so: names become parts of file names.
pub(super) fn is_name(name: &str) -> bool {
    (1..=bounds::MAX_NAME).contains(&name.len())
        && !name.starts_with('-')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// What a name must be.
pub(super) fn name_words() -> String {
    format!(
        "consist of letters, digits and hyphens, {} at most, and begin with none of the last",
        bounds::MAX_NAME
    )
}

/// One line for the head of a report.
pub(super) fn title(key: &str, value: Value<'_, '_>, errors: &mut Errors) -> Option<String> {
    let title = text(key, value, errors)?;
    let n_chars = title.chars().count();
    if title.trim().is_empty() {
        let expected = format!("`{key}` must say something: it heads the report");
        return report(errors, mismatch(value, &expected).label("found nothing but space"));
    }
    if n_chars <= MAX_TITLE && !title.chars().any(char::is_control) {
        return Some(title);
    }
    let expected = format!("`{key}` must be one line of at most {MAX_TITLE} characters");
    report(errors, mismatch(value, &expected).label(format!("found {n_chars} characters")))
}

/// Characters of a title.
const MAX_TITLE: usize = 300;

/// A reference to a phase: its name and where it was written.
pub(super) fn phase(
    key: &str,
    value: Value<'_, '_>,
    errors: &mut Errors,
) -> Option<Spanned<String>> {
    text(key, value, errors).map(|name| Spanned::new(value.span(), name))
}

pub(super) fn truth(key: &str, value: Value<'_, '_>, errors: &mut Errors) -> Option<bool> {
    match value.get_ref() {
        DeValue::Boolean(truth) => Some(*truth),
        _ => report(errors, mismatch(value, &format!("`{key}` must be true or false"))),
    }
}

/// A whole number of at least 1.
pub(super) fn count(key: &'static str, value: Value<'_, '_>, errors: &mut Errors) -> Option<u32> {
    count_to(u32::MAX)(key, value, errors)
}

pub(super) fn seed(key: &str, value: Value<'_, '_>, errors: &mut Errors) -> Option<Seed> {
    let number = match value.get_ref() {
        DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    match number {
        Some(number) => Some(Seed(number)),
        None => {
            let expected = format!("`{key}` must be a whole number from 0 to {}", u64::MAX);
            report(errors, mismatch(value, &expected))
        }
    }
}

/// A whole number from 1 to `most`: of what a study file could otherwise ask any amount of memory
/// for.
pub(super) fn count_to(
    most: u32,
) -> impl Fn(&'static str, Value<'_, '_>, &mut Errors) -> Option<u32> {
    move |key, value, errors| {
        let number = integer(value).and_then(|number| u32::try_from(number).ok());
        if let Some(number) = number.filter(|number| (1..=most).contains(number)) {
            return Some(number);
        }
        let expected = format!("`{key}` must be a whole number from 1 to {most}");
        report(errors, mismatch(value, &expected))
    }
}

/// A number of seeds, or a list of them.
pub(super) fn seeds(key: &str, value: Value<'_, '_>, errors: &mut Errors) -> Option<Vec<Seed>> {
    if let DeValue::Array(items) = value.get_ref() {
        if items.len() > bounds::MAX_SEEDS as usize {
            let expected = format!("`{key}` must list at most {} seeds", bounds::MAX_SEEDS);
            return report(errors, mismatch(value, &expected));
        }
        return Some(plain(list(key, value, errors, seed)?));
    }
    let number = count_to(bounds::MAX_SEEDS)("seeds", value, errors)?;
    Some((0..u64::from(number)).map(Seed).collect())
}

/// A number that a setting may have.
pub(super) fn number(
    bounds: Bounds,
) -> impl Fn(&'static str, Value<'_, '_>, &mut Errors) -> Option<f64> {
    move |key, value, errors| {
        let number = match value.get_ref() {
            DeValue::Float(number) => number.as_str().parse().ok(),
            DeValue::Integer(_) => integer(value).map(|number| number as f64),
            _ => None,
        };
        match number.and_then(|number| bounds.check(number)) {
            Some(number) => Some(number),
            None => report(errors, mismatch(value, &format!("`{key}` must be {bounds}"))),
        }
    }
}

/// One value or a list of at least one, no two of them equal.
pub(super) fn one_or_many<'a, 'i, T: PartialEq>(
    key: &'static str,
    value: Value<'a, 'i>,
    errors: &mut Errors,
    read: impl Fn(&'static str, Value<'a, 'i>, &mut Errors) -> Option<T>,
) -> Option<Vec<Spanned<T>>> {
    match value.get_ref() {
        DeValue::Array(_) => list(key, value, errors, read),
        _ => read(key, value, errors).map(|one| vec![Spanned::new(value.span(), one)]),
    }
}

/// A list of at least one, no two of them equal.
pub(super) fn list<'a, 'i, T: PartialEq, K: AsRef<str> + Copy>(
    key: K,
    value: Value<'a, 'i>,
    errors: &mut Errors,
    read: impl Fn(K, Value<'a, 'i>, &mut Errors) -> Option<T>,
) -> Option<Vec<Spanned<T>>> {
    let items = many(key, value, errors, read)?;
    for (i, item) in items.iter().enumerate() {
        if items[..i].iter().any(|earlier| earlier.get_ref() == item.get_ref()) {
            let message = format!("`{}` lists the same value twice", key.as_ref());
            return report(errors, SpecError::new(item.span(), message).label("listed before"));
        }
    }
    Some(items)
}

/// A list of at least one.
pub(super) fn many<'a, 'i, T, K: AsRef<str> + Copy>(
    key: K,
    value: Value<'a, 'i>,
    errors: &mut Errors,
    read: impl Fn(K, Value<'a, 'i>, &mut Errors) -> Option<T>,
) -> Option<Vec<Spanned<T>>> {
    let DeValue::Array(items) = value.get_ref() else {
        return report(errors, mismatch(value, &format!("`{}` must be a list", key.as_ref())));
    };
    if items.len() > bounds::MAX_RUNS {
        let expected = format!("`{}` must list at most {} values", key.as_ref(), bounds::MAX_RUNS);
        return report(errors, mismatch(value, &expected));
    }
    if items.is_empty() {
        let message = format!("`{}` must list one value at least", key.as_ref());
        return report(errors, SpecError::new(value.span(), message).label("found an empty list"));
    }
    let read: Vec<Option<Spanned<T>>> = items
        .iter()
        .map(|item| read(key, item, errors).map(|read| Spanned::new(item.span(), read)))
        .collect();
    read.into_iter().collect()
}

/// One of a few words.
pub(super) fn word<T: Copy>(
    key: &str,
    value: Value<'_, '_>,
    errors: &mut Errors,
    words: &[(&str, T)],
) -> Option<T> {
    let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
    let expected = format!("`{key}` must be one of \"{}\"", names.join("\", \""));
    let DeValue::String(found) = value.get_ref() else {
        return report(errors, mismatch(value, &expected));
    };
    match words.iter().find(|(name, _)| name == found) {
        Some((_, meaning)) => Some(*meaning),
        None => report(errors, mismatch(value, &expected).help(suggestion(found, &names))),
    }
}

pub(super) fn data_set(key: &str, value: Value<'_, '_>, errors: &mut Errors) -> Option<DataSet> {
    let words = [("cifar10", DataSet::Cifar10), ("synthetic", DataSet::Synthetic)];
    word(key, value, errors, &words)
}

pub(super) fn device(key: &str, value: Value<'_, '_>, errors: &mut Errors) -> Option<Device> {
    word(key, value, errors, &[("cpu", Device::Cpu), ("wgpu", Device::Wgpu)])
}

/// The values without their places.
pub(super) fn plain<T>(items: Vec<Spanned<T>>) -> Vec<T> {
    items.into_iter().map(Spanned::into_inner).collect()
}

pub(super) fn report<T>(errors: &mut Errors, error: SpecError) -> Option<T> {
    errors.push(error);
    None
}

fn integer(value: Value<'_, '_>) -> Option<i64> {
    match value.get_ref() {
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    }
}
