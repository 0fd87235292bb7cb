//! The hidden block of the network: 3×3 convolution (same padding, stride 1) →
//! bias → ReLU → 2×2 max-pool (stride 2, odd last row and column left out).
//!
//! Images are channels last, and padded with a border of zeros one pixel wide,
//! so that what a row of the kernel sees is 3·c_in contiguous floats.
//!
//! # Layout
//!
//! - `shape`: [`ConvBlock`], sizes of all buffers; [`Placement`], where pooled
//!   values lie; [`DEAD`].
//! - `pack`: [`ForwardMethod`], [`ForwardWeights`] and [`InputGradientWeights`], weights as the
//!   kernels read them.
//! - `forward`: [`ConvBlock::forward`], [`ConvBlock::evaluate`].
//! - `direct`, `winograd`: the two ways of computing the convolution.
//! - `winners`: lists of winners by channel, for the weight gradient.
//! - `backward_weights`: [`ConvBlock::backward_weights`].
//! - `backward_input`: [`ConvBlock::backward_input`].
//! - `reduce`: [`sum_parts`], gradients of parts of a batch to that of the whole.
//!
//! # Why the backward pass is sparse
//!
//! The pool passes the gradient to one pixel of four, and ReLU to none where the
//! pooled value is 0. Which pixel won is written down by the forward pass, one
//! byte for each pooled value; the backward kernels visit winners only. This is
//! exact: what is left out is a product with 0.
//!
//! # Threads
//!
//! Kernels take whole images, any number of them, and never spawn. For the same
//! bits with any number of threads cut a batch into parts of a fixed number of
//! images ([`IMAGES_PER_PART`]), give each its own weight gradient, and sum those
//! in order ([`sum_parts`]).

mod backward_input;
mod backward_weights;
mod direct;
mod forward;
mod pack;
mod reduce;
mod shape;
mod winners;
mod winograd;

pub use crate::pool::DEAD;
pub use pack::{ForwardMethod, ForwardWeights, InputGradientWeights};
pub use reduce::{IMAGES_PER_PART, sum_parts};
pub use shape::{ConvBlock, Placement, Pooled, PooledMut};
