//! How many pairs a paired t-test needs.

use std::f64::consts::LN_2;

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use statrs::function::gamma::ln_gamma;

/// Steps of Simpson's rule, an even number.
const STEPS: u32 = 2000;

/// More pairs than this are not searched for.
const MAX_PAIRS: u32 = 100_000;

/// Larger effects, in standard deviations, are not searched for.
const MAX_EFFECT: f64 = 1e9;

/// The probability that a two-sided paired t-test of `n` pairs at level `alpha` rejects "no
/// difference", if the differences are normal with a mean of `effect` standard deviations.
///
/// T = (Z + δ) / S with δ = `effect`·√n, Z standard normal and S = √(χ²_ν / ν), ν = n − 1, is
/// noncentral t (Cohen, 1988, section 2.4); the probability of |T| beyond the critical value is
/// integrated over √S, which resolves small S better, by Simpson's rule. Zero with fewer than two pairs.
///
/// ```
/// let power = plateau_analysis::stats::paired_t_power(0.5, 34, 0.05);
/// assert!((power - 0.808).abs() < 1e-3);
/// ```
#[must_use]
pub fn paired_t_power(effect: f64, n: u32, alpha: f64) -> f64 {
    if n < 2 {
        return 0.0;
    }
    let df = f64::from(n - 1);
    let shift = effect.abs() * f64::from(n).sqrt();
    let student = StudentsT::new(0.0, 1.0, df).expect("degrees of freedom are positive");
    let critical = student.inverse_cdf(1.0 - alpha / 2.0);
    let normal = Normal::standard();
    // ln of the density of S: 2 (ν/2)^(ν/2) / Γ(ν/2) · s^(ν−1) exp(−ν s²/2).
    let constant = LN_2 + df / 2.0 * (df / 2.0).ln() - ln_gamma(df / 2.0);
    let integrand = |root: f64| {
        let s = root * root;
        let density = (constant + (df - 1.0) * s.ln() - df * s * s / 2.0).exp();
        2.0 * root
            * density
            * (normal.cdf(shift - critical * s) + normal.cdf(-shift - critical * s))
    };
    // Outside, S has less than 1e-15 of its mass.
    let reach = 12.0 / df.sqrt();
    let from = (1.0 - reach).max(1e-12).sqrt();
    let width = ((1.0 + reach).sqrt() - from) / f64::from(STEPS);
    let weighted = (0..=STEPS).map(|i| {
        let weight = match i {
            0 | STEPS => 1.0,
            i if i % 2 == 1 => 4.0,
            _ => 2.0,
        };
        weight * integrand(from + f64::from(i) * width)
    });
    (weighted.sum::<f64>() * width / 3.0).clamp(0.0, 1.0)
}

/// The least number of pairs with which [`paired_t_power`] reaches `power`; none above 100,000.
#[must_use]
pub fn pairs_needed(effect: f64, alpha: f64, power: f64) -> Option<u32> {
    let reaches = |n: u32| paired_t_power(effect, n, alpha) >= power;
    let mut high = 2;
    while !reaches(high) {
        high = high.checked_mul(2).filter(|n| *n <= 2 * MAX_PAIRS)?;
    }
    let mut low = high / 2;
    // Power grows with the number of pairs: `low` doesn't reach it, `high` does.
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if reaches(middle) { high = middle } else { low = middle }
    }
    (high <= MAX_PAIRS).then_some(high)
}

/// The smallest mean difference, in standard deviations of the differences, that `n` pairs
/// detect with that power; none with fewer than two pairs, or if there is none below 10⁹.
#[must_use]
pub fn detectable_effect(n: u32, alpha: f64, power: f64) -> Option<f64> {
    if n < 2 {
        return None;
    }
    let (mut low, mut high) = (0.0, 1.0);
    while paired_t_power(high, n, alpha) < power {
        high *= 2.0;
        if high > MAX_EFFECT {
            return None;
        }
    }
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if paired_t_power(middle, n, alpha) < power { low = middle } else { high = middle }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_effect_power_is_the_level() {
        for n in [2, 3, 5, 10, 100, 5000] {
            assert!((paired_t_power(0.0, n, 0.05) - 0.05).abs() < 1e-6, "{n}");
        }
        assert_eq!(paired_t_power(3.0, 1, 0.05), 0.0);
    }

    #[test]
    fn what_is_needed_just_suffices() {
        for effect in [0.1, 0.5, 1.0, 2.0, 10.0] {
            let n = pairs_needed(effect, 0.05, 0.8).unwrap();
            assert!(paired_t_power(effect, n, 0.05) >= 0.8);
            assert!(n == 2 || paired_t_power(effect, n - 1, 0.05) < 0.8);
        }
        assert_eq!(pairs_needed(1e-4, 0.05, 0.8), None);
        assert_eq!(pairs_needed(0.0, 0.05, 0.8), None);
    }

    #[test]
    fn a_detectable_effect_needs_no_more_pairs() {
        for n in [2, 3, 5, 10, 50] {
            let effect = detectable_effect(n, 0.05, 0.8).unwrap();
            assert!((paired_t_power(effect, n, 0.05) - 0.8).abs() < 1e-9);
        }
        assert_eq!(detectable_effect(1, 0.05, 0.8), None);
        assert_eq!(detectable_effect(2, 1e-300, 0.8), None);
    }
}
