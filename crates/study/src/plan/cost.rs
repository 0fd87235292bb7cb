//! How much there is to compute: multiply-adds, from which the program estimates the time.

use plateau_record::{Network, RunConfig, ScheduleShape, Start};

use crate::spec::test_images;

/// Multiply-adds of a whole run: training, the evaluations before it and after each epoch, and
/// the one look at the test images. For range tests, which may end early, the most there can be.
///
/// A step costs the forward pass once, the weight gradients once more, and the input gradients
/// once more, but for the first layer. Frozen convolutions cost one forward pass per image of
/// the whole run: their features are kept.
#[must_use]
pub fn multiply_adds(config: &RunConfig) -> f64 {
    let layers = LayerCosts::of(&config.network);
    let split = &config.data.split;
    let epochs = f64::from(config.epochs.0);
    let train = f64::from(split.train_images);
    let evaluated = f64::from(split.validation_images) + f64::from(split.train_metric_images());
    let test = f64::from(test_images(config.data.set));

    let (evaluations, test) = match config.schedule.shape {
        ScheduleShape::RangeTest { .. } => (0.0, 0.0),
        _ => (epochs + 1.0, test),
    };
    match config.start {
        Start::Fresh => {
            let forward = layers.convolutions + layers.connected;
            epochs * train * (3.0 * forward - layers.first)
                + evaluations * evaluated * forward
                + test * forward
        }
        Start::Transfer { .. } => {
            let features = train + f64::from(split.validation_images) + test;
            features * layers.convolutions
                + (epochs * train * 3.0 + evaluations * evaluated + test) * layers.connected
        }
    }
}

/// Multiply-adds of one training step, per image: for comparison with a measured speed.
#[must_use]
pub fn multiply_adds_per_training_image(network: &Network) -> f64 {
    let layers = LayerCosts::of(network);
    3.0 * (layers.convolutions + layers.connected) - layers.first
}

/// Multiply-adds of the forward pass per image.
struct LayerCosts {
    /// The first convolution alone.
    first: f64,
    /// All convolutions.
    convolutions: f64,
    /// Both fully connected layers.
    connected: f64,
}

impl LayerCosts {
    fn of(network: &Network) -> Self {
        let inputs = std::iter::once(3).chain(network.channels.iter().copied());
        let convolutions: Vec<f64> = inputs
            .zip(&network.channels)
            .zip(0..)
            .map(|((input, &output), block)| {
                let side = f64::from(32_u32 >> block);
                side * side * 9.0 * f64::from(input) * f64::from(output)
            })
            .collect();
        let hidden = f64::from(network.hidden);
        Self {
            first: convolutions.first().copied().unwrap_or(0.0),
            convolutions: convolutions.iter().sum(),
            connected: hidden
                * (f64::from(network.n_features()) + plateau_record::N_CLASSES as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plateau_record::Activation;

    #[test]
    fn the_baseline_takes_about_ten_million_multiply_adds_forward() {
        let network = Network {
            channels: vec![32, 64, 128],
            hidden: 256,
            activation: Activation::Relu,
            dropout: 0.0,
            batch_norm: false,
        };
        let layers = LayerCosts::of(&network);
        assert_eq!(layers.first, 1024.0 * 27.0 * 32.0);
        let second_and_third = 256.0 * 288.0 * 64.0 + 64.0 * 576.0 * 128.0;
        assert_eq!(layers.convolutions, layers.first + second_and_third);
        assert_eq!(layers.connected, 256.0 * 2058.0);
    }
}
