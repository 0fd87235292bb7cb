use std::ops::{AddAssign, Mul};

use super::relu_max;
use crate::conv::ConvBlock;
use crate::pool::DEAD;

/// `f32` or `f64`.
pub trait Float: Copy + Default + PartialOrd + AddAssign + Mul<Output = Self> {}
impl Float for f32 {}
impl Float for f64 {}

/// Twin of [`ConvBlock::forward`] for one image: `[pooled_height, pooled_width,
/// c_out]` activations and winners.
pub fn conv_forward<T: Float>(
    block: &ConvBlock,
    weights: &[T],
    bias: &[T],
    image: &[T],
) -> (Vec<T>, Vec<u8>) {
    assert_eq!(bias.len(), block.c_out());
    let mut pooled = Vec::with_capacity(block.pooled_len());
    let mut winners = Vec::with_capacity(block.pooled_len());
    for y in 0..block.pooled_height() {
        for x in 0..block.pooled_width() {
            for (channel, &bias) in bias.iter().enumerate() {
                let window = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(dy, dx)| {
                    let mut sum = bias;
                    for tap in taps(block, channel, 2 * y + dy, 2 * x + dx) {
                        sum += weights[tap.weight] * image[tap.input];
                    }
                    sum
                });
                let (max, winner) = relu_max(window);
                pooled.push(max);
                winners.push(winner);
            }
        }
    }
    (pooled, winners)
}

/// Twin of [`ConvBlock::backward_weights`] for one image: adds to the gradients
/// of weights and biases. `gradient` is that of the pooled activations.
pub fn conv_backward_weights<T: Float>(
    block: &ConvBlock,
    image: &[T],
    (gradient, winners): (&[T], &[u8]),
    weight_gradient: &mut [T],
    bias_gradient: &mut [T],
) {
    for_each_winner(block, winners, |idx, channel, y, x| {
        bias_gradient[channel] += gradient[idx];
        for tap in taps(block, channel, y, x) {
            weight_gradient[tap.weight] += gradient[idx] * image[tap.input];
        }
    });
}

/// Twin of [`ConvBlock::backward_input`] for one image: adds to the gradient of
/// the padded input, border included.
pub fn conv_backward_input<T: Float>(
    block: &ConvBlock,
    weights: &[T],
    (gradient, winners): (&[T], &[u8]),
    input_gradient: &mut [T],
) {
    for_each_winner(block, winners, |idx, channel, y, x| {
        for tap in taps(block, channel, y, x) {
            input_gradient[tap.input] += gradient[idx] * weights[tap.weight];
        }
    });
}

/// One product of the convolution at a pixel.
struct Tap {
    weight: usize,
    input: usize,
}

fn taps(block: &ConvBlock, channel: usize, y: usize, x: usize) -> impl Iterator<Item = Tap> {
    let (block, row) = (*block, block.kernel_row());
    (0..3).flat_map(move |kernel_y| {
        (0..row).map(move |k| Tap {
            weight: (channel * 3 + kernel_y) * row + k,
            input: (y + kernel_y) * block.padded_row() + x * block.c_in() + k,
        })
    })
}

/// Calls `f(index of the pooled value, channel, y, x)` with the winner's pixel.
fn for_each_winner(
    block: &ConvBlock,
    winners: &[u8],
    mut f: impl FnMut(usize, usize, usize, usize),
) {
    for (idx, &winner) in winners.iter().enumerate().filter(|&(_, &winner)| winner < DEAD) {
        let (cell, channel) = (idx / block.c_out(), idx % block.c_out());
        let (y, x) = (cell / block.pooled_width(), cell % block.pooled_width());
        let (dy, dx) = (usize::from(winner / 2), usize::from(winner % 2));
        f(idx, channel, 2 * y + dy, 2 * x + dx);
    }
}
