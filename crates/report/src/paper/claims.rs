//! Sentences about comparisons. A difference is claimed only where the test showed one.

use plateau_analysis::stats::ALPHA;
use plateau_analysis::{Arm, Comparison, Estimate, Interval, Measure, TestOutcome};

use crate::document::markup::plain;
use crate::number::{fixed, p_value, percent, percent_interval, signed_points};
use crate::tables::comparisons::reason_words;

/// One sentence on the outcome of a comparison: n, effect, interval, adjusted p.
pub(super) fn sentence(comparison: &Comparison) -> String {
    let quoted = |label: &str| format!("“{}”", plain(label));
    named(comparison, &quoted(&comparison.a), &quoted(&comparison.b))
}

/// The same, the two arms being called by these names (markup).
pub(super) fn named(comparison: &Comparison, a: &str, b: &str) -> String {
    let title = comparison.measure.title();
    match (&comparison.test, comparison.means) {
        (TestOutcome::Tested(test), Some(means)) if test.significant => {
            let difference = means.difference.mean;
            format!(
                "The {title} was {} percentage points {} with {a} than with {b} ({}; {}).",
                percent(difference.abs()),
                direction(comparison.measure, difference),
                interval_words(comparison),
                p_value("adjusted p", test.p_adjusted),
            )
        }
        (TestOutcome::Tested(test), Some(means)) => format!(
            "No difference in {title} between {a} and {b} was {} (mean difference {} points; {}; \
             {}).",
            if test.p < ALPHA { "shown, all tests considered" } else { "found" },
            signed_points(means.difference.mean),
            interval_words(comparison),
            p_value("adjusted p", test.p_adjusted),
        ),
        (TestOutcome::Untested { reason }, Some(means)) => format!(
            "The {title} of {a} and {b} was not tested: {} (n = {}, mean difference {} points).",
            reason_words(*reason),
            comparison.n_pairs,
            signed_points(means.difference.mean),
        ),
        _ => format!("The {title} of {a} and {b} could not be compared: no seed finished in both."),
    }
}

/// What the first arm's setting did to the measure, as a predicate: `raised test accuracy by 2.30
/// percentage points (…)`.
pub(super) fn effect(comparison: &Comparison) -> String {
    let title = match comparison.measure {
        Measure::TestAccuracy => "test accuracy".to_owned(),
        other => format!("the {}", other.title()),
    };
    let (TestOutcome::Tested(test), Some(means)) = (&comparison.test, comparison.means) else {
        return format!("could not be tested for an effect on {title}");
    };
    let difference = means.difference.mean;
    let numbers = |interval: Option<Interval>| {
        format!(
            "{}n\u{a0}=\u{a0}{}, {}",
            interval.map_or_else(String::new, |interval| {
                format!("95\u{a0}% interval {}, ", percent_interval(interval))
            }),
            comparison.n_pairs,
            p_value("adjusted p", test.p_adjusted)
        )
    };
    if !test.significant {
        let numbers = numbers(comparison.interval());
        return format!(
            "made no difference to {title} that could be shown (mean {} points, {numbers})",
            signed_points(difference)
        );
    }
    let verb = match (comparison.measure, difference > 0.0) {
        (Measure::TestAccuracy, true) => "raised",
        (Measure::TestAccuracy, false) => "lowered",
        (_, true) => "widened",
        (_, false) => "narrowed",
    };
    // The verb has the sign already.
    let size = comparison
        .interval()
        .map(|i| if difference > 0.0 { i } else { Interval { lower: -i.upper, upper: -i.lower } });
    format!("{verb} {title} by {} percentage points ({})", percent(difference.abs()), numbers(size))
}

/// How many of several comparisons showed a difference, and in which direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// The first side was shown to be larger.
    pub(super) larger: usize,
    /// It was shown to be smaller.
    pub(super) smaller: usize,
    /// Tested.
    pub(super) tested: usize,
}

impl Change {
    /// None if nothing was tested.
    pub(super) fn of<'a>(comparisons: impl Iterator<Item = &'a Comparison>) -> Option<Self> {
        let tested: Vec<&Comparison> = comparisons.filter(|c| c.tested().is_some()).collect();
        let shown = |sign: f64| {
            let in_direction =
                |c: &&&Comparison| c.difference().is_some_and(|difference| difference * sign > 0.0);
            tested.iter().filter(|c| c.significant()).filter(in_direction).count()
        };
        (!tested.is_empty()).then(|| Self {
            larger: shown(1.0),
            smaller: shown(-1.0),
            tested: tested.len(),
        })
    }

    /// Whether any difference was shown.
    pub(super) fn any(self) -> bool {
        self.larger + self.smaller > 0
    }
}

fn direction(measure: Measure, difference: f64) -> &'static str {
    match (measure, difference > 0.0) {
        (Measure::TestAccuracy, true) => "higher",
        (Measure::TestAccuracy, false) => "lower",
        (_, true) => "larger",
        (_, false) => "smaller",
    }
}

