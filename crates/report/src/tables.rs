//! The tables of a report.
//!
//! # Layout
//! - [`arms`]: means of final metrics, one row per arm
//! - [`comparisons`]: paired tests, one row per comparison
//! - [`learning_rate`]: checks of the constant rates
//! - [`gradients`]: gradients of each layer against the plain model's;
//!   [`gradient_profiles`]: the first layer's against the last's
//! - [`layers`], [`classes`], [`runs`]: the network, the best model's classes, every run
//! - [`predictions`], [`power`]: calibration and classes; how many seeds it takes
//! - [`curves`]: the numbers behind the figures, for machines only

pub mod arms;
pub mod classes;
pub mod comparisons;
pub mod curves;
pub mod gradient_profiles;
pub mod gradients;
pub mod layers;
pub mod learning_rate;
pub mod power;
pub mod predictions;
pub mod runs;
