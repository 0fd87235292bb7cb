//! The network's operators.
//!
//! On the CPU they are kernels of our own, each with its own backward pass, plugged into burn's
//! automatic differentiation; on every other back end the same functions compose burn's
//! operators. Images are channels last everywhere, and padded with a border of zeros where a
//! convolution reads them, so that no layout is converted between blocks.
//!
//! # Layout
//! - [`conv_block()`]: convolution → bias → activation → max-pool
//! - [`conv_norm_block()`], [`norm_rows()`]: the same with batch norm, and batch norm after a
//!   fully connected layer
//! - [`dense()`]: (dropout) → fully connected layer → activation
//! - [`cross_entropy()`]: softmax and mean loss
//! - [`update()`]: an optimiser's step, in place
//! - [`profile()`]: where the time goes
//! - [`Buffer`]: memory that goes round from step to step
//! - `graph`: how a kernel becomes a node of burn's graph
//! - `parts`: how a batch is cut between threads

use burn::tensor::Device;

mod buffer;
mod conv_block;
mod conv_norm_block;
mod cross_entropy;
mod dense;
mod graph;
mod norm;
mod parts;
mod profile;
mod update;

pub use buffer::{Buffer, pooled_bytes};
pub use conv_block::{Border, Convolution, conv_block};
pub use conv_norm_block::conv_norm_block;
pub use cross_entropy::cross_entropy;
pub use dense::{Affine, dense};
pub use graph::{is_cpu, with_values};
pub use norm::{BatchStatistics, ScaleShift, norm_rows};
pub use parts::for_each;
pub use profile::{Sample, Work, profile, timed};
pub use update::update;

/// Whose operators compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operators {
    /// Kernels of our own; where the device has none, burn's.
    Fused,
    /// burn's, composed.
    Composed,
}

/// Where a network lives and by whose operators it computes.
#[derive(Clone, Debug, PartialEq)]
pub struct Backend {
    /// With or without automatic differentiation.
    pub device: Device,
    /// By whose operators.
    pub operators: Operators,
}

impl Backend {
    /// The fastest operators of the device.
    #[must_use]
    pub fn fastest(device: Device) -> Self {
        Self { device, operators: Operators::Fused }
    }

    /// The same, with automatic differentiation.
    #[must_use]
    pub fn differentiating(&self) -> Self {
        Self { device: self.device.clone().autodiff(), operators: self.operators }
    }
}
