//! The convolutional network on burn: blocks of [3×3 convolution → (batch norm) → activation →
//! 2×2 max-pool], a hidden fully connected layer and the output layer.
//!
//! # Layout
//! - [`cnn`]: [`Cnn`], made of [`Features`] (the blocks) and [`Head`] (the fully connected
//!   layers)
//! - [`convolution`], [`dense`], [`batch_norm`], [`activation`], [`dropout`]: its layers
//! - [`operators`]: what the layers compute, by kernels of our own or by burn
//! - [`init`]: initial weights from keyed random streams
//! - [`weights`]: named tensors in PyTorch's names and shapes, to and from safetensors
//! - `layout`: from PyTorch's order of elements to ours and back
//! - [`mode`]: training and evaluation are different types of pass

pub mod activation;
pub mod batch_norm;
pub mod cnn;
pub mod convolution;
pub mod dense;
pub mod dropout;
pub mod init;
mod layout;
pub mod mode;
pub mod operators;
pub mod weights;

pub use batch_norm::BatchNorm;
pub use cnn::{Cnn, Features, Head, Parameter};
pub use convolution::ConvBlock;
pub use dense::Dense;
pub use dropout::{DropoutMasks, HeadShape};
pub use mode::Mode;
pub use operators::{Backend, Buffer, Operators};
pub use weights::{NamedTensor, Weights, WeightsError};
