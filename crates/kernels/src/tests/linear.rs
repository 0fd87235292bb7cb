use super::{SIZES, Stream, assert_close, assert_derivative, bits, dot, isas};
use crate::Isa;
use crate::linear::{
    Activation, Parameters, apply_mask, bias_gradient, forward, input_gradient, relu_gradient,
    weight_gradient,
};
use crate::scalar::{linear, widen};

fn check(isa: Isa, n_images: usize, n_in: usize, n_out: usize) {
    let what = format!("{isa:?} {n_images} × {n_in} → {n_out}");
    let mut stream = Stream::new((n_images * 10_000 + n_in * 100 + n_out) as u64);
    let input = stream.sparse(n_images * n_in);
    let weight = stream.floats(n_in * n_out);
    let bias = stream.floats(n_out);
    let gradient = stream.sparse(n_images * n_out);
    let mut output = vec![f32::NAN; n_images * n_out];
    let parameters = Parameters { weight: &weight, bias: &bias };
    forward(isa, &input, parameters, Activation::Identity, &mut output);
    let (input_64, weight_64, gradient_64) = (widen(&input), widen(&weight), widen(&gradient));
    let expected = linear::forward(&input_64, &weight_64, &widen(&bias));
    assert_close(&output, &expected, 3e-5, &format!("forward {what}"));

    let mut relu = vec![f32::NAN; output.len()];
    forward(isa, &input, parameters, Activation::Relu, &mut relu);
    let expected: Vec<_> = output.iter().map(|y| y.max(0.0)).collect();
    assert_eq!(relu, expected, "ReLU {what}");

    let [to_input, to_weight, to_bias] =
        linear::backward(&input_64, &weight_64, &gradient_64, n_out);
    let mut result = vec![f32::NAN; weight.len()];
    weight_gradient(isa, (&input, 0..n_in), &gradient, [n_in, n_out], &mut result);
    assert_close(&result, &to_weight, 3e-5, &format!("weight gradient {what}"));

    let mut result = vec![f32::NAN; input.len()];
    input_gradient(isa, &gradient, &weight, n_out, &mut result);
    assert_close(&result, &to_input, 3e-5, &format!("input gradient {what}"));

    let mut result = vec![f32::NAN; n_out];
    bias_gradient(&gradient, &mut result);
    assert_close(&result, &to_bias, 3e-5, &format!("bias gradient {what}"));
}

#[test]
fn kernels_match_twins_across_block_edges() {
    for isa in isas() {
        for size in SIZES.into_iter().chain([10, 63, 64, 65, 95, 96, 97, 128, 129, 193]) {
            check(isa, 3, size, 10);
            check(isa, 3, 10, size);
            check(isa, size, 9, 17);
        }
    }
}

#[test]
fn kernels_match_twins_at_the_networks_sizes() {
    for isa in isas() {
        for n_images in [1, 2, 127, 128, 129] {
            check(isa, n_images, 256, 10);
        }
        check(isa, 5, 2048, 256);
    }
}

#[test]
fn bits_do_not_depend_on_how_the_work_is_cut() {
    let (n_images, n_in, n_out) = (150, 140, 100);
    for isa in isas() {
        let mut stream = Stream::new(5);
        let input = stream.sparse(n_images * n_in);
        let (weight, bias) = (stream.floats(n_in * n_out), stream.floats(n_out));
        let gradient = stream.sparse(n_images * n_out);
        let parameters = Parameters { weight: &weight, bias: &bias };
        let run = |n_workers: usize| {
            let mut output = vec![0.0; n_images * n_out];
            let mut to_input = vec![0.0; n_images * n_in];
            let images = n_images.div_ceil(n_workers);
            for i in (0..n_images).step_by(images) {
                let part = i..n_images.min(i + images);
                let of = |n: usize| part.start * n..part.end * n;
                let (input, gradient) = (&input[of(n_in)], &gradient[of(n_out)]);
                forward(isa, input, parameters, Activation::Relu, &mut output[of(n_out)]);
                input_gradient(isa, gradient, &weight, n_out, &mut to_input[of(n_in)]);
            }
            let mut to_weight = vec![0.0; n_in * n_out];
            let rows = n_in.div_ceil(n_workers);
            for i in (0..n_in).step_by(rows) {
                let part = i..n_in.min(i + rows);
                let to = &mut to_weight[part.start * n_out..part.end * n_out];
                weight_gradient(isa, (&input, part), &gradient, [n_in, n_out], to);
            }
            [bits(&output), bits(&to_input), bits(&to_weight)]
        };
        let alone = run(1);
        for n_workers in [2, 3, 4, 7, 128, 300] {
            assert!(run(n_workers) == alone, "{n_workers} workers, {isa:?}");
        }
    }
}

#[test]
fn nan_stays_visible() {
    for isa in isas() {
        let input = [0.0, f32::NAN, 1.0, 2.0];
        let parameters = Parameters { weight: &[1.0; 18], bias: &[0.0; 9] };
        let mut output = [0.0; 18];
        forward(isa, &input, parameters, Activation::Relu, &mut output);
        assert!(output[..9].iter().all(|y| y.is_nan()));
        assert_eq!(output[9..], [3.0; 9]);
        let mut gradient = [0.0; 18];
        relu_gradient(isa, &output, &[5.0; 18], &mut gradient);
        assert_eq!(gradient, [5.0; 18]);
    }
}

#[test]
fn relu_passes_gradients_of_positive_outputs_only() {
    for isa in isas() {
        for n in SIZES {
            let output = Stream::new(6).whole(n);
            let output: Vec<_> = output.iter().map(|y| y.max(0.0)).collect();
            let gradient = Stream::new(7).floats(n);
            let mut result = vec![f32::NAN; n];
            relu_gradient(isa, &output, &gradient, &mut result);
            for i in 0..n {
                assert_eq!(result[i], if output[i] > 0.0 { gradient[i] } else { 0.0 });
            }
        }
    }
}

#[test]
fn masks_multiply() {
    let mut output = [0.0; 3];
    apply_mask(&[1.0, 2.0, -3.0], &[0.0, 2.0, 2.0], &mut output);
    assert_eq!(output, [0.0, 4.0, -6.0]);
}

#[test]
fn twins_gradients_are_derivatives() {
    let (n_images, n_in, n_out) = (4, 3, 5);
    let mut stream = Stream::new(8);
    let [input, weight, bias, upstream] =
        [n_images * n_in, n_in * n_out, n_out, n_images * n_out].map(|n| widen(&stream.floats(n)));
    let [to_input, to_weight, to_bias] = linear::backward(&input, &weight, &upstream, n_out);
    let loss = |x: &[f64], w: &[f64], b: &[f64]| dot(&linear::forward(x, w, b), &upstream);
    assert_derivative(|x| loss(x, &weight, &bias), &input, &to_input, "input");
    assert_derivative(|w| loss(&input, w, &bias), &weight, &to_weight, "weight");
    assert_derivative(|b| loss(&input, &weight, b), &bias, &to_bias, "bias");
}
