//! Paired tests between arms, adjusted by family.

use crate::findings::{Arm, Comparison, FinalMetrics, Measure, PairMeans, PairedTest, TestOutcome};
use crate::stats::{ALPHA, cohens_d_z, estimate, estimate_within, holm, paired_t, wilcoxon};

/// Test accuracy, then generalisation gap.
pub(super) const PERFORMANCE: [Measure; 2] = [Measure::TestAccuracy, Measure::GeneralisationGap];

/// Two samples to be compared, with the names of both sides.
pub(super) struct Sides<'a> {
    pub(super) measure: Measure,
    pub(super) a: &'a str,
    pub(super) b: &'a str,
}

/// Arm *a* against arm *b* by their final metrics, over the seeds that finished in both. Its
/// p-value is that of a family of one; see [`adjust`].
pub(super) fn compare(measure: Measure, a: &Arm, b: &Arm) -> Comparison {
    let pairs: Vec<(f64, f64)> = a
        .seeds
        .iter()
        .filter_map(|of_a| {
            let of_b = b.seeds.iter().find(|of_b| of_b.seed == of_a.seed)?;
            Some((read(measure, &of_a.finals?)?, read(measure, &of_b.finals?)?))
        })
        .collect();
    compare_pairs(&Sides { measure, a: &a.label, b: &b.label }, &pairs)
}

fn read(measure: Measure, finals: &FinalMetrics) -> Option<f64> {
    match measure {
        Measure::TestAccuracy => Some(finals.test.accuracy),
        Measure::GeneralisationGap => Some(finals.gap),
        Measure::TestGap => Some(finals.test_gap),
        Measure::CalibrationError | Measure::LogGradient | Measure::LogGradientProfile => None,
    }
}

/// The comparison of paired numbers.
pub(super) fn compare_pairs(sides: &Sides<'_>, pairs: &[(f64, f64)]) -> Comparison {
    let column = |read: fn(&(f64, f64)) -> f64| pairs.iter().map(read).collect::<Vec<f64>>();
    let possible = sides.measure.possible_difference();
    let means = || {
        Some(PairMeans {
            a: estimate(&column(|pair| pair.0))?.mean,
            b: estimate(&column(|pair| pair.1))?.mean,
            difference: estimate_within(possible, &column(|pair| pair.0 - pair.1))?,
        })
    };
    Comparison {
        measure: sides.measure,
        a: sides.a.to_owned(),
        b: sides.b.to_owned(),
        n_pairs: pairs.len(),
        means: means(),
        test: test(pairs),
    }
}

fn test(pairs: &[(f64, f64)]) -> TestOutcome {
    match (paired_t(pairs), cohens_d_z(pairs)) {
        (Ok(test), Ok(effect_size)) => TestOutcome::Tested(PairedTest {
            t: test.t,
            df: test.df,
            p: test.p,
            p_adjusted: test.p,
            family_size: 1,
            effect_size,
            wilcoxon_p: wilcoxon(pairs),
            significant: test.p < ALPHA,
        }),
        (Err(reason), _) | (_, Err(reason)) => TestOutcome::Untested { reason },
    }
}

/// Adjusts the p-values of a family by Holm's method. Comparisons without a test do not count.
pub(super) fn adjust<'a>(family: impl IntoIterator<Item = &'a mut Comparison>) {
    let mut tests: Vec<&mut PairedTest> = family
        .into_iter()
        .filter_map(|comparison| match &mut comparison.test {
            TestOutcome::Tested(test) => Some(test),
            TestOutcome::Untested { .. } => None,
        })
        .collect();
    let adjusted = holm(&tests.iter().map(|test| test.p).collect::<Vec<_>>());
    let family_size = tests.len();
    for (test, p_adjusted) in tests.iter_mut().zip(adjusted) {
        test.p_adjusted = p_adjusted;
        test.family_size = family_size;
        test.significant = p_adjusted < ALPHA;
    }
}
