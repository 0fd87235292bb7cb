//! One axis of a panel: title, scale, ticks.

use plateau_analysis::stats::Possible;

use super::scale::{Extent, Spacing};
use super::ticks::{self, Tick};

/// One axis.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What it measures, with the unit.
    pub title: String,
    /// How values are spaced.
    pub spacing: Spacing,
    /// First and last value.
    pub domain: (f64, f64),
    /// Marked places.
    pub ticks: Vec<Tick>,
    /// Whether ticks have their labels here, or share another panel's.
    pub labels: Labels,
}

/// What an axis of a small multiple says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// Title and tick labels.
    Full,
    /// Tick labels only.
    Ticks,
    /// Nothing: another panel says it.
    None,
}

impl Axis {
    /// Even steps, from a round number to a round number.
    #[must_use]
    pub fn linear(title: impl Into<String>, extent: Extent, target: usize) -> Self {
        let ticks = ticks::linear(extent, target);
        let domain = match (ticks.first(), ticks.last()) {
            (Some(first), Some(last)) => (first.value, last.value),
            _ => (extent.low, extent.high),
        };
        Self::new(title, Spacing::Linear, domain, ticks)
    }

    /// The same for a quantity that can't have all values: the axis ends where they do.
    #[must_use]
    pub fn linear_within(
        title: impl Into<String>,
        extent: Extent,
        possible: Possible,
        target: usize,
    ) -> Self {
        let axis = Self::linear(title, extent.cut(possible), target);
        let (low, high) = axis.domain;
        if low >= possible.least && high <= possible.most {
            return axis;
        }
        let Extent { low, high } = Extent { low, high }.cut(possible);
        let ticks = axis.ticks.into_iter().filter(|tick| (low..=high).contains(&tick.value));
        Self { ticks: ticks.collect(), domain: (low, high), ..axis }
    }

    /// Even factors; the domain is the extent.
    #[must_use]
    pub fn log(title: impl Into<String>, extent: Extent) -> Self {
        let extent = extent.positive();
        Self::new(title, Spacing::Log, (extent.low, extent.high), ticks::log(extent))
    }

    /// Both signs and zero; the domain is the extent.
    #[must_use]
    pub fn symlog(title: impl Into<String>, extent: Extent, linear_to: f64) -> Self {
        let extent = extent.within(ticks::LIMIT);
        let linear_to = linear_to.max(1.0 / ticks::LIMIT);
        let spacing = Spacing::SymLog { linear_to };
        Self::new(title, spacing, (extent.low, extent.high), ticks::symlog(extent, linear_to))
    }

    /// Whole numbers; the domain is the extent.
    #[must_use]
    pub fn whole(title: impl Into<String>, extent: Extent, target: usize) -> Self {
        let ticks = ticks::whole(extent, target);
        Self::new(title, Spacing::Linear, (extent.low, extent.high), ticks)
    }

    /// Names at 0, 1, 2 …, with half a step of room on both sides.
    #[must_use]
    pub fn names<S: Into<String>>(
        title: impl Into<String>,
        names: impl IntoIterator<Item = S>,
    ) -> Self {
        let ticks: Vec<Tick> = names
            .into_iter()
            .enumerate()
            .map(|(i, name)| Tick { value: i as f64, label: Some(name.into()) })
            .collect();
        let domain = (-0.5, ticks.len() as f64 - 0.5);
        Self::new(title, Spacing::Linear, domain, ticks)
    }

    /// Exactly these values marked, for settings.
    #[must_use]
    pub fn marking(self, values: &[f64]) -> Self {
        let ticks = values
            .iter()
            .map(|value| Tick { value: *value, label: Some(ticks::decimal(*value)) })
            .collect();
        Self { ticks, ..self }
    }

    fn new(
        title: impl Into<String>,
        spacing: Spacing,
        domain: (f64, f64),
        ticks: Vec<Tick>,
    ) -> Self {
        Self { title: title.into(), spacing, domain, ticks, labels: Labels::Full }
    }

    /// The same axis, saying less.
    #[must_use]
    pub fn saying(&self, labels: Labels) -> Self {
        Self { labels, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(low: f64, high: f64) -> Axis {
        let possible = Possible { least: 0.0, most: 100.0 };
        Axis::linear_within("", Extent { low, high }, possible, 5)
    }

    #[test]
    fn an_axis_shows_nothing_impossible() {
        assert_eq!(percent(100.0, 100.0).domain, (94.0, 100.0));
        assert_eq!(percent(0.0, 0.0).domain, (0.0, 1.0));
        assert_eq!(percent(-30.0, 118.9).domain, (0.0, 100.0));
        assert_eq!(percent(61.0, 78.0).domain, (60.0, 80.0));
        assert!(percent(100.0, 100.0).ticks.len() > 2);
    }
}
