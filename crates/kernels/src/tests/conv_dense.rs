use super::{Stream, assert_close, assert_derivative, bits, dot, isas};
use crate::Isa;
use crate::conv_dense::{PackedWeights, forward};
use crate::conv_dense_weight::{add_weight_gradient, to_output_major};
use crate::framed::Framed;
use crate::scalar::{conv_dense, widen};

/// Images with a border of zeros.
fn images(stream: &mut Stream, shape: Framed, n_images: usize, whole: bool) -> Vec<f32> {
    let mut images = vec![0.0; n_images * shape.image_len()];
    for image in images.chunks_exact_mut(shape.image_len()) {
        for (row, column) in pixels(shape) {
            let values =
                if whole { stream.whole(shape.channels) } else { stream.floats(shape.channels) };
            image[shape.pixel(row, column)..][..shape.channels].copy_from_slice(&values);
        }
    }
    images
}

fn pixels(shape: Framed) -> impl Iterator<Item = (usize, usize)> {
    (0..shape.height).flat_map(move |row| (0..shape.width).map(move |column| (row, column)))
}

/// What is inside the border.
fn inside(shape: Framed, images: &[f64]) -> Vec<f64> {
    let image = |image: &[f64]| -> Vec<f64> {
        pixels(shape)
            .flat_map(|(row, column)| image[shape.pixel(row, column)..][..shape.channels].to_vec())
            .collect()
    };
    images.chunks_exact(shape.image_len()).flat_map(image).collect()
}

fn check(isa: Isa, [n_in, n_out]: [usize; 2], [height, width]: [usize; 2], whole: bool) {
    let what = format!("{isa:?} {n_in} → {n_out} at {height}×{width}");
    let mut stream = Stream::new((n_in * 1000 + n_out * 100 + height * 10 + width) as u64);
    let n_images = 2;
    let shape = Framed::padded(height, width, n_in);
    let output_shape = Framed::padded(height, width, n_out);
    let input = images(&mut stream, shape, n_images, whole);
    let weights =
        if whole { stream.whole(n_out * 9 * n_in) } else { stream.floats(n_out * 9 * n_in) };
    let bias = stream.whole(n_out);
    let output_gradient = images(&mut stream, output_shape, n_images, whole);
    // Whole numbers: no rounding, so not one bit may differ.
    let tolerance = if whole { 0.0 } else { 3e-5 };

    let packed = PackedWeights::forward(&weights, n_in, n_out);
    let mut output = vec![f32::NAN; n_images * shape.n_pixels() * n_out];
    forward(isa, shape, &input, &packed, &bias, &mut output);
    let wide: Vec<_> = input.chunks_exact(shape.image_len()).map(widen).collect();
    let (weights_64, bias_64) = (widen(&weights), widen(&bias));
    let expected: Vec<_> = wide
        .iter()
        .flat_map(|image| conv_dense::forward(shape, image, &weights_64, &bias_64))
        .collect();
    assert_close(&output, &expected, tolerance, &format!("forward {what}"));

    let dense: Vec<_> = output_gradient
        .chunks_exact(output_shape.image_len())
        .map(|image| inside(output_shape, &widen(image)))
        .collect();
    let packed = PackedWeights::input_gradient(&weights, n_in, n_out);
    let mut input_gradient = vec![f32::NAN; n_images * shape.n_pixels() * n_in];
    forward(isa, output_shape, &output_gradient, &packed, &[], &mut input_gradient);
    let expected: Vec<_> = dense
        .iter()
        .flat_map(|gradient| {
            inside(shape, &conv_dense::input_gradient(shape, &weights_64, gradient))
        })
        .collect();
    assert_close(&input_gradient, &expected, tolerance, &format!("input gradient {what}"));

    let mut sums = vec![0.0; weights.len()];
    add_weight_gradient(isa, (shape, &input), (output_shape, &output_gradient), &mut sums);
    let mut gradient = vec![f32::NAN; weights.len()];
    to_output_major(&sums, n_out, &mut gradient);
    let mut expected = vec![0.0; weights.len()];
    for (image, dense) in wide.iter().zip(&dense) {
        let of_image = conv_dense::weight_gradient(shape, image, dense);
        expected.iter_mut().zip(of_image).for_each(|(sum, g)| *sum += g);
    }
    assert_close(&gradient, &expected, tolerance, &format!("weight gradient {what}"));
}

