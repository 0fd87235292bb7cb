use super::{Stream, assert_close, bits, isas};
use crate::Isa;
use crate::batch_norm::{
    GradientSums, Moments, Normalizer, PooledGradient, Winners, WinnersMut, inverse_std,
    pool_evaluate, pool_forward, pool_gradient_sums, pool_input_gradient, rows_forward,
    rows_gradient_sums, rows_input_gradient,
};
use crate::framed::Framed;
use crate::pool::DEAD;
use crate::scalar::batch_norm::{Layer, moments, pool_windows, single_windows};
use crate::scalar::widen;

const EPSILON: f64 = 1e-5;

/// A layer in 32 bits, and its statistics by parts of `n_part` values.
struct Case {
    mean: Vec<f32>,
    inverse_std: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Case {
    fn new(isa: Isa, values: &[f32], n_channels: usize, n_part: usize) -> Self {
        let mut stream = Stream::new(n_channels as u64);
        let parts: Vec<_> = values
            .chunks(n_part * n_channels)
            .map(|part| Moments::of(isa, part, n_channels))
            .collect();
        let mut moments = parts[0].clone();
        parts[1..].iter().for_each(|part| moments.merge(part));
        assert_eq!(moments.n_values() * n_channels, values.len());
        let variance = moments.variance();
        Self {
            mean: moments.mean().iter().map(|&mean| mean as f32).collect(),
            inverse_std: variance.iter().map(|&v| inverse_std(v, EPSILON)).collect(),
            scale: stream.floats(n_channels),
            shift: stream.floats(n_channels),
        }
    }

    fn normalizer(&self) -> Normalizer<'_> {
        Normalizer {
            mean: &self.mean,
            inverse_std: &self.inverse_std,
            scale: &self.scale,
            shift: &self.shift,
        }
    }

    /// With exact statistics.
    fn twin(&self, values: &[f32]) -> Layer {
        let (mean, variance) = moments(&widen(values), self.mean.len());
        let (scale, shift) = (widen(&self.scale), widen(&self.shift));
        Layer { mean, variance, scale, shift, epsilon: EPSILON }
    }
}

/// Inside of framed images, which must be `f32::NAN` outside.
fn inside(shape: Framed, images: &[f32]) -> Vec<f32> {
    let mut result = vec![];
    let mut n_outside = 0;
    for image in images.chunks_exact(shape.image_len()) {
        for row in 0..shape.height {
            for column in 0..shape.width {
                result.extend(&image[shape.pixel(row, column)..][..shape.channels]);
            }
        }
        n_outside += image.iter().filter(|x| x.is_nan()).count();
    }
    assert_eq!(images.len() - n_outside, result.len(), "the border was touched");
    result
}

fn frame(shape: Framed, values: &[f32]) -> Vec<f32> {
    let row_len = shape.width * shape.channels;
    let mut result = vec![f32::NAN; values.len() / shape.height / row_len * shape.image_len()];
    for (i, row) in values.chunks_exact(row_len).enumerate() {
        let image = i / shape.height * shape.image_len();
        result[image + shape.pixel(i % shape.height, 0)..][..row_len].copy_from_slice(row);
    }
    result
}

fn sums_of_parts(parts: impl Iterator<Item = GradientSums>) -> GradientSums {
    parts
        .reduce(|mut sums, part| {
            sums.merge(&part);
            sums
        })
        .expect("a part")
}

fn check_pool(isa: Isa, n_images: usize, [height, width]: [usize; 2], channels: usize) {
    let what = format!("{isa:?} {n_images} × {height}×{width}×{channels}");
    let mut stream = Stream::new((n_images * 1000 + height * 100 + channels) as u64);
    let shape = Framed::dense(height, width, channels);
    // Whole numbers: many ties.
    let values = stream.whole(n_images * shape.image_len());
    let case = Case::new(isa, &values, channels, 3 * shape.n_pixels());
    let twin = case.twin(&values);
    let windows = pool_windows(shape, n_images);
    let (expected, expected_winners) = twin.forward(&widen(&values), &windows);

    let output_shape = Framed::padded(height / 2, width / 2, channels);
    let mut output = vec![f32::NAN; n_images * output_shape.image_len()];
    let mut pixel = vec![9; windows.len()];
    let mut x_hat = vec![f32::NAN; windows.len()];
    let winners = WinnersMut { pixel: &mut pixel, x_hat: &mut x_hat };
    pool_forward(isa, (shape, &values), case.normalizer(), (output_shape, &mut output), winners);
    assert_close(&inside(output_shape, &output), &expected, 1e-5, &format!("forward {what}"));
    for (i, (&winner, &expected_winner)) in pixel.iter().zip(&expected_winners).enumerate() {
        // Rounding may move a value across zero.
        assert!(winner == expected_winner || expected[i] < 1e-6, "winner {i} of {what}");
    }

    let mut evaluated = vec![f32::NAN; output.len()];
    pool_evaluate(isa, (shape, &values), case.normalizer(), (output_shape, &mut evaluated));
    assert_eq!(bits(&evaluated), bits(&output), "evaluation {what}");

    let gradient = stream.floats(windows.len());
    let framed = frame(output_shape, &gradient);
    let gradients = PooledGradient { shape: output_shape, values: &framed };
    let winners = Winners { pixel: &pixel, x_hat: &x_hat };
    let [to_input, to_scale, to_shift] =
        twin.backward(&widen(&values), &windows, &pixel, &widen(&gradient));
    let sums = pool_gradient_sums(isa, gradients, winners);
    let narrow = |sums: &[f64]| sums.iter().map(|&sum| sum as f32).collect::<Vec<_>>();
    assert_close(&narrow(sums.scale_gradient()), &to_scale, 1e-5, &format!("γ {what}"));
    assert_close(&narrow(sums.shift_gradient()), &to_shift, 1e-5, &format!("β {what}"));
    assert_eq!(sums.n_values(), n_images * shape.n_pixels());

    let input_shape = Framed::padded(height, width, channels);
    let mut input_gradient = vec![f32::NAN; n_images * input_shape.image_len()];
    pool_input_gradient(
        isa,
        (shape, &values),
        (case.normalizer(), &sums),
        (gradients, winners),
        (input_shape, &mut input_gradient),
    );
    // Where all of a channel's values are equal, 1 / √ε multiplies the rounding.
    let tolerance = if twin.variance.contains(&0.0) { 1e-3 } else { 1e-5 };
    let input_gradient = inside(input_shape, &input_gradient);
    assert_close(&input_gradient, &to_input, tolerance, &format!("input gradient {what}"));
}

