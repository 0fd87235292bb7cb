//! How many seeds the comparisons would have needed.

use serde::Serialize;

use super::Comparison;

/// How well the comparisons of a study could see.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PowerFindings {
    /// The probability with which an effect shall be found.
    pub power: f64,
    /// One entry per tested comparison of performance, in the order of the report.
    pub entries: Vec<PowerEntry>,
}

/// How well one comparison could see.
///
/// The level is 0.05 divided by the size of the comparison's family: the strictest that Holm's
/// method may ask for, so that the comparison is found whatever the others show.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PowerEntry {
    /// Number of the experiment, from 1.
    pub experiment: usize,
    /// The comparison.
    pub comparison: Comparison,
    /// The level.
    pub alpha: f64,
    /// The smallest difference that so many pairs detect with that power, given the spread of
    /// the differences that was seen; none if no possible difference is large enough.
    pub detectable: Option<f64>,
    /// Pairs with which an effect of the size that was seen is found with that power; none
    /// above 100,000.
    pub pairs_needed: Option<u32>,
}
