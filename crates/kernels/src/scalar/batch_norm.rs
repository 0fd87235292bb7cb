//! Twins of batch normalisation. A pool is a list of windows, so that the same code serves with
//! one (four pixels each) and without (one pixel, four times).

use crate::framed::Framed;
use crate::pool::DEAD;
use crate::scalar::relu_max;

/// Parameters and statistics, one entry per channel.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Of the batch, or running.
    pub mean: Vec<f64>,
    /// Biased.
    pub variance: Vec<f64>,
    /// γ.
    pub scale: Vec<f64>,
    /// β.
    pub shift: Vec<f64>,
    /// ε.
    pub epsilon: f64,
}

impl Layer {
    /// x̂ of every value; the channel is the last dimension.
    #[must_use]
    pub fn x_hat(&self, values: &[f64]) -> Vec<f64> {
        let n = self.mean.len();
        let std = |c: usize| (self.variance[c] + self.epsilon).sqrt();
        values.iter().enumerate().map(|(i, x)| (x - self.mean[i % n]) / std(i % n)).collect()
    }

    /// Values after ReLU and pool, and the winners.
    #[must_use]
    pub fn forward(&self, values: &[f64], windows: &[[usize; 4]]) -> (Vec<f64>, Vec<u8>) {
        let n = self.mean.len();
        let x_hat = self.x_hat(values);
        let y = |i: usize| x_hat[i] * self.scale[i % n] + self.shift[i % n];
        windows.iter().map(|window| relu_max(window.map(y))).unzip()
    }

    /// Gradients of values, γ and β.
    #[must_use]
    pub fn backward(
        &self,
        values: &[f64],
        windows: &[[usize; 4]],
        winners: &[u8],
        gradient: &[f64],
    ) -> [Vec<f64>; 3] {
        let n = self.mean.len();
        let n_values = (values.len() / n) as f64;
        let x_hat = self.x_hat(values);
        let mut dense = vec![0.0; values.len()];
        let (mut scale, mut shift) = (vec![0.0; n], vec![0.0; n]);
        for ((window, &winner), g) in windows.iter().zip(winners).zip(gradient) {
            if winner != DEAD {
                let i = window[usize::from(winner)];
                dense[i] += g;
                scale[i % n] += g * x_hat[i];
                shift[i % n] += g;
            }
        }
        for (i, g) in dense.iter_mut().enumerate() {
            let c = i % n;
            let factor = self.scale[c] / (self.variance[c] + self.epsilon).sqrt();
            *g = factor * (*g - shift[c] / n_values - x_hat[i] * scale[c] / n_values);
        }
        [dense, scale, shift]
    }
}

/// Mean and biased variance of each channel.
#[must_use]
pub fn moments(values: &[f64], n_channels: usize) -> (Vec<f64>, Vec<f64>) {
    let n = (values.len() / n_channels) as f64;
    let of_channel = |channel| values.iter().skip(channel).step_by(n_channels);
    (0..n_channels)
        .map(|channel| {
            let mean = of_channel(channel).sum::<f64>() / n;
            (mean, of_channel(channel).map(|x| (x - mean) * (x - mean)).sum::<f64>() / n)
        })
        .unzip()
}

/// The 2×2 windows of dense images, in the order of the pooled values.
#[must_use]
pub fn pool_windows(shape: Framed, n_images: usize) -> Vec<[usize; 4]> {
    let mut windows = vec![];
    for image in 0..n_images {
        for (row, column) in
            (0..shape.height / 2).flat_map(|row| (0..shape.width / 2).map(move |c| (row, c)))
        {
            for channel in 0..shape.channels {
                windows.push([(0, 0), (0, 1), (1, 0), (1, 1)].map(|(dy, dx)| {
                    image * shape.image_len() + shape.pixel(2 * row + dy, 2 * column + dx) + channel
                }));
            }
        }
    }
    windows
}

/// Each value by itself.
#[must_use]
pub fn single_windows(n_values: usize) -> Vec<[usize; 4]> {
    (0..n_values).map(|i| [i; 4]).collect()
}
