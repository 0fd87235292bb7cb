//! What values a quantity can have.

use crate::findings::Interval;

/// The values that a quantity can have. An interval of its mean reaches no further: whatever lies
/// beyond can't be the true mean, so that leaving it out costs no coverage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Possible {
    /// The lowest.
    pub least: f64,
    /// The highest.
    pub most: f64,
}

impl Possible {
    /// Any number.
    pub const ANY: Self = Self { least: f64::NEG_INFINITY, most: f64::INFINITY };
    /// Losses, absolute values, standard deviations.
    pub const NOT_NEGATIVE: Self = Self { least: 0.0, most: f64::INFINITY };
    /// Accuracies, confidences, calibration errors.
    pub const SHARE: Self = Self { least: 0.0, most: 1.0 };
    /// Differences of shares, and so generalisation gaps.
    pub const SHARE_DIFFERENCE: Self = Self { least: -1.0, most: 1.0 };
    /// Differences of gaps.
    pub const GAP_DIFFERENCE: Self = Self { least: -2.0, most: 2.0 };

    /// All from −`most` to `most`.
    #[must_use]
    pub fn within(most: f64) -> Self {
        Self { least: -most, most }
    }

    /// The part of an interval that is possible; none if it has no finite ends.
    #[must_use]
    pub fn part_of(self, Interval { lower, upper }: Interval) -> Option<Interval> {
        // Adding 0 takes the sign off −0.
        let (lower, upper) = (lower.max(self.least) + 0.0, upper.min(self.most) + 0.0);
        (lower.is_finite() && upper.is_finite() && lower <= upper)
            .then_some(Interval { lower, upper })
    }
}
