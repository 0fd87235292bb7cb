//! Numbers as text: true minus signs, fixed decimals, p-values without false precision.

use plateau_analysis::{Estimate, Interval};

pub(crate) use crate::figure::ticks::decimal;

/// Fixed decimals, with a true minus sign and no negative zero.
#[must_use]
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// A fraction as a percentage with two decimals, without the sign.
#[must_use]
pub(crate) fn percent(fraction: f64) -> String {
    fixed(fraction * 100.0, 2)
}

/// A difference of fractions in percentage points, always with its sign.
#[must_use]
pub(crate) fn signed_points(difference: f64) -> String {
    let text = percent(difference);
    if text.starts_with('−') || text == "0.00" { text } else { format!("+{text}") }
}

/// An interval of fractions in per cent: `77.10 to 78.30`.
#[must_use]
pub(crate) fn percent_interval(interval: Interval) -> String {
    format!("{} to {}", percent(interval.lower), percent(interval.upper))
}

/// A mean of fractions with half the width of its interval: `77.90 ± 0.41`, in per cent.
#[must_use]
pub(crate) fn percent_estimate(estimate: Estimate) -> String {
    plus_minus(estimate, 100.0, 2)
}

/// A mean times `factor` with half the width of its interval.
#[must_use]
pub(crate) fn plus_minus(estimate: Estimate, factor: f64, decimals: usize) -> String {
    let mean = fixed(estimate.mean * factor, decimals);
    match estimate.interval {
        Some(interval) => {
            let half = (interval.upper - interval.lower) / 2.0 * factor;
            format!("{mean} ± {}", fixed(half, decimals))
        }
        None => mean,
    }
}

/// `p = 0.013`, `p < 0.001`, by the name given, not to be broken over lines.
#[must_use]
pub(crate) fn p_value(name: &str, p: f64) -> String {
    if p < 0.001 {
        format!("{name}\u{a0}<\u{a0}0.001")
    } else {
        format!("{name}\u{a0}=\u{a0}{}", fixed(p, 3))
    }
}

/// A p-value for a table cell.
#[must_use]
pub(crate) fn p_cell(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { fixed(p, 3) }
}

/// A count with thousands separated by commas.
#[must_use]
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three significant digits, in powers of ten where decimals would be long.
#[must_use]
pub(crate) fn scientific(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let exponent = value.abs().log10().floor() as i32;
    if (-2..4).contains(&exponent) {
        return fixed(value, usize::try_from(2 - exponent).unwrap_or(0));
    }
    let mantissa = fixed(value / 10_f64.powi(exponent), 2);
    format!("{mantissa}×{}", crate::figure::ticks::power(exponent, 1.0))
}

/// Wall time in the largest fitting unit.
#[must_use]
pub(crate) fn duration(seconds: f64) -> String {
    if seconds < 90.0 {
        format!("{} s", fixed(seconds, 1))
    } else if seconds < 5400.0 {
        format!("{} min", fixed(seconds / 60.0, 1))
    } else {
        format!("{} h", fixed(seconds / 3600.0, 1))
    }
}

/// `a`, `a and b`, `a, b and c`.
#[must_use]
pub(crate) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// A small number in words.
#[must_use]
pub(crate) fn in_words(n: usize) -> String {
    const WORDS: [&str; 10] =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    WORDS.get(n).map_or_else(|| count(n as u64), |word| (*word).to_owned())
}

/// `1 run`, `2 runs`.
#[must_use]
pub(crate) fn plural(n: usize, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(n as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(128), "128");
        assert_eq!(fixed(-0.001, 2), "0.00");
        assert_eq!(fixed(-1.5, 1), "−1.5");
        assert_eq!(signed_points(0.0123), "+1.23");
        assert_eq!(p_value("p", 0.0004), "p\u{a0}<\u{a0}0.001");
        assert_eq!(scientific(0.000_123_4), "1.23×10⁻⁴");
        assert_eq!(scientific(1.5), "1.50");
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }
}
