//! Settings that follow from results, by written rules, from training and validation data
//! alone: for the phases of a study that depend on others.
//!
//! # Layout
//! - [`range_test`]: learning rates from a range test: [`propose_rates`]
//! - [`best`]: the best value and the largest stable one: [`best_of`], [`largest_stable`],
//!   [`schedule_start`]

pub mod best;
pub mod range_test;

use thiserror::Error;

use crate::number::short;

pub use best::{
    Among, BestOf, Candidate, Excluded, RunnerUp, ScheduleStart, best_of, largest_stable,
    schedule_start,
};
pub use range_test::{Proposal, propose_rates, range_curve, range_minimum};

/// Why nothing could be chosen.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ChooseError {
    /// No range test has a usable record.
    #[error("none of {n_runs} range tests recorded the loss at two rates or more")]
    NoRange {
        /// Range tests that were given.
        n_runs: usize,
    },
    /// The range tests have no rate in common.
    #[error("the range tests have no learning rates in common")]
    NoCommonRange,
    /// The loss is lowest at the first rate.
    #[error(
        "the loss only rises above the first learning rate of the range test, {}: start it lower",
        short(*from)
    )]
    NoFall {
        /// The first rate.
        from: f64,
    },
    /// Rates rounded to two significant digits need a factor of 1.1 to differ.
    #[error("the factor between learning rates is {}, but has to be at least 1.1", short(*factor))]
    Factor {
        /// The factor that was given.
        factor: f64,
    },
    /// No candidate is eligible.
    #[error("no value is eligible{}", best::left_out(excluded))]
    NoCandidate {
        /// The candidates, and why each was left out.
        excluded: Vec<Excluded>,
    },
}

/// Rounds to two significant digits, as rates are written in studies and reports.
#[must_use]
pub fn two_digits(x: f64) -> f64 {
    // By way of text, so that the result is the number nearest to the decimal one.
    format!("{x:.1e}").parse().unwrap_or(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_digits_gives_the_nearest_decimal_number() {
        assert_eq!(two_digits(0.012_499), 0.012);
        assert_eq!(two_digits(0.1 + 0.2), 0.3);
        assert_eq!(two_digits(96.0), 96.0);
        assert_eq!(two_digits(0.000_999), 0.001);
        assert_eq!(two_digits(0.0), 0.0);
    }
}
