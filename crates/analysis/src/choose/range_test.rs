//! Learning rates from a learning-rate range test.

use plateau_record::{RangeRecord, RunRecord};

use super::{ChooseError, two_digits};
use crate::findings::{RangeCurve, RangeMinimum};
use crate::number::{fixed, short};
use crate::stats::{Possible, estimate_within};

/// Time constant of the exponential moving average, in decades of the learning rate. At the
/// usual four decades in 700 steps it averages over 18 steps.
pub const SMOOTHING_DECADES: f64 = 0.1;

/// How far above its minimum the smoothed loss may be, as a fraction, at the edge of the useful
/// rates. The minimum itself is flat and left to noise: for the baseline network on CIFAR-10
/// (PyTorch 2.15, He initialisation, 1e-4 to 1 in two epochs) it lay at 0.027, 0.039 and 0.041
/// for three seeds; the edge of their mean at 0.085, 0.098, 0.106 and 0.118 for a tolerance of
/// 5, 10, 15 and 20 %.
pub const TOLERANCE: f64 = 0.1;

/// What the edge rate is divided by, to give the highest constant rate. Smith (2017) sets the
/// lowest rate of a cycle to a third or a quarter of the highest that the range test bears.
///
/// The test's slow growth carries a network to rates at which it could not have started. In the
/// setting of [`TOLERANCE`], with its edge at 0.098, runs of five seeds that began at a constant
/// rate had these fates after 150 steps: at 0.06, three diverged and one was stuck at ln 10; at
/// 0.05, two were stuck; at 0.04, one; at 0.033 and 0.025, none. A quarter of the edge is 0.025,
/// with some distance to the first failure.
pub const DIVISOR: f64 = 4.0;

/// Neighbouring numbers of two significant digits are up to this factor apart (1.0 and 1.1), so
/// that a smaller one could give the same rate twice.
pub const MIN_FACTOR: f64 = 1.1;

/// Learning rates that a range test proposes.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The rates, ascending.
    pub rates: Vec<f64>,
    /// Where the loss is lowest, and the highest rate that follows.
    pub minimum: RangeMinimum,
    /// The smoothed loss against the rate.
    pub curve: RangeCurve,
    /// The rule in words, with its numbers.
    pub rule: String,
}

/// Proposes `count` constant learning rates, each `factor` times the one before.
///
/// In a range test the rate grows from step to step (Smith, 2017). The loss first falls, then
/// stays level, then rises, as steps become too large. The edge is the last rate, from the
/// lowest mean smoothed loss onwards, before that loss is more than [`TOLERANCE`] above its
/// minimum. The highest proposed rate is the edge divided by [`DIVISOR`]; the others follow
/// downwards.
///
/// # Errors
/// If there is no curve, if it only rises, or if `factor` is below [`MIN_FACTOR`].
pub fn propose_rates(
    runs: &[&RunRecord],
    count: usize,
    factor: f64,
) -> Result<Proposal, ChooseError> {
    if !factor.is_finite() || factor < MIN_FACTOR {
        return Err(ChooseError::Factor { factor });
    }
    let curve = range_curve(runs)?;
    let minimum = range_minimum(&curve)?;
    let highest = minimum.edge / minimum.divisor;
    let rates: Vec<f64> =
        (0..count).rev().map(|i| two_digits(highest / factor.powf(i as f64))).collect();
    let rule = rule(&curve, &minimum, factor);
    Ok(Proposal { rates, minimum, curve, rule })
}

fn rule(curve: &RangeCurve, minimum: &RangeMinimum, factor: f64) -> String {
    let n = curve.losses.first().map_or(0, |loss| loss.n);
    let up_to = if curve.rates.last() == Some(&minimum.edge) {
        ", the highest rate that every test reached"
    } else {
        ""
    };
    format!(
        "the smoothed loss, averaged over {n} range tests, is lowest ({} nats) at the rate {} \
         and stays within {} % of that up to {}{up_to}; the highest rate is this edge divided by \
         {}: {}; each further rate is the one before divided by {}; all are rounded to two \
         significant digits",
        fixed(minimum.loss, 3),
        short(two_digits(minimum.rate)),
        short(100.0 * minimum.tolerance),
        short(two_digits(minimum.edge)),
        short(minimum.divisor),
        short(minimum.highest),
        short(factor),
    )
}

