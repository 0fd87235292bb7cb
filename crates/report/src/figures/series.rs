//! From findings to what panels draw.

use plateau_analysis::stats::Possible;
use plateau_analysis::{Arm, Curve, Estimate, LearningCurves};

use crate::figure::axis::Axis;
use crate::figure::canvas::{Dash, Stroke};
use crate::figure::palette::{Color, WHITE};
use crate::figure::panel::{Panel, Point};
use crate::figure::scale::Extent;

/// An arm with its colour and its name in this figure.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// The runs.
    pub arm: &'a Arm,
    /// Its name.
    pub label: &'a str,
    /// Its colour.
    pub color: Color,
}

impl<'a> Series<'a> {
    /// An arm under its own label.
    #[must_use]
    pub fn of(arm: &'a Arm, color: Color) -> Self {
        Self { arm, label: &arm.label, color }
    }

    /// The arm's learning curves.
    #[must_use]
    pub fn curves(&self) -> &'a LearningCurves {
        &self.arm.curves
    }
}

/// What is drawn from a learning curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Accuracy, shown in per cent.
    Accuracy,
    /// Cross-entropy.
    Loss,
}

impl Metric {
    /// Title of its axis.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Accuracy => "Accuracy (%)",
            Self::Loss => "Cross-entropy (nats)",
        }
    }

    /// From stored to shown.
    #[must_use]
    pub fn factor(self) -> f64 {
        match self {
            Self::Accuracy => 100.0,
            Self::Loss => 1.0,
        }
    }

    /// What it can be, as it is shown.
    #[must_use]
    pub fn possible(self) -> Possible {
        match self {
            Self::Accuracy => Possible { least: 0.0, most: 100.0 },
            Self::Loss => Possible::NOT_NEGATIVE,
        }
    }

    /// On the training subset.
    #[must_use]
    pub fn train(self, curves: &LearningCurves) -> &Curve {
        match self {
            Self::Accuracy => &curves.train_accuracy,
            Self::Loss => &curves.train_loss,
        }
    }

    /// On the validation images.
    #[must_use]
    pub fn validation(self, curves: &LearningCurves) -> &Curve {
        match self {
            Self::Accuracy => &curves.validation_accuracy,
            Self::Loss => &curves.validation_loss,
        }
    }

    /// An axis for curves: as far as the means reach, and the bands within reason (with two
    /// seeds a band may be many times as wide as the figure).
    #[must_use]
    pub fn axis<'a>(self, curves: impl IntoIterator<Item = &'a Curve>) -> Axis {
        let estimates = curves.into_iter().flat_map(|curve| &curve.points);
        let extent = extent(estimates, self.factor());
        let extent = match self {
            Self::Accuracy => extent,
            Self::Loss => Extent { low: 0.0, high: extent.high },
        };
        Axis::linear_within(self.title(), extent, self.possible(), 5)
    }
}

/// What means reach, and their intervals as far as they exceed the means' extent by a quarter
/// at most.
#[must_use]
pub fn extent<'a>(estimates: impl IntoIterator<Item = &'a Estimate>, factor: f64) -> Extent {
    with_intervals(estimates, std::iter::empty(), factor, 0.25)
}

/// What means and single results (these as they are shown) reach, and the means' intervals as far
/// as they exceed that extent by this share at most.
#[must_use]
pub fn with_intervals<'a>(
    estimates: impl IntoIterator<Item = &'a Estimate>,
    singles: impl Iterator<Item = f64>,
    factor: f64,
    share: f64,
) -> Extent {
    let estimates: Vec<&Estimate> = estimates.into_iter().collect();
    let means = Extent::of(estimates.iter().map(|e| e.mean * factor).chain(singles))
        .unwrap_or(Extent { low: 0.0, high: 1.0 });
    let reach = means.padded(share);
    let ends = estimates.iter().filter_map(|e| e.interval).flat_map(|i| [i.lower, i.upper]);
    ends.fold(means, |extent, end| extent.include((end * factor).clamp(reach.low, reach.high)))
}

