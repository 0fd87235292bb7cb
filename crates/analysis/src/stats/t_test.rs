//! Student's t-tests of a difference between two means.

use super::resolution;
use super::student::{mean, sample_sd, two_sided_p};
use crate::findings::Untestable;

/// A two-sided t-test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TTest {
    /// The difference of the means divided by its standard error.
    pub t: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// Probability of a |t| at least as large, if the true means are equal.
    pub p: f64,
}

/// Paired t-test of *a* − *b*.
///
/// t = d̄ / (s / √n) with n − 1 degrees of freedom; d̄ and s are mean and sample standard
/// deviation of the n differences dᵢ = aᵢ − bᵢ (Student, 1908). It assumes that the differences
/// are independent and normal; the members of a pair may depend on each other.
///
/// ```
/// let pairs = [(0.78, 0.77), (0.79, 0.77), (0.78, 0.75)];
/// let test = plateau_analysis::stats::paired_t(&pairs).unwrap();
/// assert!((test.t - 12_f64.sqrt()).abs() < 1e-9);
/// ```
///
/// # Errors
/// With fewer than two pairs, or if all differences are equal.
pub fn paired_t(pairs: &[(f64, f64)]) -> Result<TTest, Untestable> {
    let (difference, sd) = difference_and_sd(pairs)?;
    let n = pairs.len() as f64;
    let t = difference / (sd / n.sqrt());
    Ok(TTest { t, df: n - 1.0, p: two_sided_p(t, n - 1.0) })
}

/// Cohen's d_z: the mean of the paired differences in units of their sample standard deviation
/// (Cohen, 1988; named d_z by Lakens, 2013).
///
/// # Errors
/// With fewer than two pairs, or if all differences are equal.
pub fn cohens_d_z(pairs: &[(f64, f64)]) -> Result<f64, Untestable> {
    let (difference, sd) = difference_and_sd(pairs)?;
    Ok(difference / sd)
}

fn difference_and_sd(pairs: &[(f64, f64)]) -> Result<(f64, f64), Untestable> {
    let differences: Vec<f64> = pairs.iter().map(|(a, b)| a - b).collect();
    let (Some(difference), Some(sd)) = (mean(&differences), sample_sd(&differences)) else {
        return Err(Untestable::TooFewPairs);
    };
    if sd <= resolution(pairs) {
        return Err(Untestable::NoVariance);
    }
    Ok((difference, sd))
}

/// Welch's t-test of mean(*a*) − mean(*b*), for samples that are not paired.
///
/// t = (ā − b̄) / √(u + v) with u = s²ₐ / nₐ, v = s²_b / n_b, and by Welch and Satterthwaite
/// (u + v)² / (u² / (nₐ − 1) + v² / (n_b − 1)) degrees of freedom (Welch, 1947).
///
/// # Errors
/// With fewer than two values on either side, or if both sides have no variance.
pub fn welch_t(a: &[f64], b: &[f64]) -> Result<TTest, Untestable> {
    let (Some(mean_a), Some(mean_b)) = (mean(a), mean(b)) else {
        return Err(Untestable::TooFewPairs);
    };
    let (Some(sd_a), Some(sd_b)) = (sample_sd(a), sample_sd(b)) else {
        return Err(Untestable::TooFewPairs);
    };
    let (n_a, n_b) = (a.len() as f64, b.len() as f64);
    if sd_a.max(sd_b) <= resolution(&[(mean_a, mean_b)]) {
        return Err(Untestable::NoVariance);
    }
    let (u, v) = (sd_a.powi(2) / n_a, sd_b.powi(2) / n_b);
    let t = (mean_a - mean_b) / (u + v).sqrt();
    let df = (u + v).powi(2) / (u.powi(2) / (n_a - 1.0) + v.powi(2) / (n_b - 1.0));
    if !(df > 0.0 && t.is_finite()) {
        // Variances that are too small or too large to be squared.
        return Err(Untestable::NoVariance);
    }
    Ok(TTest { t, df, p: two_sided_p(t, df) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_test_without_pairs_or_variance() {
        assert_eq!(paired_t(&[]), Err(Untestable::TooFewPairs));
        assert_eq!(paired_t(&[(1.0, 2.0)]), Err(Untestable::TooFewPairs));
        // The differences are 0.01, but for rounding.
        let shifted = [(0.7812, 0.7712), (0.7799, 0.7699), (0.7, 0.69)];
        assert_eq!(paired_t(&shifted), Err(Untestable::NoVariance));
        assert_eq!(cohens_d_z(&[(0.0, 0.0); 3]), Err(Untestable::NoVariance));
        assert_eq!(welch_t(&[0.5, 0.5], &[0.1, 0.1]), Err(Untestable::NoVariance));
        assert_eq!(welch_t(&[1e-200, 2e-200], &[3e-200, 4e-200]), Err(Untestable::NoVariance));
        assert_eq!(welch_t(&[0.5], &[0.1, 0.1]), Err(Untestable::TooFewPairs));
    }

    #[test]
    fn swapping_the_sides_changes_the_sign_alone() {
        let pairs = [(0.78, 0.77), (0.79, 0.765), (0.775, 0.77), (0.78, 0.768)];
        let swapped = pairs.map(|(a, b)| (b, a));
        let (forth, back) = (paired_t(&pairs).unwrap(), paired_t(&swapped).unwrap());
        assert_eq!((forth.t, forth.p), (-back.t, back.p));
    }
}