/// The lowest point of the curve (of equals, the first), and the edge of the useful rates.
///
/// # Errors
/// If it is the first point: then the test never saw the loss fall.
pub fn range_minimum(curve: &RangeCurve) -> Result<RangeMinimum, ChooseError> {
    let points = || curve.rates.iter().copied().zip(curve.losses.iter().map(|loss| loss.mean));
    let lowest = points().min_by(|(_, a), (_, b)| a.total_cmp(b));
    let (Some((rate, loss)), Some(&from)) = (lowest, curve.rates.first()) else {
        return Err(ChooseError::NoCommonRange);
    };
    if rate == from {
        return Err(ChooseError::NoFall { from });
    }
    let level = points()
        .skip_while(|point| point.0 < rate)
        .take_while(|point| point.1 <= loss * (1.0 + TOLERANCE));
    let edge = level.last().map_or(rate, |point| point.0);
    let highest = two_digits(edge / DIVISOR);
    Ok(RangeMinimum { rate, loss, edge, tolerance: TOLERANCE, divisor: DIVISOR, highest })
}

/// The smoothed loss against the learning rate, averaged over the runs at equal rates.
///
/// Each run's losses are smoothed by a bias-corrected exponential moving average, as in Adam:
/// vᵢ = β vᵢ₋₁ + (1 − β) lᵢ, and sᵢ = vᵢ / (1 − βⁱ), with β such that the average reaches back
/// [`SMOOTHING_DECADES`] of the learning rate, for tests of any length. The grid is that of the
/// first run, as far as every run got; other runs are interpolated on the logarithm of the
/// rate, which leaves runs on the same grid as they are.
///
/// # Errors
/// If no run recorded two rates, or if the runs have no rates in common.
pub fn range_curve(runs: &[&RunRecord]) -> Result<RangeCurve, ChooseError> {
    let tests: Vec<Vec<(f64, f64)>> =
        runs.iter().map(|run| usable(&run.range)).filter(|test| test.len() > 1).collect();
    let Some(first) = tests.first() else {
        return Err(ChooseError::NoRange { n_runs: runs.len() });
    };
    let smoothed: Vec<_> = tests.iter().map(|test| smooth(test)).collect();
    let (mut rates, mut losses) = (Vec::new(), Vec::new());
    for &(rate, _) in first {
        let at: Option<Vec<f64>> = smoothed.iter().map(|test| interpolate(test, rate)).collect();
        if let Some(mean) = at.and_then(|values| estimate_within(Possible::NOT_NEGATIVE, &values)) {
            rates.push(rate);
            losses.push(mean);
        }
    }
    if rates.is_empty() {
        return Err(ChooseError::NoCommonRange);
    }
    Ok(RangeCurve { rates, losses, smoothing: smoothing(first) })
}

/// Learning rates, ascending, and losses; without what no logarithm or mean can be taken of.
fn usable(range: &[RangeRecord]) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = range
        .iter()
        .filter(|r| r.learning_rate > 0.0 && r.learning_rate.is_finite() && r.loss.is_finite())
        .map(|r| (r.learning_rate, r.loss))
        .collect();
    points.dedup_by(|next, kept| next.0 <= kept.0);
    points
}

/// β for a test of that many steps over that many decades.
fn smoothing(test: &[(f64, f64)]) -> f64 {
    let (Some((from, _)), Some((to, _))) = (test.first(), test.last()) else { return 0.0 };
    let steps_per_decade = test.len().saturating_sub(1) as f64 / decades(*from, *to);
    (-1.0 / (SMOOTHING_DECADES * steps_per_decade)).exp()
}

fn smooth(test: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let beta = smoothing(test);
    let (mut average, mut bias) = (0.0, 1.0);
    let step = |&(rate, loss): &(f64, f64)| {
        average = beta * average + (1.0 - beta) * loss;
        bias *= beta;
        (rate, average / (1.0 - bias))
    };
    test.iter().map(step).collect()
}

/// The loss at a rate between two points, on a logarithmic axis of rates; none outside.
fn interpolate(points: &[(f64, f64)], rate: f64) -> Option<f64> {
    let after = points.partition_point(|point| point.0 < rate);
    let &(right, right_loss) = points.get(after)?;
    if right == rate {
        return Some(right_loss);
    }
    let &(left, left_loss) = points.get(after.checked_sub(1)?)?;
    let loss = left_loss + (right_loss - left_loss) * (rate / left).ln() / (right / left).ln();
    if loss.is_finite() {
        return Some(loss);
    }
    // Very large losses, or rates whose quotient is too large.
    let share = decades(left, rate) / decades(left, right);
    Some(left_loss * (1.0 - share) + right_loss * share)
}

/// Powers of ten from one rate to another.
fn decades(from: f64, to: f64) -> f64 {
    let ratio = (to / from).log10();
    // A quotient may be too large where its logarithm is not.
    if ratio.is_finite() { ratio } else { to.log10() - from.log10() }
}
