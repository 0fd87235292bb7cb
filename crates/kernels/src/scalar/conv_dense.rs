//! Twins of the dense 3×3 convolution.

use crate::framed::Framed;

/// Calls `f(output, weight, input)` for each product of one image: indices into
/// `[height, width, n_out]`, `[n_out, 3, 3, n_in]` and the padded image of `shape`.
pub fn for_each_product(shape: Framed, n_out: usize, mut f: impl FnMut(usize, usize, usize)) {
    let n_in = shape.channels;
    for pixel in 0..shape.n_pixels() {
        let (row, column) = (pixel / shape.width, pixel % shape.width);
        let window = shape.pixel(row, column) - shape.row_len() - n_in;
        for channel in 0..n_out {
            for kernel_row in 0..3 {
                for tap in 0..3 * n_in {
                    let weight = (channel * 3 + kernel_row) * 3 * n_in + tap;
                    let input = window + kernel_row * shape.row_len() + tap;
                    f(pixel * n_out + channel, weight, input);
                }
            }
        }
    }
}

/// Output `[height, width, n_out]` of one image.
#[must_use]
pub fn forward(shape: Framed, image: &[f64], weights: &[f64], bias: &[f64]) -> Vec<f64> {
    let mut output = bias.repeat(shape.n_pixels());
    for_each_product(shape, bias.len(), |to, weight, from| {
        output[to] += weights[weight] * image[from];
    });
    output
}

/// Gradient of the weights `[n_out, 3, 3, n_in]` from that of one image's output.
#[must_use]
pub fn weight_gradient(shape: Framed, image: &[f64], output_gradient: &[f64]) -> Vec<f64> {
    let n_out = output_gradient.len() / shape.n_pixels();
    let mut gradient = vec![0.0; n_out * 9 * shape.channels];
    for_each_product(shape, n_out, |to, weight, from| {
        gradient[weight] += output_gradient[to] * image[from];
    });
    gradient
}

/// Gradient of one padded image, border included.
#[must_use]
pub fn input_gradient(shape: Framed, weights: &[f64], output_gradient: &[f64]) -> Vec<f64> {
    let n_out = output_gradient.len() / shape.n_pixels();
    let mut gradient = vec![0.0; shape.image_len()];
    for_each_product(shape, n_out, |to, weight, from| {
        gradient[from] += output_gradient[to] * weights[weight];
    });
    gradient
}
