//! Naive twins of the kernels: what they compute, in the fewest words. They are the oracle of the
//! tests, in 64 bits or generic over the float, so that finite differences can be taken of them.
//!
//! # Layout
//! - `conv`: the convolution with ReLU and max-pool: [`conv_forward`],
//!   [`conv_backward_weights`], [`conv_backward_input`]
//! - [`conv_dense`]: the convolution with dense output
//! - [`batch_norm`], [`linear`], [`cross_entropy`], [`optimizer`]: as the kernels of
//!   the same names

pub mod batch_norm;
mod conv;
pub mod conv_dense;
pub mod cross_entropy;
pub mod linear;
pub mod optimizer;

pub use conv::{Float, conv_backward_input, conv_backward_weights, conv_forward};

/// To 64 bits.
#[must_use]
pub fn widen(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

/// Maximum of four pixels after ReLU, and which one it was. The first maximum wins; the first
/// NaN beats all; [`DEAD`](crate::pool::DEAD) where ReLU gave 0.
pub fn relu_max<T: Copy + Default + PartialOrd>(window: [T; 4]) -> (T, u8) {
    let (max, winner) = first_max(window);
    if max > T::default() || is_nan(max) {
        (max, winner)
    } else {
        (T::default(), crate::pool::DEAD)
    }
}

/// Maximum of four pixels, and which one it was. The first maximum wins; the first NaN beats all.
pub fn first_max<T: Copy + PartialOrd>(window: [T; 4]) -> (T, u8) {
    let (mut max, mut winner) = (window[0], 0);
    for (pixel, &value) in (0..).zip(&window) {
        if value > max || (is_nan(value) && !is_nan(max)) {
            (max, winner) = (value, pixel);
        }
    }
    (max, winner)
}

fn is_nan<T: Copy + PartialOrd>(value: T) -> bool {
    value.partial_cmp(&value).is_none()
}
