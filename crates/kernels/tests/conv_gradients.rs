//! The scalar twins' gradients against finite differences in f64, and the
//! kernels' against the twins' on real numbers.

mod case;

use case::{Case, Random, isas};
use plateau_kernels::{
    conv::ConvBlock,
    scalar::{conv_backward_input, conv_backward_weights, conv_forward},
};

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

/// A linear loss of one image: Σ gradient · pooled.
fn loss(block: &ConvBlock, gradient: &[f64], [weights, bias, image]: &[Vec<f64>; 3]) -> f64 {
    let (pooled, _) = conv_forward(block, weights, bias, image);
    pooled.iter().zip(gradient).map(|(value, gradient)| value * gradient).sum()
}

#[test]
fn twins_match_finite_differences() {
    for (c_in, c_out, height, width) in [(1, 1, 2, 2), (2, 3, 5, 4), (3, 2, 4, 7)] {
        let block = ConvBlock::new(c_in, c_out, height, width);
        let mut random = Random(11);
        let case = Case::new(block, 1, |len| random.uniform(len));
        let gradient = wide(&case.gradient);
        let point = [wide(&case.weights), wide(&case.bias), wide(&case.images)];
        let (_, winners) = conv_forward(&block, &point[0], &point[1], &point[2]);
        let mut found = point.clone().map(|values| vec![0.0; values.len()]);
        let [weight_gradient, bias_gradient, input_gradient] = &mut found;
        let from_above = (&gradient[..], &winners[..]);
        conv_backward_weights(&block, &point[2], from_above, weight_gradient, bias_gradient);
        conv_backward_input(&block, &point[0], from_above, input_gradient);

        // Small enough that no maximum changes hands; the loss is linear in between.
        let step = 1e-6;
        for (which, found) in found.iter().enumerate() {
            for (i, found) in found.iter().enumerate() {
                let at = |step: f64| {
                    let mut point = point.clone();
                    point[which][i] += step;
                    loss(&block, &gradient, &point)
                };
                let expected = (at(step) - at(-step)) / (2.0 * step);
                let close = (found - expected).abs() < 1e-6;
                assert!(close, "{block:?}, {which}, {i}: {found}, expected {expected}");
            }
        }
    }
}

#[test]
fn kernels_match_twins_in_f64() {
    for isa in isas() {
        for (c_in, c_out, side, n_images) in [(3, 32, 32, 2), (32, 64, 16, 2), (33, 17, 9, 5)] {
            let block = ConvBlock::with_isa(isa, c_in, c_out, side, side);
            let mut random = Random(5);
            let case = Case::new(block, n_images, |len| random.uniform(len));
            let found = case.kernels();
            let (weights, bias) = (wide(&case.weights), wide(&case.bias));
            let (mut pooled, mut input_gradient) = (Vec::new(), Vec::new());
            let (mut weight_gradient, mut bias_gradient) =
                (vec![0.0; weights.len()], vec![0.0; bias.len()]);
            for i in 0..n_images {
                let image = wide(&case.images[i * block.padded_len()..][..block.padded_len()]);
                let cells = i * block.pooled_len()..(i + 1) * block.pooled_len();
                let gradient = wide(&case.gradient[cells.clone()]);
                // The kernel's winners: f64 may see another where two are close.
                let above = (&gradient[..], &found.winners[cells]);
                pooled.extend(conv_forward(&block, &weights, &bias, &image).0);
                conv_backward_weights(
                    &block,
                    &image,
                    above,
                    &mut weight_gradient,
                    &mut bias_gradient,
                );
                let mut gradient = vec![0.0; image.len()];
                conv_backward_input(&block, &weights, above, &mut gradient);
                input_gradient.extend(gradient);
            }
            for (name, found, expected) in [
                ("pooled", &found.pooled, &pooled),
                ("weights", &found.weight_gradient, &weight_gradient),
                ("bias", &found.bias_gradient, &bias_gradient),
                ("input", &found.input_gradient, &input_gradient),
            ] {
                let scale = expected.iter().fold(0.0_f64, |max, value| max.max(value.abs()));
                for (i, (&found, expected)) in found.iter().zip(expected).enumerate() {
                    let error = (f64::from(found) - expected).abs() / scale;
                    assert!(error < 1e-5, "{block:?}, {name}[{i}]: {found}, {expected}");
                }
            }
        }
    }
}