/// The axis of epochs for curves.
#[must_use]
pub fn epoch_axis<'a>(curves: impl IntoIterator<Item = &'a Curve>) -> Axis {
    let last = curves.into_iter().flat_map(|curve| &curve.epochs).max().copied().unwrap_or(1);
    Axis::whole("Epoch", Extent { low: 0.0, high: f64::from(last.max(1)) }, 8)
}

/// Draws a curve with its confidence band.
pub fn draw_curve(panel: &mut Panel, curve: &Curve, factor: f64, color: Color, dash: Dash) {
    let band: Vec<(f64, f64, f64)> = with_epochs(curve)
        .filter_map(|(epoch, e)| e.interval.map(|i| (epoch, i.lower * factor, i.upper * factor)))
        .collect();
    panel.band(&band, color);
    let line: Vec<(f64, f64)> = with_epochs(curve).map(|(x, e)| (x, e.mean * factor)).collect();
    let shade = if dash == Dash::Solid { color } else { color.mix(WHITE, 0.15) };
    panel.line(&line, Stroke::new(shade, 1.6).dash(dash));
}

/// Shades the area between two curves of the same epochs.
pub fn shade_between(panel: &mut Panel, one: &Curve, other: &Curve, factor: f64, color: Color) {
    let area: Vec<(f64, f64, f64)> = with_epochs(one)
        .zip(&other.points)
        .map(|((epoch, a), b)| (epoch, a.mean * factor, b.mean * factor))
        .collect();
    panel.area(&area, color, GAP_OPACITY);
}

/// Opacity of the area that shows the generalisation gap.
pub const GAP_OPACITY: f64 = 0.14;

fn with_epochs(curve: &Curve) -> impl Iterator<Item = (f64, &Estimate)> {
    curve.epochs.iter().map(|epoch| f64::from(*epoch)).zip(&curve.points)
}

/// A mean with its interval at a place.
#[must_use]
pub fn point(x: f64, estimate: &Estimate, factor: f64) -> Point {
    Point {
        x,
        mean: estimate.mean * factor,
        interval: estimate.interval.map(|i| (i.lower * factor, i.upper * factor)),
    }
}

/// `mean over 5 seeds`; `mean over 3 to 5 seeds` where some runs are not there.
#[must_use]
pub fn over_seeds<'a>(arms: impl IntoIterator<Item = &'a Arm>) -> String {
    let counts: Vec<usize> = arms.into_iter().map(|arm| arm.n_finished).collect();
    let (low, high) = (counts.iter().min().unwrap_or(&0), counts.iter().max().unwrap_or(&0));
    match (low, high) {
        (1, 1) => "one seed".to_owned(),
        _ if low == high => format!("{high} seeds"),
        _ => format!("{low} to {high} seeds"),
    }
}

/// With two or three seeds, Student's t makes intervals many times as wide as the values differ.
fn few_words<'a>(arms: impl IntoIterator<Item = &'a Arm>) -> &'static str {
    if arms.into_iter().any(|arm| (2..=3).contains(&arm.n_finished)) {
        " With so few seeds they may reach beyond the panel."
    } else {
        ""
    }
}

/// What bands mean, for captions.
#[must_use]
pub fn band_words<'a>(arms: impl IntoIterator<Item = &'a Arm> + Clone) -> String {
    let few = few_words(arms.clone());
    let seeds = over_seeds(arms);
    if seeds == "one seed" {
        "Lines: a single seed, hence without a confidence band.".to_owned()
    } else {
        format!("Lines: mean over {seeds}; bands: 95 % confidence interval of the mean.{few}")
    }
}

/// What bars mean, for captions.
#[must_use]
pub fn bar_words<'a>(arms: impl IntoIterator<Item = &'a Arm> + Clone) -> String {
    let few = few_words(arms.clone());
    let seeds = over_seeds(arms);
    if seeds == "one seed" {
        "Points: a single seed, hence without a confidence interval.".to_owned()
    } else {
        format!(
            "Points: mean over {seeds}; bars: 95 % confidence interval of the mean; \
             small dots: single seeds.{few}"
        )
    }
}