/// `n = 5 pairs, 95 % interval of the difference 1.20 to 3.40`.
fn interval_words(comparison: &Comparison) -> String {
    let interval = comparison.interval().map(percent_interval);
    match interval {
        Some(interval) => {
            format!(
                "n\u{a0}=\u{a0}{} pairs, 95\u{a0}% interval of the difference {interval}",
                comparison.n_pairs
            )
        }
        None => format!("n\u{a0}=\u{a0}{}", comparison.n_pairs),
    }
}

/// `77.90 % (95 % interval 77.50 to 78.30, n = 5)`.
pub(super) fn percent_words(estimate: &Estimate) -> String {
    let mean = percent(estimate.mean);
    match estimate.interval {
        Some(interval) => {
            format!(
                "{mean}\u{a0}% (95\u{a0}% interval {}, n\u{a0}=\u{a0}{})",
                percent_interval(interval),
                estimate.n
            )
        }
        None => format!("{mean}\u{a0}% (n\u{a0}=\u{a0}{})", estimate.n),
    }
}

/// What an arm reached: test accuracy and gap.
pub(super) fn reached(arm: &Arm) -> String {
    match &arm.finals {
        Some(finals) => format!(
            "a test accuracy of {} and a generalisation gap of {} percentage points",
            percent_words(&finals.test_accuracy),
            percent(finals.gap.mean)
        ),
        None => "no result".to_owned(),
    }
}

/// When the validation loss was lowest, and how far it rose from there.
pub(super) fn overfitting(arm: &Arm) -> Option<String> {
    let curve = &arm.curves.validation_loss;
    let (lowest_at, lowest) = curve
        .points
        .iter()
        .map(|point| point.mean)
        .enumerate()
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    let last = curve.points.last()?.mean;
    let (epoch, label) = (curve.epochs.get(lowest_at)?, plain(&arm.label));
    Some(if lowest_at + 1 == curve.points.len() {
        format!(
            "With {label}, the mean validation loss was lowest after the last epoch, with {} nats.",
            fixed(last, 3)
        )
    } else {
        format!(
            "With {label}, the mean validation loss was lowest after epoch {epoch} ({} nats) and \
             had risen to {} nats after the last.",
            fixed(lowest, 3),
            fixed(last, 3)
        )
    })
}

#[cfg(test)]
mod tests {
    use plateau_analysis::{PairMeans, PairedTest, Untestable};

    use super::*;

    fn comparison(test: TestOutcome) -> Comparison {
        let interval = Some(Interval { lower: 0.012, upper: 0.034 });
        let difference = Estimate { n: 5, mean: 0.023, sd: Some(0.01), interval };
        Comparison {
            measure: Measure::TestAccuracy,
            a: "cosine from 0.03".into(),
            b: "rate 0.01".into(),
            n_pairs: 5,
            means: Some(PairMeans { a: 0.77, b: 0.747, difference }),
            test,
        }
    }

    fn test(p_adjusted: f64) -> TestOutcome {
        TestOutcome::Tested(PairedTest {
            t: 5.1,
            df: 4.0,
            p: p_adjusted / 2.0,
            p_adjusted,
            family_size: 2,
            effect_size: 2.3,
            wilcoxon_p: None,
            significant: p_adjusted < 0.05,
        })
    }

    #[test]
    fn a_difference_is_claimed_only_where_the_test_showed_one() {
        assert_eq!(
            sentence(&comparison(test(0.012))).replace('\u{a0}', " "),
            "The test accuracy was 2.30 percentage points higher with “cosine from 0.03” than with \
             “rate 0.01” (n = 5 pairs, 95 % interval of the difference 1.20 to 3.40; adjusted p = \
             0.012)."
        );
        assert!(sentence(&comparison(test(0.2))).starts_with("No difference in test accuracy"));
        assert_eq!(
            effect(&comparison(test(0.012))).replace('\u{a0}', " "),
            "raised test accuracy by 2.30 percentage points (95 % interval 1.20 to 3.40, n = 5, \
             adjusted p = 0.012)"
        );
        let mut lower = comparison(test(0.012));
        if let Some(means) = &mut lower.means {
            means.difference.mean = -0.023;
            means.difference.interval = Some(Interval { lower: -0.034, upper: -0.012 });
        }
        assert!(effect(&lower).replace('\u{a0}', " ").starts_with(
            "lowered test accuracy by 2.30 percentage points (95 % interval 1.20 to 3.40, n = 5"
        ));
        assert!(effect(&comparison(test(0.2))).starts_with("made no difference to test accuracy"));
        let untested = TestOutcome::Untested { reason: Untestable::TooFewPairs };
        assert!(sentence(&comparison(untested)).contains("was not tested: fewer than two pairs"));
    }
}
