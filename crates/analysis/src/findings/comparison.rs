//! Two arms against each other, paired by seed.

use serde::Serialize;

use super::{Estimate, Interval};
use crate::stats::Possible;

/// Arm *a* against arm *b* over the seeds that finished in both.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What is compared.
    pub measure: Measure,
    /// Label of the first arm.
    pub a: String,
    /// Label of the second arm.
    pub b: String,
    /// Number of seeds that finished in both arms.
    pub n_pairs: usize,
    /// Means over these seeds; none without a pair.
    pub means: Option<PairMeans>,
    /// The test of "no difference", or why there is none.
    pub test: TestOutcome,
}

/// What two arms are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Final accuracy on the test images; higher is better.
    TestAccuracy,
    /// Final training minus validation accuracy; lower is better.
    GeneralisationGap,
    /// Final training minus test accuracy; lower is better.
    TestGap,
    /// Expected calibration error on the test images; lower is better.
    CalibrationError,
    /// Decimal logarithm of a layer's mean |dL/dw|; neither direction is better.
    LogGradient,
    /// Decimal logarithm of the first layer's mean |dL/dw| over the last layer's; neither
    /// direction is better.
    LogGradientProfile,
}

impl Measure {
    /// Its name in running text.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::TestAccuracy => "test accuracy",
            Self::GeneralisationGap => "generalisation gap",
            Self::TestGap => "gap between training and test accuracy",
            Self::CalibrationError => "expected calibration error",
            Self::LogGradient => "log10 of the mean absolute gradient",
            Self::LogGradientProfile => "log10 of the first layer's gradient over the last's",
        }
    }

    /// What the difference of two such measures can be.
    #[must_use]
    pub fn possible_difference(self) -> Possible {
        match self {
            Self::TestAccuracy | Self::CalibrationError => Possible::SHARE_DIFFERENCE,
            Self::GeneralisationGap | Self::TestGap => Possible::GAP_DIFFERENCE,
            Self::LogGradient | Self::LogGradientProfile => Possible::ANY,
        }
    }
}

/// Means over pairs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PairMeans {
    /// Mean of *a*.
    pub a: f64,
    /// Mean of *b*.
    pub b: f64,
    /// Mean of the differences *a* − *b*, with its interval.
    pub difference: Estimate,
}

/// A test, or the reason why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum TestOutcome {
    /// Paired two-sided t-test.
    Tested(PairedTest),
    /// The test's statistic is not defined.
    Untested {
        /// Why.
        reason: Untestable,
    },
}

/// Why a paired t-test has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Untestable {
    /// Fewer than two pairs.
    TooFewPairs,
    /// All differences are equal: their variance is zero.
    NoVariance,
}

/// A paired two-sided t-test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PairedTest {
    /// Mean difference divided by its standard error.
    pub t: f64,
    /// Degrees of freedom: pairs − 1.
    pub df: f64,
    /// Probability of a |t| at least as large, if there were no difference.
    pub p: f64,
    /// `p` adjusted by Holm's method for the tests of its family: all those of an experiment.
    pub p_adjusted: f64,
    /// Number of tests in that family.
    pub family_size: usize,
    /// Cohen's d_z: mean difference / standard deviation of the differences.
    pub effect_size: f64,
    /// Exact two-sided p of the Wilcoxon signed-rank test, for robustness; not adjusted. Its
    /// least possible value is 2^(1−n): 0.0625 for five pairs. None if all differences are 0.
    pub wilcoxon_p: Option<f64>,
    /// `p_adjusted` < 0.05.
    pub significant: bool,
}

impl Comparison {
    /// The test, if there is one.
    #[must_use]
    pub fn tested(&self) -> Option<&PairedTest> {
        match &self.test {
            TestOutcome::Tested(test) => Some(test),
            TestOutcome::Untested { .. } => None,
        }
    }

    /// Whether a difference was shown: tested, and adjusted p < 0.05.
    #[must_use]
    pub fn significant(&self) -> bool {
        self.tested().is_some_and(|test| test.significant)
    }

    /// Mean difference *a* − *b*, without a pair none.
    #[must_use]
    pub fn difference(&self) -> Option<f64> {
        self.means.map(|means| means.difference.mean)
    }

    /// 95 % confidence interval of the mean difference (not adjusted for other tests).
    #[must_use]
    pub fn interval(&self) -> Option<Interval> {
        self.means.and_then(|means| means.difference.interval)
    }
}
