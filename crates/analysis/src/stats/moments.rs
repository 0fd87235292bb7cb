//! Moments of a union from the moments of its parts.

use plateau_record::Moments;

/// Mean and population standard deviation of all numbers together, from those of disjoint
/// parts; none without numbers, or if they are too large to be squared.
///
/// With the count nᵢ, mean mᵢ and standard deviation sᵢ of part i, and N = Σ nᵢ:
/// m = Σ nᵢ mᵢ / N and s² = Σ nᵢ (sᵢ² + (mᵢ − m)²) / N (Chan, Golub & LeVeque, 1983).
///
/// ```
/// use plateau_record::Moments;
/// let parts = [(Moments { mean: 0.0, std: 0.0 }, 1), (Moments { mean: 3.0, std: 0.0 }, 2)];
/// let whole = plateau_analysis::stats::pooled(&parts).unwrap();
/// assert_eq!(whole, Moments { mean: 2.0, std: 2_f64.sqrt() });
/// ```
#[must_use]
pub fn pooled(parts: &[(Moments, u64)]) -> Option<Moments> {
    let total = parts.iter().fold(0_u64, |total, (_, count)| total.saturating_add(*count));
    if total == 0 {
        return None;
    }
    let share = |count: u64| count as f64 / total as f64;
    let mean: f64 = parts.iter().map(|(part, count)| share(*count) * part.mean).sum();
    let variance: f64 = parts
        .iter()
        .map(|(part, count)| share(*count) * (part.std.powi(2) + (part.mean - mean).powi(2)))
        .sum();
    (mean.is_finite() && variance.is_finite()).then(|| Moments { mean, std: variance.sqrt() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moments(values: &[f64]) -> Moments {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        Moments { mean, std: variance.sqrt() }
    }

    #[test]
    fn empty_parts_do_not_count() {
        let part = Moments { mean: 1.0, std: 2.0 };
        assert_eq!(pooled(&[]), None);
        assert_eq!(pooled(&[(part, 0)]), None);
        assert_eq!(pooled(&[(part, 7), (Moments { mean: 9.0, std: 9.0 }, 0)]), Some(part));
    }

    proptest! {
        #[test]
        fn pooled_is_that_of_the_concatenation(
            parts in prop::collection::vec(prop::collection::vec(-10.0..10.0_f64, 1..20), 1..8)
        ) {
            let summed: Vec<_> = parts.iter().map(|p| (moments(p), p.len() as u64)).collect();
            let (whole, direct) = (pooled(&summed).unwrap(), moments(&parts.concat()));
            prop_assert!((whole.mean - direct.mean).abs() < 1e-12);
            prop_assert!((whole.std - direct.std).abs() < 1e-9);
        }
    }
}
