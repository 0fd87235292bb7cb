//! Numbers as text: true minus signs, fixed decimals, p-values without false precision.

use plateau_analysis::{Estimate, Interval, number};

pub(crate) use crate::figure::ticks::decimal;
use crate::figure::ticks::{minus, power};

/// Fixed decimals, but powers of ten from seven digits on; with a true minus sign and no negative
/// zero.
#[must_use]
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    if value.is_finite() && value.abs() >= 1e6 {
        return scientific(value);
    }
    minus(&number::fixed(value, decimals))
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

/// A mean of fractions in per cent: see [`plus_minus`].
#[must_use]
pub(crate) fn percent_estimate(estimate: Estimate) -> String {
    plus_minus(estimate, 100.0, 2)
}

/// A mean times `factor` with half the width of its interval: `77.90 ± 0.41`. Where the interval
/// was cut, ± would tell of what can't be, and its ends are given: `99.90 (99.20 to 100.00)`.
#[must_use]
pub(crate) fn plus_minus(estimate: Estimate, factor: f64, decimals: usize) -> String {
    let shown = |value: f64| fixed(value * factor, decimals);
    format!("{}{}", shown(estimate.mean), reach(estimate, shown))
}

/// What stands after a mean: half the width of its interval, or its ends, or nothing.
pub(crate) fn reach(estimate: Estimate, shown: impl Fn(f64) -> String) -> String {
    match (estimate.half_width(), estimate.interval) {
        (Some(half), _) => format!(" ± {}", shown(half)),
        (None, Some(Interval { lower, upper })) => {
            format!(" ({} to {})", shown(lower), shown(upper))
        }
        (None, None) => String::new(),
    }
}

/// What captions add where [`reach`] gives the ends of an interval.
pub(crate) fn cut_words<'a>(estimates: impl IntoIterator<Item = &'a Estimate>) -> &'static str {
    if estimates.into_iter().any(Estimate::is_cut) {
        " (where that would go beyond what is possible, the interval’s ends in parentheses)"
    } else {
        ""
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
    if value == 0.0 || !value.is_finite() {
        return decimal(value);
    }
    let (mantissa, exponent) = number::scientific(value, 2);
    if (-2..4).contains(&exponent) {
        let decimals = usize::try_from(2 - exponent).unwrap_or(0);
        return minus(&format!("{value:.decimals$}"));
    }
    format!("{}×{}", minus(&mantissa), power(exponent, 1.0))
}

/// A ratio from its decimal logarithm, which may be of any size: two decimals, or powers of ten.
#[must_use]
pub(crate) fn ratio(log: f64) -> String {
    let value = 10_f64.powf(log);
    if (0.005..1e6).contains(&value) {
        return fixed(value, 2);
    }
    if !log.is_finite() {
        return decimal(log);
    }
    let mut exponent = log.floor();
    let mut mantissa = format!("{:.2}", 10_f64.powf(log - exponent));
    if mantissa == "10.00" {
        (mantissa, exponent) = ("1.00".to_owned(), exponent + 1.0);
    }
    format!("{mantissa}×{}", power(exponent as i32, 1.0))
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
        assert_eq!(scientific(5e-324), "4.94×10⁻³²⁴");
        assert_eq!(fixed(-1.2e30, 3), "−1.20×10³⁰");
        assert_eq!(fixed(f64::NAN, 3), "–");
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }

    #[test]
    fn ratios_of_any_size_can_be_read() {
        assert_eq!([ratio(0.0), ratio(-2.0), ratio(5.5)], ["1.00", "0.01", "316227.77"]);
        assert_eq!([ratio(-5.0), ratio(-400.5)], ["1.00×10⁻⁵", "3.16×10⁻⁴⁰¹"]);
        assert_eq!(ratio(308.999_9), "1.00×10³⁰⁹");
    }

    #[test]
    fn plus_minus_is_for_intervals_that_reach_equally_far() {
        let estimate = |lower, upper| Estimate {
            n: 2,
            mean: 0.9,
            sd: Some(0.05),
            interval: Some(Interval { lower, upper }),
        };
        assert_eq!(percent_estimate(estimate(0.85, 0.95)), "90.00 ± 5.00");
        assert_eq!(percent_estimate(estimate(0.45, 1.0)), "90.00 (45.00 to 100.00)");
        assert_eq!(percent_estimate(Estimate { interval: None, ..estimate(0.0, 0.0) }), "90.00");
    }
}
