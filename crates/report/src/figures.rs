//! The figures of a report: one function per figure, one file per family.
//!
//! # Layout
//! - [`series`]: from findings to what panels draw; extents of axes
//! - [`curves`]: learning curves, training beside validation
//! - [`by_setting`]: final metrics against what varies
//! - [`comparison`]: two or more arms against each other, seed by seed
//! - [`learning_rate`], [`regularisation`], [`transfer`], [`gradients`], [`batch_norm`],
//!   [`sweep`]: one experiment each
//! - [`predictions`]: calibration, classes, mistakes
//! - [`network`], [`data`], [`confusion`]: what all experiments share

pub mod batch_norm;
pub mod by_setting;
pub mod comparison;
pub mod confusion;
pub mod curves;
pub mod data;
pub mod gradient_maps;
pub mod gradients;
pub mod learning_rate;
pub mod network;
pub mod predictions;
pub mod regularisation;
pub mod series;
pub mod sweep;
pub mod transfer;
