//! Times from numbers of seconds, whatever these are.

use std::time::Duration;

/// More than anybody waits: a million years.
const MAX_SECONDS: f64 = 3.2e13;

/// So many seconds; none of what is no number or negative, and never more than a million years.
pub(crate) fn seconds(seconds: f64) -> Duration {
    let number = if seconds.is_nan() { 0.0 } else { seconds };
    Duration::from_secs_f64(number.clamp(0.0, MAX_SECONDS))
}

/// `40 s`, `7 min`, `2 h 05 min`, `12 days`, `3 years`.
pub(crate) fn duration(of: f64) -> String {
    let all = seconds(of).as_secs();
    let days = all / 86_400;
    match all {
        0..=89 => format!("{all} s"),
        90..=5_399 => format!("{} min", (all + 30) / 60),
        5_400..=359_999 => format!("{} h {:02} min", all / 3_600, all % 3_600 / 60),
        _ if days < 1_000 => format!("{days} days"),
        _ if days < 365_000_000 => format!("{} years", days / 365),
        _ => "more than a million years".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well_and_none_is_too_long() {
        let texts = [40.0, 100.0, 7500.0, 4e5, 1e9, 3.6e19].map(duration);
        let expected =
            ["40 s", "2 min", "2 h 05 min", "4 days", "31 years", "more than a million years"];
        assert_eq!(texts, expected);
        for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, f64::MAX] {
            duration(odd);
        }
        assert_eq!(seconds(f64::NAN), Duration::ZERO);
    }
}
