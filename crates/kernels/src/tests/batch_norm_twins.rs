use super::{Stream, assert_derivative, dot};
use crate::framed::Framed;
use crate::scalar::batch_norm::{Layer, moments, pool_windows, single_windows};
use crate::scalar::widen;

const EPSILON: f64 = 1e-5;

#[test]
fn twins_gradients_are_derivatives() {
    let (shape, n_images) = (Framed::dense(4, 2, 3), 2);
    let mut stream = Stream::new(3);
    let values = widen(&stream.floats(n_images * shape.image_len()));
    let (scale, shift) = (widen(&stream.floats(3)), vec![0.4; 3]);
    let layer = |values: &[f64], scale: &[f64], shift: &[f64]| {
        let (mean, variance) = moments(values, 3);
        let (scale, shift) = (scale.to_vec(), shift.to_vec());
        Layer { mean, variance, scale, shift, epsilon: EPSILON }
    };
    for windows in [pool_windows(shape, n_images), single_windows(values.len())] {
        let upstream = widen(&stream.floats(windows.len()));
        let loss = |values: &[f64], scale: &[f64], shift: &[f64]| {
            dot(&layer(values, scale, shift).forward(values, &windows).0, &upstream)
        };
        let twin = layer(&values, &scale, &shift);
        let (_, winners) = twin.forward(&values, &windows);
        let [to_values, to_scale, to_shift] = twin.backward(&values, &windows, &winners, &upstream);
        assert_derivative(|x| loss(x, &scale, &shift), &values, &to_values, "values");
        assert_derivative(|x| loss(&values, x, &shift), &scale, &to_scale, "γ");
        assert_derivative(|x| loss(&values, &scale, x), &shift, &to_shift, "β");
    }
}
