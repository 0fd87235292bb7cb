//! Checks of single arguments; clap names the argument and exits with 2.

use std::ops::RangeInclusive;

/// A learning rate.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    number(text, |value| value > 0.0, "a number above 0")
}

/// A share that may be 0 but not 1: dropout, momentum.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    number(text, |value| (0.0..1.0).contains(&value), "a number in [0, 1)")
}

/// The factor of the step schedule.
pub(crate) fn factor(text: &str) -> Result<f64, String> {
    number(text, |value| value > 0.0 && value < 1.0, "a number between 0 and 1")
}

/// An L2 penalty.
pub(crate) fn penalty(text: &str) -> Result<f64, String> {
    number(text, |value| value >= 0.0, "a number that isn't negative")
}

/// A time.
pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    number(text, |value| (0.0..=1e6).contains(&value), "a number of seconds, 0 or more")
}

/// A number of seeds, as many as a study file may ask for.
pub(crate) fn seeds(text: &str) -> Result<u32, String> {
    whole(text, 1..=1_000)
}

/// Units or channels of a layer, likewise.
pub(crate) fn units(text: &str) -> Result<u32, String> {
    whole(text, 1..=8_192)
}

/// A size or count.
pub(crate) fn count(text: &str) -> Result<u32, String> {
    whole(text, 1..=1_000_000_000)
}

fn number(text: &str, fits: impl Fn(f64) -> bool, expected: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && fits(value) => Ok(value),
        _ => Err(format!("expected {expected}")),
    }
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
        assert_eq!(rate("0.1"), Ok(0.1));
        for text in ["0", "-1", "NaN", "inf", "x"] {
            assert_eq!(rate(text), Err("expected a number above 0".to_owned()), "{text}");
        }
        assert_eq!(share("0"), Ok(0.0));
        assert!(share("1").is_err() && share("-0.1").is_err());
        assert!(factor("1").is_err() && factor("0.5").is_ok());
        assert!(count("0").is_err() && count("128").is_ok() && count("1.5").is_err());
    }
}
