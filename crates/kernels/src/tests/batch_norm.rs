use super::{Stream, assert_close, bits, isas};
use crate::Isa;
use crate::batch_norm::{
    GradientSums, Moments, Normalizer, PooledGradient, Winners, WinnersMut, inverse_std,
    pool_evaluate, pool_forward, pool_gradient_sums, pool_input_gradient, pool_normalize,
    pool_winners, rows_forward, rows_gradient_sums, rows_input_gradient,
};
use crate::framed::Framed;
use crate::pool::DEAD;
use crate::scalar::batch_norm::{Layer, moments, pool_windows, single_windows};
use crate::scalar::widen;

const EPSILON: f64 = 1e-5;

/// A layer in 32 bits, and its statistics by parts of `n_part` values.
pub(super) struct Case {
    mean: Vec<f32>,
    inverse_std: Vec<f32>,
    pub(super) scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Case {
    pub(super) fn new(isa: Isa, values: &[f32], n_channels: usize, n_part: usize) -> Self {
        let parts: Vec<_> = values
            .chunks(n_part * n_channels)
            .map(|part| Moments::of(isa, part, n_channels))
            .collect();
        let mut moments = parts[0].clone();
        parts[1..].iter().for_each(|part| moments.merge(part));
        assert_eq!(moments.n_values() * n_channels, values.len());
        Self::of(&moments, Self::scale(n_channels))
    }

    fn scale(n_channels: usize) -> Vec<f32> {
        Stream::new(n_channels as u64).floats(n_channels)
    }

    fn of(moments: &Moments, scale: Vec<f32>) -> Self {
        let variance = moments.variance();
        Self {
            mean: moments.mean().iter().map(|&mean| mean as f32).collect(),
            inverse_std: variance.iter().map(|&v| inverse_std(v, EPSILON)).collect(),
            shift: Stream::new(scale.len() as u64 + 7).floats(scale.len()),
            scale,
        }
    }

    pub(super) fn normalizer(&self) -> Normalizer<'_> {
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

pub(super) fn sums_of_parts(parts: impl Iterator<Item = GradientSums>) -> GradientSums {
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
    let windows = pool_windows(shape, n_images);
    let mut scale = Case::scale(channels);
    // Where γ is 0, all are alike.
    scale[channels / 2] = 0.0;
    let mut pixel = vec![9; windows.len()];
    let mut x_hat = vec![f32::NAN; windows.len()];
    let winners = WinnersMut { pixel: &mut pixel, x_hat: &mut x_hat };
    let mut moments = Moments::empty(channels);
    pool_winners(isa, (shape, &values), &scale, winners, &mut moments);
    assert_eq!(moments.n_values() * channels, values.len());
    let case = Case::of(&moments, scale);
    let twin = case.twin(&values);
    for channel in 0..channels {
        assert!((moments.mean()[channel] - twin.mean[channel]).abs() < 1e-6, "mean {what}");
        let (variance, expected) = (moments.variance()[channel], twin.variance[channel]);
        assert!((variance - expected).abs() <= 1e-5 * expected, "variance {what}");
    }
    let (expected, expected_winners) = twin.forward(&widen(&values), &windows);

    let output_shape = Framed::padded(height / 2, width / 2, channels);
    let mut output = vec![f32::NAN; n_images * output_shape.image_len()];
    let x = x_hat.clone();
    let winners = WinnersMut { pixel: &mut pixel, x_hat: &mut x_hat };
    pool_normalize(isa, case.normalizer(), winners, (output_shape, &mut output));
    assert_close(&inside(output_shape, &output), &expected, 1e-5, &format!("forward {what}"));
    for (i, (&winner, &expected_winner)) in pixel.iter().zip(&expected_winners).enumerate() {
        // Rounding may move a value across zero.
        assert!(winner == expected_winner || expected[i] < 1e-6, "winner {i} of {what}");
        if winner != DEAD {
            assert_eq!(x[i], values[windows[i][usize::from(winner)]], "x {i} of {what}");
        }
    }

    let mut in_one = (vec![f32::NAN; output.len()], vec![9; pixel.len()], x);
    let winners = WinnersMut { pixel: &mut in_one.1, x_hat: &mut in_one.2 };
    let to = (output_shape, &mut in_one.0[..]);
    pool_forward(isa, (shape, &values), case.normalizer(), to, winners);
    assert_eq!((bits(&in_one.0), &in_one.1), (bits(&output), &pixel), "in one {what}");
    assert_eq!(bits(&in_one.2), bits(&x_hat), "in one {what}");

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
    assert_eq!(sums.n_images(), n_images);

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
            check_pool(isa, 2, [5, 3], channels);
        }
        for extents in [[2, 2], [2, 8], [16, 2], [8, 8], [3, 3], [5, 4], [4, 7], [9, 3], [17, 15]] {
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
