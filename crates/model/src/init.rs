//! Initial weights from keyed random streams.
//!
//! burn's own initialisers are not used: they draw lazily from one global generator per
//! process, so that the same seed would not give the same weights.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use plateau_record::{Concern, Epoch, Seed, Step, Stream};

/// Where a layer's initial weights are drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Init<'a> {
    /// The run's seed.
    pub seed: Seed,
    /// [`Concern::Initialisation`] or [`Concern::Reinitialisation`].
    pub concern: Concern,
    /// Where the parameters will live.
    pub device: &'a Device,
}

impl Init<'_> {
    /// Weights and biases of one layer, uniform in ±1/√`fan_in`: PyTorch's default for
    /// convolutions and fully connected layers (LeCun et al., 1998, up to a constant). `layer`
    /// numbers the network's layers from 1.
    ///
    /// With He et al.'s (2015) larger weights the logits of this network start out so large (a
    /// loss of 3.7 nats where ln 10 = 2.3 is a guess) that runs at rates of 0.04 and above
    /// collapse in their first steps.
    ///
    /// The weights are drawn in PyTorch's order `[.., in, ..]` of the given number of elements;
    /// the caller puts them into the layer's own.
    #[must_use]
    pub fn layer(
        &self,
        layer: usize,
        n_weights: usize,
        fan_in: usize,
        n_out: usize,
    ) -> (Vec<f32>, Param<Tensor<1>>) {
        let mut stream = Stream::new(self.seed, self.concern, Epoch(0), Step(layer as u64));
        let bound = (1.0 / (fan_in as f64).sqrt()) as f32;
        let mut draw = |n: usize| -> Vec<f32> {
            (0..n).map(|_| (2.0 * stream.uniform() - 1.0) * bound).collect()
        };
        let weights = draw(n_weights);
        let biases = draw(n_out);
        (weights, parameter(biases, [n_out], self.device))
    }

    /// All elements equal.
    #[must_use]
    pub fn constant(&self, value: f32, n: usize) -> Param<Tensor<1>> {
        parameter(vec![value; n], [n], self.device)
    }
}

/// A trainable parameter with the given values in row-major order.
#[must_use]
pub fn parameter<const D: usize>(
    values: Vec<f32>,
    shape: [usize; D],
    device: &Device,
) -> Param<Tensor<D>> {
    Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), device))
}
