//! CPU kernels of Plateau: slices in, slices out, no dependency but `std`.
//!
//! The only crate of the project with `unsafe`. Every public function is safe: it asserts the
//! lengths of its slices, in release builds too.
//!
//! # Layout
//! - [`conv`]: the hidden block (convolution → bias → ReLU → max-pool), forward and backward,
//!   visiting only the pixels that won
//! - [`conv_dense`]: the convolution under batch norm, whose gradients are dense
//! - `winograd`: minimal filtering, for both convolutions
//! - [`batch_norm`]: batch normalisation with ReLU, with and without max-pool
//! - [`linear`]: the fully connected layer; `sparse`, the products it is made of
//! - [`cross_entropy`]: softmax, loss and gradient
//! - [`optimizer`]: SGD and Adam
//! - [`peak`]: what the machine could do at most
//! - [`statistics`]: sums of gradients
//! - [`framed`], [`pool`], [`AlignedBuffer`]: images with or without a border; the mark of
//!   winners; floats on a cache-line boundary; `scratch`, memory that a thread keeps to work in
//! - [`scalar`]: naive twins of all kernels, the oracle of the tests
//! - [`Isa`]: the instruction set, chosen once, at run time
//!
//! # Determinism
//!
//! A kernel gives the same bits for the same slices and the same [`Isa`], and each module says
//! how work may be cut between threads without changing them. Two instruction sets agree only up
//! to rounding: one fuses multiply and add, the other does not.

mod aligned;
pub mod batch_norm;
pub mod conv;
pub mod conv_dense;
pub mod cross_entropy;
mod exp;
pub mod framed;
pub mod linear;
pub mod optimizer;
pub mod peak;
pub mod pool;
pub mod scalar;
mod scratch;
mod simd;
mod sparse;
pub mod statistics;
#[cfg(test)]
mod tests;
mod winograd;

pub use aligned::AlignedBuffer;
pub use simd::Isa;
