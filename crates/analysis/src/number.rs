//! Numbers as people read them, in labels, rules and messages.

/// Characters, beside a minus sign, that a number may take.
const ROOM: usize = 8;

/// From here on, numbers with fixed decimals are written in powers of ten.
const LARGE: f64 = 1e6;

/// A number as it is usually written in a study file: shortest decimal form where it takes eight
/// characters at most, else rounded to what fits, and in powers of ten where it is very large or
/// very small.
///
/// ```
/// use plateau_analysis::number::short;
/// assert_eq!([0.03, 0.1 + 0.2, 1e-12, 1e300].map(short), ["0.03", "0.3", "1e-12", "1e300"]);
/// ```
#[must_use]
pub fn short(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    // Adding 0 takes the sign off −0.
    let value = value + 0.0;
    let exact = value.to_string();
    if exact.trim_start_matches('-').len() <= ROOM {
        return exact;
    }
    let (_, exponent) = scientific(value, 2);
    if !(-4..7).contains(&exponent) {
        let (mantissa, exponent) = scientific(value, 2);
        return format!("{}e{exponent}", without_zeros(&mantissa));
    }
    // One place is the point's, and the digits before it need theirs.
    let whole = usize::try_from(exponent).unwrap_or(0) + 1;
    let decimals = ROOM.saturating_sub(whole + 1);
    without_zeros(&format!("{value:.decimals$}"))
}

/// Fixed decimals, but powers of ten for numbers of seven digits and more. No zero has a sign.
#[must_use]
pub fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() || value.abs() >= LARGE {
        return short(value);
    }
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(zero) if zero.chars().all(|c| c == '0' || c == '.') => zero.to_owned(),
        _ => text,
    }
}

/// Mantissa with that many decimals, and exponent, of a finite number.
#[must_use]
pub fn scientific(value: f64, decimals: usize) -> (String, i32) {
    let text = format!("{value:.decimals$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.to_owned(), exponent.parse().unwrap_or(0))
}

/// 0.500 → 0.5, 2.00 → 2.
fn without_zeros(decimal: &str) -> String {
    if !decimal.contains('.') {
        return decimal.to_owned();
    }
    decimal.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_numbers_are_written_in_full_and_all_others_in_eight_characters() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (0.0125, "0.0125"),
            (0.00003, "0.00003"),
            (1e6, "1000000"),
            (0.3 * 3.0, "0.9"),
            (0.012_345_678_9, "0.012346"),
            (1.0 / 3.0, "0.333333"),
            (123.456_789, "123.4568"),
            (1_234_567.89, "1234568"),
            (0.000_012_345, "1.23e-5"),
            (1e-12, "1e-12"),
            (-1e300, "-1e300"),
            (f64::MAX, "1.8e308"),
            (5e-324, "4.94e-324"),
            (f64::NAN, "–"),
            (f64::INFINITY, "–"),
        ] {
            assert_eq!(short(value), expected, "{value:e}");
        }
    }

    #[test]
    fn fixed_decimals_end_where_they_would_be_a_wall_of_digits() {
        assert_eq!(fixed(1.234_5, 2), "1.23");
        assert_eq!(fixed(-0.000_1, 2), "0.00");
        assert_eq!(fixed(1e30, 3), "1e30");
        assert_eq!(fixed(f64::NAN, 3), "–");
    }
}
