//! Wilcoxon's signed-rank test, exact.

use super::resolution;

/// Largest number of pairs whose exact distribution is computed: 2^50 sign patterns are still
/// counted exactly in 64-bit floating point.
const MAX_PAIRS: usize = 50;

/// The exact two-sided p-value of Wilcoxon's signed-rank test.
///
/// The absolute differences are ranked, equal ones by their mean rank; zero differences are
/// dropped (Wilcoxon, 1945). W is the sum of the ranks of the positive differences. If there is
/// no difference, each of the 2ⁿ patterns of signs is equally likely, which gives the
/// distribution of W, with the ties that there are. p = 2 · min(P(W ≤ w), P(W ≥ w)), at
/// most 1. With n pairs p is at least 2^(1−n).
///
/// ```
/// let pairs = [(2.0, 1.0), (4.0, 2.0), (6.0, 3.0), (8.0, 4.0), (10.0, 5.0)];
/// assert_eq!(plateau_analysis::stats::wilcoxon(&pairs), Some(0.0625));
/// ```
///
/// None if no difference is left, or more than 50 are.
#[must_use]
pub fn wilcoxon(pairs: &[(f64, f64)]) -> Option<f64> {
    let resolution = resolution(pairs);
    let mut differences: Vec<f64> =
        pairs.iter().map(|(a, b)| a - b).filter(|d| d.abs() > resolution).collect();
    if differences.is_empty() || differences.len() > MAX_PAIRS {
        return None;
    }
    differences.sort_by(|x, y| x.abs().total_cmp(&y.abs()));
    let doubled = doubled_ranks(&differences, resolution);
    let observed: usize =
        differences.iter().zip(&doubled).filter(|(d, _)| **d > 0.0).map(|(_, rank)| rank).sum();
    let chances = distribution(&doubled);
    let at_most: f64 = chances[..=observed].iter().sum();
    let at_least: f64 = chances[observed..].iter().sum();
    Some((2.0 * at_most.min(at_least)).min(1.0))
}

/// Twice the rank of each of the ascending |differences|: mean ranks are multiples of ½.
fn doubled_ranks(sorted: &[f64], resolution: f64) -> Vec<usize> {
    let mut ranks = Vec::with_capacity(sorted.len());
    for tied in sorted.chunk_by(|x, y| y.abs() - x.abs() <= resolution) {
        let before = ranks.len();
        // Ranks before + 1 … before + len have the mean before + (len + 1) / 2.
        ranks.resize(before + tied.len(), 2 * before + tied.len() + 1);
    }
    ranks
}

/// The probability of each sum of doubled ranks, every rank being in or out by a fair coin.
fn distribution(doubled_ranks: &[usize]) -> Vec<f64> {
    let mut chances = vec![0.0; doubled_ranks.iter().sum::<usize>() + 1];
    chances[0] = 1.0;
    for &rank in doubled_ranks {
        for sum in (0..chances.len()).rev() {
            let without = chances[sum];
            let with = if sum >= rank { chances[sum - rank] } else { 0.0 };
            chances[sum] = 0.5 * (without + with);
        }
    }
    chances
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_pairs_of_one_sign_reach_the_minimum() {
        let pairs: Vec<_> = (1..=5).map(|i| (f64::from(i), 0.0)).collect();
        assert_eq!(wilcoxon(&pairs), Some(0.0625));
        let all_tied = [(0.02, 0.01); 5];
        assert_eq!(wilcoxon(&all_tied), Some(0.0625));
    }

    #[test]
    fn ties_up_to_rounding_share_their_rank() {
        let differences = [0.7812 - 0.77, 0.7712 - 0.76, -0.03];
        assert_eq!(doubled_ranks(&differences, 1e-12), [3, 3, 6]);
    }

    #[test]
    fn nothing_to_rank() {
        assert_eq!(wilcoxon(&[]), None);
        assert_eq!(wilcoxon(&[(0.5, 0.5), (0.1, 0.1)]), None);
        assert_eq!(wilcoxon(&[(1.0, 0.0); 51]), None);
    }

    #[test]
    fn chances_add_up_to_one() {
        assert_eq!(distribution(&[2, 4, 6, 8, 10]).iter().sum::<f64>(), 1.0);
    }
}
