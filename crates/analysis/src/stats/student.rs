//! Mean, standard deviation and confidence interval of a small sample.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::ALPHA;
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
    let n = values.len();
    let mean = mean(values)?;
    let sd = sample_sd(values);
    let interval = sd.map(|sd| {
        let reach = t_critical(n as f64 - 1.0) * sd / (n as f64).sqrt();
        Interval { lower: mean - reach, upper: mean + reach }
    });
    Some(Estimate { n, mean, sd, interval })
}

/// The arithmetic mean; none without values.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The standard deviation with divisor n − 1; none for fewer than two values.
#[must_use]
pub fn sample_sd(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (values.len() as f64 - 1.0)).sqrt())
}

/// The quantile of Student's t that 95 % of draws stay within, on both sides.
///
/// # Panics
/// If `df` is not positive.
#[must_use]
pub fn t_critical(df: f64) -> f64 {
    student(df).inverse_cdf(1.0 - ALPHA / 2.0)
}

/// The two-sided p-value of a t statistic: P(|T| ≥ |t|).
pub(super) fn two_sided_p(t: f64, df: f64) -> f64 {
    (2.0 * student(df).sf(t.abs())).min(1.0)
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
