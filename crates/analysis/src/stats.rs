//! Statistics over seeds: small samples, mostly paired.
//!
//! All functions take finite numbers and give finite numbers; what is not defined is an absent
//! value or a reason.
//!
//! # Layout
//! - [`possible`]: what values a quantity can have, and its intervals with it
//! - [`student`]: mean, standard deviation, Student-t confidence interval
//! - [`t_test`]: paired and Welch's t-test, Cohen's d_z
//! - [`wilcoxon`](mod@wilcoxon): exact signed-rank test
//! - [`holm`](mod@holm): adjustment for many tests
//! - [`power`]: how many pairs a paired t-test needs
//! - [`moments`]: moments of a union from the moments of its parts
//! - [`line`](mod@line): least-squares straight line

pub mod holm;
pub mod line;
pub mod moments;
pub mod possible;
pub mod power;
pub mod student;
pub mod t_test;
pub mod wilcoxon;

pub use holm::holm;
pub use line::{Line, fit_line};
pub use moments::pooled;
pub use possible::Possible;
pub use power::{detectable_effect, paired_t_power, pairs_needed};
pub use student::{estimate, estimate_within, t_critical};
pub use t_test::{TTest, cohens_d_z, paired_t, welch_t};
pub use wilcoxon::wilcoxon;

/// Level of significance and, as 1 − it, of confidence.
pub const ALPHA: f64 = 0.05;

/// Differences below this fraction of the numbers they are taken from are rounding errors.
/// Accuracies are multiples of 1/10,000, whose differences carry errors near 1e-16.
const RESOLUTION: f64 = 1e-12;

/// The smallest difference between members of pairs that is not a rounding error.
fn resolution(pairs: &[(f64, f64)]) -> f64 {
    RESOLUTION * pairs.iter().fold(0.0, |largest: f64, (a, b)| largest.max(a.abs()).max(b.abs()))
}