#[test]
fn pool_kernels_match_twins() {
    for isa in isas() {
        for channels in [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40] {
            check_pool(isa, 3, [4, 6], channels);
        }
        for extents in [[2, 2], [2, 8], [16, 2], [8, 8]] {
            check_pool(isa, 7, extents, 9);
        }
        check_pool(isa, 2, [32, 32], 32);
    }
}

#[test]
fn row_kernels_match_twins() {
    for isa in isas() {
        for n_images in [2, 127, 128, 129] {
            for channels in [1, 7, 8, 9, 17, 33] {
                let what = format!("{isa:?} {n_images} × {channels}");
                let mut stream = Stream::new((n_images * 100 + channels) as u64);
                let values = stream.floats(n_images * channels);
                let case = Case::new(isa, &values, channels, 32);
                let twin = case.twin(&values);
                let windows = single_windows(values.len());
                let (expected, winners) = twin.forward(&widen(&values), &windows);
                let mut output = vec![f32::NAN; values.len()];
                rows_forward(isa, &values, case.normalizer(), &mut output);
                assert_close(&output, &expected, 1e-5, &format!("forward {what}"));

                let gradient = stream.floats(values.len());
                let [to_input, to_scale, to_shift] =
                    twin.backward(&widen(&values), &windows, &winners, &widen(&gradient));
                let sums =
                    rows_gradient_sums(isa, &values, case.normalizer(), (&output, &gradient));
                let mut input_gradient = vec![f32::NAN; values.len()];
                rows_input_gradient(
                    isa,
                    &values,
                    (case.normalizer(), &sums),
                    (&output, &gradient),
                    &mut input_gradient,
                );
                let narrow = |sums: &[f64]| sums.iter().map(|&sum| sum as f32).collect::<Vec<_>>();
                assert_close(&narrow(sums.scale_gradient()), &to_scale, 1e-5, &what);
                assert_close(&narrow(sums.shift_gradient()), &to_shift, 1e-5, &what);
                assert_close(&input_gradient, &to_input, 2e-5, &what);
            }
        }
    }
}

#[test]
fn moments_survive_a_large_mean() {
    for isa in isas() {
        // Of 1000 ± 0.01, whose squares leave no bit of the variance in 32 bits.
        let values: Vec<_> =
            Stream::new(1).floats(10_000 * 9).iter().map(|x| 1000.0 + 0.01 * x).collect();
        let (mean, variance) = moments(&widen(&values), 9);
        let moments = Moments::of(isa, &values, 9);
        for channel in 0..9 {
            assert!((moments.mean()[channel] - mean[channel]).abs() < 1e-6);
            assert!((moments.variance()[channel] / variance[channel] - 1.0).abs() < 1e-5);
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
            pool_forward(isa, (shapes.0, &values), normalizer, (shapes.1, &mut output), winners);
            assert_eq!(pixel, [winner; 8], "{window:?}");
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
        let mut whole = (vec![0.0; gradient.len()], vec![0; gradient.len()], gradient.clone());
        let winners = WinnersMut { pixel: &mut whole.1, x_hat: &mut whole.2 };
        let output = (pooled, &mut whole.0[..]);
        pool_forward(isa, (shape, &values), case.normalizer(), output, winners);
        let part = images_per_part * pooled.image_len();
        let sums = |order: &[usize]| {
            let of_part = |i: usize| {
                let range = i * part..gradient.len().min((i + 1) * part);
                let gradient = PooledGradient { shape: pooled, values: &gradient[range.clone()] };
                let winners = Winners { pixel: &whole.1[range.clone()], x_hat: &whole.2[range] };
                pool_gradient_sums(isa, gradient, winners)
            };
            let mut parts: Vec<_> = order.iter().map(|&i| (i, of_part(i))).collect();
            parts.sort_by_key(|&(i, _)| i);
            sums_of_parts(parts.into_iter().map(|(_, sums)| sums))
        };
        assert_eq!(sums(&[0, 1, 2]), sums(&[2, 0, 1]), "order in which workers end");

        for images in [1, 3, 10] {
            let mut apart = (whole.0.clone(), whole.1.clone(), whole.2.clone());
            apart.0.fill(0.0);
            for start in (0..n_images).step_by(images) {
                let end = n_images.min(start + images);
                let of = |len: usize| start * len..end * len;
                let to = of(pooled.image_len());
                let winners =
                    WinnersMut { pixel: &mut apart.1[to.clone()], x_hat: &mut apart.2[to.clone()] };
                let output = (pooled, &mut apart.0[to]);
                let input = (shape, &values[of(shape.image_len())]);
                pool_forward(isa, input, case.normalizer(), output, winners);
            }
            assert_eq!(bits(&apart.0), bits(&whole.0));
            assert_eq!((apart.1, bits(&apart.2)), (whole.1.clone(), bits(&whole.2)));
        }
    }
}
