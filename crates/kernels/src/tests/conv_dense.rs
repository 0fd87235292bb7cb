use super::{Stream, assert_close, assert_derivative, bits, dot, isas};
use crate::Isa;
use crate::conv_dense::{DenseConv, DenseMethod, PackedWeights};
use crate::framed::Framed;
use crate::scalar::{conv_dense, widen};

const METHODS: [DenseMethod; 2] = [DenseMethod::Direct, DenseMethod::Winograd];

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

/// The direct method with whole numbers, whose sums don't round: not one bit may differ.
fn check_whole(isa: Isa, channels: [usize; 2], extents: [usize; 2]) {
    check((isa, DenseMethod::Direct), channels, extents, Values::Whole);
}

#[derive(Clone, Copy, PartialEq)]
enum Values {
    Whole,
    Uniform,
}

fn check(
    (isa, method): (Isa, DenseMethod),
    [n_in, n_out]: [usize; 2],
    [height, width]: [usize; 2],
    values: Values,
) {
    let what = format!("{isa:?} {method:?} {n_in} → {n_out} at {height}×{width}");
    let mut stream = Stream::new((n_in * 1000 + n_out * 100 + height * 10 + width) as u64);
    let n_images = 2;
    let conv = DenseConv { isa, n_in, n_out, height, width };
    let (shape, output_shape) = (conv.input_shape(), conv.output_gradient_shape());
    let whole = values == Values::Whole;
    let input = images(&mut stream, shape, n_images, whole);
    let weights =
        if whole { stream.whole(conv.weight_len()) } else { stream.floats(conv.weight_len()) };
    let bias = stream.whole(n_out);
    let output_gradient = images(&mut stream, output_shape, n_images, whole);
    let tolerance = if whole { 0.0 } else { 3e-5 };

    let packed = PackedWeights::forward(&conv, method, &weights, &bias);
    let mut output = vec![f32::NAN; n_images * conv.output_shape().image_len()];
    conv.forward(&packed, &input, &mut output);
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
    let packed = PackedWeights::input_gradient(&conv, method, &weights);
    let mut input_gradient = vec![f32::NAN; n_images * conv.input_gradient_shape().image_len()];
    conv.input_gradient(&packed, &output_gradient, &mut input_gradient);
    let expected: Vec<_> = dense
        .iter()
        .flat_map(|gradient| {
            inside(shape, &conv_dense::input_gradient(shape, &weights_64, gradient))
        })
        .collect();
    let border = input_gradient.iter().filter(|value| value.is_nan()).count();
    assert_eq!(border, input_gradient.len() - n_images * shape.n_pixels() * n_in, "{what}: border");
    let input_gradient: Vec<_> = input_gradient
        .chunks_exact(shape.image_len())
        .flat_map(|image| inside(shape, &widen(image)))
        .map(|value| value as f32)
        .collect();
    assert_close(&input_gradient, &expected, tolerance, &format!("input gradient {what}"));

    // Added to what is there.
    let mut gradient = vec![1.0; weights.len()];
    conv.add_weight_gradient(method, (&input, &output_gradient), &mut gradient);
    let mut expected = vec![1.0; weights.len()];
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
                check_whole(isa, [n_in, n_out], [3, 5]);
            }
        }
        for height in [1, 2, 5, 8] {
            for width in [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 33] {
                check_whole(isa, [3, 24], [height, width]);
                check((isa, DenseMethod::Direct), [2, 9], [height, width], Values::Uniform);
            }
        }
    }
}

#[test]
fn kernels_match_twins_at_the_networks_sizes() {
    for isa in isas() {
        check((isa, DenseMethod::Direct), [3, 32], [32, 32], Values::Uniform);
        check((isa, DenseMethod::Direct), [32, 64], [16, 16], Values::Uniform);
        check((isa, DenseMethod::Direct), [64, 128], [8, 8], Values::Uniform);
    }
}

#[test]
fn non_finite_values_reach_what_they_touch_and_no_more() {
    for isa in isas() {
        let conv = DenseConv { isa, n_in: 3, n_out: 17, height: 5, width: 5 };
        let shape = conv.input_shape();
        let mut input = images(&mut Stream::new(1), shape, 1, false);
        input[shape.pixel(0, 0) + 1] = f32::NAN;
        input[shape.pixel(4, 4)] = f32::INFINITY;
        let weights = vec![1.0; conv.weight_len()];
        let packed = PackedWeights::forward(&conv, DenseMethod::Direct, &weights, &[]);
        let mut output = vec![0.0; 25 * 17];
        conv.forward(&packed, &input, &mut output);
        for (i, &y) in output.iter().enumerate() {
            let (row, column) = (i / 17 / 5, i / 17 % 5);
            assert_eq!(y.is_nan(), row <= 1 && column <= 1, "{row} {column}");
            assert_eq!(y == f32::INFINITY, row >= 3 && column >= 3, "{row} {column}");
        }
    }
}

#[test]
fn images_do_not_affect_each_other() {
    for isa in isas() {
        for method in METHODS {
            let conv = DenseConv { isa, n_in: 16, n_out: 32, height: 12, width: 8 };
            let (shape, to) = (conv.input_shape(), conv.output_shape());
            let mut stream = Stream::new(3);
            let input = images(&mut stream, shape, 15, false);
            let weights = stream.floats(conv.weight_len());
            let packed = PackedWeights::forward(&conv, method, &weights, &[]);
            let mut together = vec![0.0; 15 * to.image_len()];
            let mut apart = together.clone();
            conv.forward(&packed, &input, &mut together);
            let images = apart.chunks_exact_mut(to.image_len());
            for (image, output) in input.chunks_exact(shape.image_len()).zip(images) {
                conv.forward(&packed, image, output);
            }
            assert_eq!(bits(&together), bits(&apart));
        }
    }
}

/// Parts of a fixed number of images, each with its own sums, added in order.
#[test]
fn weight_gradients_bits_depend_on_the_parts_only() {
    for (isa, method) in isas().into_iter().flat_map(|isa| METHODS.map(|method| (isa, method))) {
        let conv = DenseConv { isa, n_in: 16, n_out: 48, height: 8, width: 8 };
        let (shape, output_shape) = (conv.input_shape(), conv.output_gradient_shape());
        let mut stream = Stream::new(3);
        let input = images(&mut stream, shape, 7, false);
        let gradients = images(&mut stream, output_shape, 7, false);
        let of_part = &|part: usize| {
            let images = |len: usize| part * 3 * len..7.min((part + 1) * 3) * len;
            let mut sums = vec![0.0; conv.weight_len()];
            let input = &input[images(shape.image_len())];
            let gradients = &gradients[images(output_shape.image_len())];
            conv.add_weight_gradient(method, (input, gradients), &mut sums);
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
