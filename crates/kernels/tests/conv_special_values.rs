//! NaN stays visible, infinities follow IEEE, ties go to the first pixel.

mod case;

use case::{Case, Random, assert_same, isas};
use plateau_kernels::{
    conv::{ConvBlock, DEAD},
    scalar,
};

/// A block whose convolution passes channel 0 on, so that windows can be chosen.
fn identity(isa: plateau_kernels::Isa, window: [f32; 4]) -> Case {
    let block = ConvBlock::with_isa(isa, 1, 1, 2, 2);
    let mut case = Case::new(block, 1, |len| vec![0.0; len]);
    case.weights[4] = 1.0;
    for (position, value) in [5, 6, 9, 10].into_iter().zip(window) {
        case.images[position] = value;
    }
    case.gradient[0] = 1.0;
    case
}

#[test]
fn every_window_of_special_values() {
    const VALUES: [f32; 5] = [-1.0, 0.0, -0.0, 2.0, 3.0];
    for isa in isas() {
        for i in 0..VALUES.len().pow(4) {
            let window = [i, i / 5, i / 25, i / 125].map(|i| VALUES[i % 5]);
            let outcome = identity(isa, window).kernels();
            let first_max = (0..4).rev().max_by(|&a, &b| window[a].total_cmp(&window[b]));
            let max = window[first_max.expect("four")].max(0.0);
            let expected = if max > 0.0 {
                (0..4).find(|&pixel| window[pixel] == max).expect("the maximum") as u8
            } else {
                DEAD
            };
            assert_eq!((outcome.pooled[0], outcome.winners[0]), (max, expected), "{window:?}");
            // A 0 that ReLU made is +0.
            assert!(outcome.pooled[0].is_sign_positive(), "{window:?}");
            assert_eq!(outcome.bias_gradient[0], f32::from(u8::from(max > 0.0)));
        }
    }
}

#[test]
fn relu_max_by_hand() {
    const INF: f32 = f32::INFINITY;
    const NAN: f32 = f32::NAN;
    assert_eq!(scalar::relu_max([1.0, 2.0, 2.0, 1.0]), (2.0, 1));
    assert_eq!(scalar::relu_max([0.0, -1.0, -0.0, -INF]), (0.0, DEAD));
    assert_eq!(scalar::relu_max([1.0, INF, 5.0, INF]), (INF, 1));
    let (value, winner) = scalar::relu_max([INF, NAN, 5.0, NAN]);
    assert!(value.is_nan() && winner == 1);
}

/// NaN and infinities in images, weights, biases and gradients, among whole
/// numbers: whether a sum is NaN, +∞ or −∞ doesn't depend on its order.
#[test]
fn nan_and_infinities() {
    let special = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    for isa in isas() {
        for (c_in, c_out, side) in [(1, 1, 4), (3, 17, 6), (9, 8, 5), (8, 33, 4), (16, 65, 2)] {
            let block = ConvBlock::with_isa(isa, c_in, c_out, side, side);
            for seed in 1..40 {
                let mut random = Random(seed);
                let mut case = Case::new(block, 2, |len| random.whole(len));
                let value = special[seed as usize % 3];
                for values in match seed % 4 {
                    0 => vec![&mut case.images],
                    1 => vec![&mut case.weights],
                    2 => vec![&mut case.gradient],
                    _ => vec![&mut case.bias, &mut case.images],
                } {
                    for _ in 0..3 {
                        let i = random.below(values.len());
                        values[i] = value;
                    }
                }
                assert_same(&case.kernels(), &case.twins(), &format!("{block:?}, seed {seed}"));
            }
        }
    }
}
