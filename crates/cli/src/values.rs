//! Checks of single arguments; clap names the argument and exits with 2.

use std::ops::RangeInclusive;

use plateau_record::bounds::{self, Bounds};

/// A number that a setting may have.
pub(crate) fn number(bounds: Bounds) -> impl Fn(&str) -> Result<f64, String> + Clone {
    move |text| {
        let number = text.parse().ok().and_then(|number| bounds.check(number));
        number.ok_or_else(|| format!("expected {bounds}"))
    }
}

/// A time.
pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.0..=1e6).contains(seconds));
    seconds.ok_or_else(|| "expected a number of seconds from 0 to 1e6".to_owned())
}

/// A number of seeds, as many as a study file may ask for.
pub(crate) fn seeds(text: &str) -> Result<u32, String> {
    whole(text, 1..=bounds::MAX_SEEDS)
}

/// Units or channels of a layer, likewise.
pub(crate) fn units(text: &str) -> Result<u32, String> {
    whole(text, 1..=bounds::MAX_UNITS)
}

/// Passes over the training images.
pub(crate) fn epochs(text: &str) -> Result<u32, String> {
    whole(text, 1..=bounds::MAX_EPOCHS)
}

/// Images per step.
pub(crate) fn batch(text: &str) -> Result<u32, String> {
    whole(text, 1..=bounds::MAX_BATCH)
}

/// Threads, or runs side by side.
pub(crate) fn threads(text: &str) -> Result<u32, String> {
    whole(text, 1..=bounds::MAX_THREADS)
}

/// A number of images or steps.
pub(crate) fn count(text: &str) -> Result<u32, String> {
    whole(text, 1..=1_000_000)
}

fn whole(text: &str, range: RangeInclusive<u32>) -> Result<u32, String> {
    match text.parse() {
        Ok(value) if range.contains(&value) => Ok(value),
        _ => Err(format!("expected a whole number from {} to {}", range.start(), range.end())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_refused_with_what_was_expected() {
        let rate = number(bounds::RATE);
        assert_eq!(rate("0.1"), Ok(0.1));
        for text in ["0", "-1", "NaN", "inf", "x", "1e300", "1e-50"] {
            let expected = Err("expected a number from 1e-12 to 1e6".to_owned());
            assert_eq!(rate(text), expected, "{text}");
        }
        let share = number(bounds::SHARE);
        assert_eq!(share("0"), Ok(0.0));
        assert!(share("1").is_err() && share("-0.1").is_err() && share("0.9999999").is_err());
        assert!(count("0").is_err() && count("128").is_ok() && count("1.5").is_err());
        assert!(threads("100000").is_err() && seconds("-1").is_err());
    }
}
