//! Median and spread of the rounds.

use serde::Serialize;

/// Quantiles by linear interpolation between the sorted values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) min: f64,
    pub(crate) lower_quartile: f64,
    pub(crate) median: f64,
    pub(crate) upper_quartile: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// `None` if there are no values.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (&min, &max) = (sorted.first()?, sorted.last()?);
        let quartile = |n: usize| {
            // Position n·(len − 1)/4, in whole places and quarters.
            let (place, quarters) = (n * (sorted.len() - 1) / 4, n * (sorted.len() - 1) % 4);
            let upper = sorted[(place + 1).min(sorted.len() - 1)];
            sorted[place] + (upper - sorted[place]) * quarters as f64 / 4.0
        };
        let [lower_quartile, median, upper_quartile] = [1, 2, 3].map(quartile);
        Some(Self { min, lower_quartile, median, upper_quartile, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quartiles(values: &[f64]) -> [f64; 3] {
        let spread = Spread::of(values).unwrap();
        [spread.lower_quartile, spread.median, spread.upper_quartile]
    }

    #[test]
    fn quartiles_interpolate() {
        assert_eq!(quartiles(&[3.0, 1.0, 5.0, 2.0, 4.0]), [2.0, 3.0, 4.0]);
        assert_eq!(quartiles(&[4.0, 1.0, 3.0, 2.0]), [1.75, 2.5, 3.25]);
        assert_eq!(quartiles(&[2.0, 1.0]), [1.25, 1.5, 1.75]);
        assert_eq!(quartiles(&[7.0]), [7.0, 7.0, 7.0]);
    }

    #[test]
    fn extremes_are_values_and_nothing_has_no_spread() {
        let spread = Spread::of(&[3.0, 1.0, 2.0]).unwrap();
        assert_eq!((spread.min, spread.max), (1.0, 3.0));
        assert_eq!(Spread::of(&[]), None);
    }
}
