//! From values to places on the page.

use plateau_analysis::stats::Possible;

use super::ticks::LIMIT;

/// How values are spaced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spacing {
    /// Equal steps, equal distances.
    Linear,
    /// Equal factors, equal distances. Positive values only.
    Log,
    /// Linear within ± `linear_to`, logarithmic beyond, through zero.
    SymLog {
        /// Where the logarithm takes over.
        linear_to: f64,
    },
}

impl Spacing {
    /// The value on a linear scale.
    #[must_use]
    pub fn unroll(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log => value.max(f64::MIN_POSITIVE).log10(),
            Self::SymLog { linear_to } => value.signum() * (1.0 + value.abs() / linear_to).log10(),
        }
    }
}

/// How far outside of its range a value may be placed, in lengths of the range: what lies further
/// out would make numbers that no renderer takes, and isn't seen anyway.
const FAR: f64 = 1000.0;

/// A range of values mapped to a range of places.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    spacing: Spacing,
    domain: (f64, f64),
    range: (f64, f64),
}

impl Scale {
    /// Maps `domain` to `range`, which may run backwards.
    #[must_use]
    pub fn new(spacing: Spacing, domain: (f64, f64), range: (f64, f64)) -> Self {
        Self { spacing, domain, range }
    }

    /// Where a value lies.
    #[must_use]
    pub fn at(&self, value: f64) -> f64 {
        let (low, high) = (self.spacing.unroll(self.domain.0), self.spacing.unroll(self.domain.1));
        let share = (self.spacing.unroll(value) - low) / (high - low);
        if high == low || share.is_nan() {
            return f64::midpoint(self.range.0, self.range.1);
        }
        let share = share.clamp(-FAR, FAR);
        self.range.0 + share * (self.range.1 - self.range.0)
    }
}

/// The smallest interval that holds a set of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// Smallest.
    pub low: f64,
    /// Largest.
    pub high: f64,
}

impl Extent {
    /// Of all finite values; `None` if there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        values.into_iter().filter(|value| value.is_finite()).fold(None, |extent, value| {
            Some(extent.map_or(Self { low: value, high: value }, |e: Self| e.include(value)))
        })
    }

    /// Widened to hold `value`.
    #[must_use]
    pub fn include(self, value: f64) -> Self {
        Self { low: self.low.min(value), high: self.high.max(value) }
    }

    /// Widened by a share of its width on both sides; an empty width becomes one tenth of the
    /// value, or 1.
    #[must_use]
    pub fn padded(self, share: f64) -> Self {
        let width = self.high - self.low;
        let pad = if width > 0.0 {
            width * share
        } else if self.high == 0.0 {
            1.0
        } else {
            self.high.abs() * 0.05
        };
        Self { low: self.low - pad, high: self.high + pad }
    }

    /// Widened by a factor's share on both sides of a logarithmic scale.
    #[must_use]
    pub fn padded_log(self, share: f64) -> Self {
        let Self { low, high } = self.positive();
        let factor = (high / low).powf(share).max(1.05);
        Self { low: low / factor, high: high * factor }
    }

    /// The part of it that others of its kind share: with both ends within ± `limit`, and what
    /// is as small as its inverse taken for zero.
    #[must_use]
    pub fn within(self, limit: f64) -> Self {
        let end = |value: f64| {
            let value = if value.is_nan() { 0.0 } else { value.clamp(-limit, limit) };
            if value.abs() < 1.0 / limit { 0.0 } else { value }
        };
        let (low, high) = (end(self.low), end(self.high));
        Self { low: low.min(high), high: high.max(low) }
    }

    /// The extent on a logarithmic scale, which has neither zero nor negative numbers.
    #[must_use]
    pub fn positive(self) -> Self {
        let end = |value: f64| if value > 1.0 / LIMIT { value.min(LIMIT) } else { 1.0 / LIMIT };
        let (low, high) = (end(self.low), end(self.high));
        Self { low: low.min(high), high: high.max(low) }
    }

    /// The part of it that is possible.
    #[must_use]
    pub fn cut(self, possible: Possible) -> Self {
        let end = |value: f64| value.max(possible.least).min(possible.most);
        Self { low: end(self.low), high: end(self.high) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_meet_ends() {
        let scale = Scale::new(Spacing::Log, (0.001, 10.0), (100.0, 0.0));
        assert_eq!(scale.at(0.001), 100.0);
        assert!((scale.at(0.1) - 50.0).abs() < 1e-9);
        assert!(scale.at(10.0).abs() < 1e-9);
    }

    #[test]
    fn symlog_is_odd_and_passes_through_zero() {
        let spacing = Spacing::SymLog { linear_to: 1e-4 };
        assert_eq!(spacing.unroll(0.0), 0.0);
        assert_eq!(spacing.unroll(-0.3), -spacing.unroll(0.3));
    }

    #[test]
    fn extent_of_nothing_is_none() {
        assert_eq!(Extent::of([f64::NAN]), None);
        assert_eq!(Extent::of([2.0, 1.0, f64::INFINITY]), Some(Extent { low: 1.0, high: 2.0 }));
    }
}
