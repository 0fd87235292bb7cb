//! The convolutional network on burn: blocks of [3×3 convolution → (batch norm) → activation →
//! 2×2 max-pool], a hidden fully connected layer and the output layer.
//!
//! # Layout
//! - [`cnn`]: [`Cnn`], made of [`Features`] (the blocks) and [`Head`] (the fully connected
//!   layers)
//! - [`convolution`], [`dense`], [`batch_norm`], [`activation`], [`dropout`]: its layers
//! - [`init`]: initial weights from keyed random streams
//! - [`weights`]: named tensors in PyTorch's names and shapes, to and from safetensors
//! - [`mode`]: training and evaluation are different types of pass

pub mod activation;
pub mod batch_norm;
pub mod cnn;
pub mod convolution;
pub mod dense;
pub mod dropout;
pub mod init;
pub mod mode;
pub mod weights;

pub use batch_norm::BatchNorm;
pub use cnn::{Cnn, Features, Head, Parameter};
pub use convolution::ConvBlock;
pub use dense::Dense;
pub use dropout::{DropoutMasks, HeadShape};
pub use mode::Mode;
pub use weights::{NamedTensor, Weights, WeightsError};
