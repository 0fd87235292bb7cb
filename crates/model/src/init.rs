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
    /// Uniform in ±`gain`·√(3 / `fan_in`), which has the variance gain² / `fan_in`
    /// (He et al., 2015). `layer` numbers the network's layers from 1.
    #[must_use]
    pub fn scaled_uniform<const D: usize>(
        &self,
        layer: usize,
        shape: [usize; D],
        fan_in: usize,
        gain: f64,
    ) -> Param<Tensor<D>> {
        let mut stream = Stream::new(self.seed, self.concern, Epoch(0), Step(layer as u64));
        let bound = (gain * (3.0 / fan_in as f64).sqrt()) as f32;
        let n: usize = shape.iter().product();
        let values: Vec<f32> = (0..n).map(|_| (2.0 * stream.uniform() - 1.0) * bound).collect();
        self.parameter(values, shape)
    }

    /// All elements equal.
    #[must_use]
    pub fn constant(&self, value: f32, n: usize) -> Param<Tensor<1>> {
        self.parameter(vec![value; n], [n])
    }

    fn parameter<const D: usize>(&self, values: Vec<f32>, shape: [usize; D]) -> Param<Tensor<D>> {
        parameter(values, shape, self.device)
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
