//! Mean, standard deviation and confidence interval of a small sample.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{ALPHA, Possible};
use crate::findings::{Estimate, Interval};

/// The mean of the values with its 95 % confidence interval; none without values.
///
/// x̄ ± t · s / √n, with the mean x̄, the sample standard deviation
/// s = √(Σ (xᵢ − x̄)² / (n − 1)), and t the 0.975 quantile of Student's distribution with n − 1
/// degrees of freedom (Student, 1908). It assumes that the values are independent and normal.
///
/// ```
/// let seeds = plateau_analysis::stats::estimate(&[0.77, 0.78, 0.79]).unwrap();
/// assert!((seeds.mean - 0.78).abs() < 1e-12);
/// assert!(seeds.interval.unwrap().lower < 0.77);
/// ```
#[must_use]
pub fn estimate(values: &[f64]) -> Option<Estimate> {
    estimate_within(Possible::ANY, values)
}

/// The same of a quantity that can't have all values: the interval is cut where they end.
///
/// The uncut interval holds the true mean in 95 % of samples, and so does its part that is
/// possible, since the true mean is. All that is said of accuracies, gaps and losses comes from
/// here.
///
/// ```
/// use plateau_analysis::stats::{Possible, estimate_within};
/// let interval = estimate_within(Possible::SHARE, &[0.89, 0.91]).unwrap().interval.unwrap();
/// assert!(interval.lower < 0.78 && interval.upper == 1.0);
/// ```
#[must_use]
pub fn estimate_within(possible: Possible, values: &[f64]) -> Option<Estimate> {
    let n = values.len();
    let mean = mean(values)?;
    let sd = sample_sd(values);
    let interval = sd.and_then(|sd| {
        let reach = t_critical(n as f64 - 1.0) * sd / (n as f64).sqrt();
        possible.part_of(Interval { lower: mean - reach, upper: mean + reach })
    });
    Some(Estimate { n, mean, sd, interval })
}

/// The arithmetic mean; none without values.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    // The sum of very large values overflows where their mean does not.
    let mean = if mean.is_finite() { mean } else { values.iter().map(|x| x / n).sum() };
    // Adding 0 takes the sign off −0.
    (!values.is_empty()).then_some(mean + 0.0)
}

/// The standard deviation with divisor n − 1; none for fewer than two values, or if it is too
/// large to be represented.
#[must_use]
pub fn sample_sd(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    let over = |unit: f64| {
        let squares: f64 = values.iter().map(|x| ((x - mean) / unit).powi(2)).sum();
        (squares / (values.len() as f64 - 1.0)).sqrt()
    };
    let mut sd = over(1.0);
    if !sd.is_normal() {
        // Squares of very large or very small numbers leave the range, those of shares of the
        // largest do not.
        let unit = values.iter().map(|x| (x - mean).abs()).fold(0.0, f64::max);
        if unit > 0.0 {
            sd = unit * over(unit);
        }
    }
    (values.len() > 1 && sd.is_finite()).then_some(sd)
}

/// The quantile of Student's t that 95 % of draws stay within, on both sides.
///
/// # Panics
/// If `df` is not positive.
#[must_use]
pub fn t_critical(df: f64) -> f64 {
    student(df).inverse_cdf(1.0 - ALPHA / 2.0)
}

/// The two-sided p-value of a t statistic: P(|T| ≥ |t|). Never 0: where it is too small to be
/// represented, it is the smallest positive number of full precision.
pub(super) fn two_sided_p(t: f64, df: f64) -> f64 {
    (2.0 * student(df).sf(t.abs())).clamp(f64::MIN_POSITIVE, 1.0)
}

fn student(df: f64) -> StudentsT {
    StudentsT::new(0.0, 1.0, df).expect("degrees of freedom are positive")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_value_has_no_spread_and_none_has_nothing() {
        assert_eq!(estimate(&[3.0]), Some(Estimate { n: 1, mean: 3.0, sd: None, interval: None }));
        assert_eq!(estimate(&[]), None);
    }

    #[test]
    fn an_interval_holds_nothing_impossible() {
        let ends = |possible, values: &[f64]| {
            let interval = estimate_within(possible, values).unwrap().interval.unwrap();
            (interval.lower, interval.upper)
        };
        assert_eq!(ends(Possible::SHARE, &[0.05, 0.95]), (0.0, 1.0));
        assert_eq!(ends(Possible::SHARE_DIFFERENCE, &[-1.0, 1.0]), (-1.0, 1.0));
        assert_eq!(ends(Possible::GAP_DIFFERENCE, &[-2.0, 2.0]), (-2.0, 2.0));
        assert_eq!(ends(Possible::NOT_NEGATIVE, &[0.1, 1e30]).0, 0.0);
        assert_eq!(ends(Possible::SHARE, &[1.0, 1.0]), (1.0, 1.0));
        let (whole, cut) = (estimate(&[0.7, 0.72]), estimate_within(Possible::SHARE, &[0.7, 0.72]));
        assert_eq!(whole, cut, "what is possible stays as it was");
    }

    #[test]
    fn very_large_and_very_small_values_give_finite_numbers_or_none() {
        for scale in [1e-320, 1e-200, 1e160, 1e300, f64::MAX / 2.0] {
            let here = estimate(&[scale, scale / 2.0, scale / 4.0]).unwrap();
            assert!(here.mean.is_finite() && here.mean > 0.0, "{scale:e}");
            assert!(here.sd.unwrap() > 0.1 * scale, "{scale:e}");
            let interval = here.interval;
            assert!(interval.is_none_or(|i| i.lower.is_finite() && i.upper.is_finite()));
        }
        let wide = estimate(&[f64::MAX, f64::MIN]).unwrap();
        assert_eq!((wide.mean, wide.sd, wide.interval), (0.0, None, None));
    }

    #[test]
    fn critical_values_agree_with_the_printed_tables() {
        for (df, t) in [(1.0, 12.706), (4.0, 2.776), (9.0, 2.262), (1000.0, 1.962)] {
            assert!((t_critical(df) - t).abs() < 5e-4, "{df}");
        }
    }

    proptest! {
        #[test]
        fn interval_contains_the_mean_and_shifts_with_the_values(
            values in prop::collection::vec(-1e3..1e3_f64, 2..20),
            shift in -1e3..1e3_f64,
        ) {
            let here = estimate(&values).unwrap();
            let interval = here.interval.unwrap();
            prop_assert!(interval.lower <= here.mean && here.mean <= interval.upper);
            let moved: Vec<f64> = values.iter().map(|x| x + shift).collect();
            let there = estimate(&moved).unwrap();
            prop_assert!((there.mean - here.mean - shift).abs() < 1e-9);
            prop_assert!((there.sd.unwrap() - here.sd.unwrap()).abs() < 1e-9);
        }
    }
}