#[test]
fn kernels_match_twins_across_block_edges() {
    for isa in isas() {
        for n_in in [1, 2, 3, 7, 8, 9, 16, 33, 64] {
            for n_out in [1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40] {
                check(isa, [n_in, n_out], [3, 5], true);
            }
        }
        for height in [1, 2, 5, 8] {
            for width in [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 33] {
                check(isa, [3, 24], [height, width], true);
                check(isa, [2, 9], [height, width], false);
            }
        }
    }
}

#[test]
fn kernels_match_twins_at_the_networks_sizes() {
    for isa in isas() {
        check(isa, [3, 32], [32, 32], false);
        check(isa, [32, 64], [16, 16], false);
        check(isa, [64, 128], [8, 8], false);
    }
}

#[test]
fn non_finite_values_reach_what_they_touch_and_no_more() {
    for isa in isas() {
        let shape = Framed::padded(5, 5, 3);
        let mut input = images(&mut Stream::new(1), shape, 1, false);
        input[shape.pixel(0, 0) + 1] = f32::NAN;
        input[shape.pixel(4, 4)] = f32::INFINITY;
        let weights = vec![1.0; 17 * 27];
        let packed = PackedWeights::forward(&weights, 3, 17);
        let mut output = vec![0.0; 25 * 17];
        forward(isa, shape, &input, &packed, &[], &mut output);
        for (i, &y) in output.iter().enumerate() {
            let (row, column) = (i / 17 / 5, i / 17 % 5);
            assert_eq!(y.is_nan(), row <= 1 && column <= 1, "{row} {column}");
            assert_eq!(y == f32::INFINITY, row >= 3 && column >= 3, "{row} {column}");
        }
    }
}

#[test]
fn images_do_not_affect_each_other() {
    let shape = Framed::padded(8, 8, 16);
    for isa in isas() {
        let mut stream = Stream::new(3);
        let input = images(&mut stream, shape, 5, false);
        let packed = PackedWeights::forward(&stream.floats(24 * 9 * 16), 16, 24);
        let mut together = vec![0.0; 5 * 64 * 24];
        let mut apart = together.clone();
        forward(isa, shape, &input, &packed, &[], &mut together);
        for i in 0..5 {
            let image = &input[i * shape.image_len()..][..shape.image_len()];
            forward(isa, shape, image, &packed, &[], &mut apart[i * 64 * 24..][..64 * 24]);
        }
        assert_eq!(bits(&together), bits(&apart));
    }
}

/// Parts of a fixed number of images, each with its own sums, added in order.
#[test]
fn weight_gradients_bits_depend_on_the_parts_only() {
    let (shape, output_shape) = (Framed::padded(8, 8, 16), Framed::padded(8, 8, 24));
    let mut stream = Stream::new(3);
    let input = images(&mut stream, shape, 7, false);
    let gradients = images(&mut stream, output_shape, 7, false);
    for isa in isas() {
        let of_part = &|part: usize| {
            let images = |len: usize| part * 3 * len..7.min((part + 1) * 3) * len;
            let mut sums = vec![0.0; 24 * 9 * 16];
            let input = (shape, &input[images(shape.image_len())]);
            let gradients = (output_shape, &gradients[images(output_shape.image_len())]);
            add_weight_gradient(isa, input, gradients, &mut sums);
            bits(&sums)
        };
        let alone: Vec<_> = (0..3).map(&of_part).collect();
        let on_threads: Vec<_> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..3).map(|part| scope.spawn(move || of_part(part))).collect();
            workers.into_iter().map(|worker| worker.join().expect("no panic")).collect()
        });
        assert!(alone == on_threads);
    }
}

#[test]
fn twins_gradients_are_derivatives() {
    let (shape, n_out) = (Framed::padded(4, 3, 2), 3);
    let mut stream = Stream::new(4);
    let image = widen(&images(&mut stream, shape, 1, false));
    let weights = widen(&stream.floats(n_out * 9 * 2));
    let (bias, upstream) = (vec![0.5; n_out], widen(&stream.floats(12 * n_out)));
    let loss = |image: &[f64], weights: &[f64]| {
        dot(&conv_dense::forward(shape, image, weights, &bias), &upstream)
    };
    let gradient = conv_dense::weight_gradient(shape, &image, &upstream);
    assert_derivative(|weights| loss(&image, weights), &weights, &gradient, "weights");
    let gradient = conv_dense::input_gradient(shape, &weights, &upstream);
    assert_derivative(|image| loss(image, &weights), &image, &gradient, "input");
}
