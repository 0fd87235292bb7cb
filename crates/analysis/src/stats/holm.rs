//! Holm's adjustment for many tests.

/// Holm's adjusted p-values, in the order of the input.
///
/// With the p-values in ascending order p₍₁₎ … p₍ₘ₎, the adjusted p₍ᵢ₎ is
/// max over j ≤ i of min(1, (m − j + 1) · p₍ⱼ₎). Rejecting where it is below α keeps the chance
/// of any false rejection among the m tests below α, however the tests depend on each other
/// (Holm, 1979).
///
/// ```
/// let adjusted = plateau_analysis::stats::holm(&[0.01, 0.04, 0.03]);
/// assert_eq!(adjusted, [0.03, 0.06, 0.06]);
/// ```
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&i, &j| p[i].total_cmp(&p[j]));
    let mut adjusted = vec![0.0; p.len()];
    let mut largest: f64 = 0.0;
    for (rank, &i) in order.iter().enumerate() {
        largest = largest.max((p.len() - rank) as f64 * p[i]).min(1.0);
        adjusted[i] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, word by word: the largest (number of p at least q) · q among all q ≤ p.
    fn by_definition(p: &[f64]) -> Vec<f64> {
        let bound = |q: f64| p.iter().filter(|r| **r >= q).count() as f64 * q;
        p.iter()
            .map(|&x| p.iter().filter(|q| **q <= x).fold(0.0, |m: f64, &q| m.max(bound(q))))
            .map(|adjusted| adjusted.min(1.0))
            .collect()
    }

    proptest! {
        #[test]
        fn adjusted_follows_the_definition_keeps_the_order_and_is_at_least_p(
            p in prop::collection::vec(prop_oneof![0.0..=1.0_f64, Just(0.01)], 0..30)
        ) {
            let adjusted = holm(&p);
            prop_assert_eq!(&adjusted, &by_definition(&p));
            for i in 0..p.len() {
                prop_assert!(adjusted[i] >= p[i] && adjusted[i] <= 1.0);
                for j in 0..p.len() {
                    prop_assert!(p[i] > p[j] || adjusted[i] <= adjusted[j]);
                }
            }
        }
    }
}
