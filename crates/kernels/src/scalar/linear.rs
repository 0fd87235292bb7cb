//! Twins of the fully connected layer. As there, a zero entry of the sparse factor adds nothing.

/// `a · b`, with a `[n_rows, n_summed]` and b `[n_summed, n_columns]`.
#[must_use]
pub fn product(a: &[f64], b: &[f64], n_summed: usize, n_columns: usize) -> Vec<f64> {
    let n_rows = a.len().checked_div(n_summed).unwrap_or(0);
    let mut out = vec![0.0; n_rows * n_columns];
    for row in 0..n_rows {
        for k in (0..n_summed).filter(|k| a[row * n_summed + k] != 0.0) {
            for column in 0..n_columns {
                out[row * n_columns + column] += a[row * n_summed + k] * b[k * n_columns + column];
            }
        }
    }
    out
}

/// From `[n_rows, n_columns]` to `[n_columns, n_rows]`.
#[must_use]
pub fn transpose(a: &[f64], n_columns: usize) -> Vec<f64> {
    (0..n_columns).flat_map(|column| a.iter().skip(column).step_by(n_columns)).copied().collect()
}

/// Outputs before the activation, `[n_images, n_out]`.
#[must_use]
pub fn forward(input: &[f64], weight: &[f64], bias: &[f64]) -> Vec<f64> {
    let mut output = product(input, weight, weight.len() / bias.len(), bias.len());
    output.iter_mut().zip(bias.iter().cycle()).for_each(|(y, b)| *y += b);
    output
}

/// Gradients of input `[n_images, n_in]`, weight `[n_in, n_out]` and bias `[n_out]`.
#[must_use]
pub fn backward(
    input: &[f64],
    weight: &[f64],
    output_gradient: &[f64],
    n_out: usize,
) -> [Vec<f64>; 3] {
    let n_in = weight.len() / n_out;
    let n_images = output_gradient.len() / n_out;
    let input_gradient = product(output_gradient, &transpose(weight, n_out), n_out, n_in);
    let weight_gradient = product(&transpose(input, n_in), output_gradient, n_images, n_out);
    let bias_gradient = product(&vec![1.0; n_images], output_gradient, n_images, n_out);
    [input_gradient, weight_gradient, bias_gradient]
}
