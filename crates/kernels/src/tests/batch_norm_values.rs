//! Special values, large means, and what bits depend on.

use std::ops::Range;

use super::batch_norm::{Case, sums_of_parts};
use super::{Stream, assert_close, bits, isas};
use crate::batch_norm::{
    Moments, Normalizer, PooledGradient, Winners, WinnersMut, pool_gradient_sums, pool_normalize,
    pool_winners,
};
use crate::framed::Framed;
use crate::pool::DEAD;
use crate::scalar::batch_norm::moments;
use crate::scalar::widen;

#[test]
fn moments_survive_a_large_mean() {
    for isa in isas() {
        // Of 1000 ± 0.01, whose squares leave no bit of the variance in 32 bits.
        let values: Vec<_> =
            Stream::new(1).floats(10_000 * 9).iter().map(|x| 1000.0 + 0.01 * x).collect();
        let (mean, variance) = moments(&widen(&values), 9);
        let mut of_images = Moments::empty(9);
        let n_winners = 10_000 / 4 * 9;
        let winners =
            WinnersMut { pixel: &mut vec![0; n_winners], x_hat: &mut vec![0.0; n_winners] };
        let shape = Framed::dense(50, 20, 9);
        pool_winners(isa, (shape, &values), &[1.0; 9], winners, &mut of_images);
        for moments in [Moments::of(isa, &values, 9), of_images] {
            for channel in 0..9 {
                assert!((moments.mean()[channel] - mean[channel]).abs() < 1e-6);
                assert!((moments.variance()[channel] / variance[channel] - 1.0).abs() < 1e-5);
            }
        }
    }
}

#[test]
fn first_maximum_wins_and_nan_is_visible() {
    let ones = [1.0; 8];
    let normalizer =
        Normalizer { mean: &[0.0; 8], inverse_std: &ones, scale: &ones, shift: &[0.0; 8] };
    for isa in isas() {
        for (window, expected, winner) in [
            ([1.0, 1.0, 1.0, 1.0], 1.0, 0),
            ([0.0, 2.0, 2.0, 1.0], 2.0, 1),
            ([0.0, -1.0, -0.0, 0.0], 0.0, DEAD),
            ([1.0, 2.0, f32::NAN, f32::NAN], f32::NAN, 2),
            ([-1.0, f32::NAN, 9.0, 3.0], f32::NAN, 1),
            ([1.0, f32::NEG_INFINITY, f32::INFINITY, 3.0], f32::INFINITY, 2),
        ] {
            let values: Vec<_> = window.iter().flat_map(|&x: &f32| [x; 8]).collect();
            let (mut output, mut pixel, mut x_hat) = ([0.0; 8], [9; 8], [0.0; 8]);
            let winners = WinnersMut { pixel: &mut pixel, x_hat: &mut x_hat };
            let shapes = (Framed::dense(2, 2, 8), Framed::dense(1, 1, 8));
            let mut moments = Moments::empty(8);
            pool_winners(isa, (shapes.0, &values), &ones, winners, &mut moments);
            let winners = WinnersMut { pixel: &mut pixel, x_hat: &mut x_hat };
            pool_normalize(isa, normalizer, winners, (shapes.1, &mut output));
            assert_eq!(pixel, [winner; 8], "{window:?}");
            assert_eq!(moments.mean()[0].is_finite(), window.iter().all(|x| x.is_finite()));
            assert_close(&output, &[f64::from(expected); 8], 0.0, "maximum");
        }
        let moments = Moments::of(isa, &[1.0, f32::NAN, 2.0, 3.0], 2);
        assert!(moments.mean()[1].is_nan() && moments.variance()[1].is_nan());
        assert_eq!((moments.mean()[0], moments.variance()[0]), (1.5, 0.25));
    }
}

#[test]
fn bits_depend_on_the_parts_only() {
    let (shape, pooled) = (Framed::dense(8, 8, 33), Framed::dense(4, 4, 33));
    let (n_images, images_per_part) = (10, 4);
    for isa in isas() {
        let mut stream = Stream::new(2);
        let values = stream.floats(n_images * shape.image_len());
        let gradient = stream.floats(n_images * pooled.image_len());
        let case = Case::new(isa, &values, 33, images_per_part * 64);
        let run = |images: usize| {
            let (mut output, mut pixel) = (vec![0.0; gradient.len()], vec![9; gradient.len()]);
            let (mut x_hat, mut moments) = (gradient.clone(), Moments::empty(33));
            let cuts = || (0..n_images).step_by(images).map(|i| i..n_images.min(i + images));
            let of = |images: &Range<usize>, len: usize| images.start * len..images.end * len;
            for images in cuts() {
                let to = of(&images, pooled.image_len());
                let winners = WinnersMut { pixel: &mut pixel[to.clone()], x_hat: &mut x_hat[to] };
                let input = (shape, &values[of(&images, shape.image_len())]);
                pool_winners(isa, input, &case.scale, winners, &mut moments);
            }
            for images in cuts() {
                let to = of(&images, pooled.image_len());
                let output = (pooled, &mut output[to.clone()]);
                let winners = WinnersMut { pixel: &mut pixel[to.clone()], x_hat: &mut x_hat[to] };
                pool_normalize(isa, case.normalizer(), winners, output);
            }
            (bits(&output), pixel, x_hat, moments)
        };
        let (output, pixel, x_hat, moments) = run(n_images);
        for images in [1, 3, 4] {
            let apart = run(images);
            assert_eq!((&apart.0, &apart.1, &apart.3), (&output, &pixel, &moments));
            assert_eq!(bits(&apart.2), bits(&x_hat));
        }

        let part = images_per_part * pooled.image_len();
        let sums = |order: &[usize]| {
            let of_part = |i: usize| {
                let range = i * part..gradient.len().min((i + 1) * part);
                let gradient = PooledGradient { shape: pooled, values: &gradient[range.clone()] };
                let winners = Winners { pixel: &pixel[range.clone()], x_hat: &x_hat[range] };
                pool_gradient_sums(isa, gradient, winners)
            };
            let mut parts: Vec<_> = order.iter().map(|&i| (i, of_part(i))).collect();
            parts.sort_by_key(|&(i, _)| i);
            sums_of_parts(parts.into_iter().map(|(_, sums)| sums))
        };
        assert_eq!(sums(&[0, 1, 2]), sums(&[2, 0, 1]), "order in which workers end");
    }
}
