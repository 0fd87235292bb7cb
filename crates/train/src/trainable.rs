//! What is trained: the whole network, or its fully connected layers alone.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use plateau_data::image_set::{CHANNELS, PADDED_LEN, SIDE};
use plateau_model::{
    Backend, Buffer, Cnn, DropoutMasks, Head, Mode, Parameter, Weights, WeightsError,
};
use plateau_record::Network;

/// A module that turns batches into logits.
pub trait Trainable: Module {
    /// What it takes: images, or features.
    type Input;

    /// A batch's inputs as this module takes them.
    fn input(&self, inputs: Buffer, device: &Device) -> Self::Input;

    /// Logits `[batch, 10]`.
    fn logits(&mut self, input: Self::Input, masks: Option<DropoutMasks>, mode: Mode) -> Tensor<2>;

    /// Weights and biases that are trained, input side first.
    fn trained(&self) -> Vec<Parameter>;

    /// The fully connected layers, whose inputs are dropped.
    fn head(&self) -> &Head;

    /// Its weights and running statistics.
    fn weights(&self, network: &Network) -> Weights;

    /// The module that has these weights and running statistics.
    ///
    /// # Errors
    /// If a tensor is missing or of another shape.
    fn from_weights(
        weights: &Weights,
        network: &Network,
        backend: &Backend,
    ) -> Result<Self, WeightsError>;
}

impl Trainable for Cnn {
    type Input = Tensor<4>;

    fn input(&self, inputs: Buffer, device: &Device) -> Tensor<4> {
        image_tensor(inputs, device)
    }

    fn logits(&mut self, input: Tensor<4>, masks: Option<DropoutMasks>, mode: Mode) -> Tensor<2> {
        self.forward(input, masks, mode)
    }

    fn trained(&self) -> Vec<Parameter> {
        self.parameters()
    }

    fn head(&self) -> &Head {
        &self.head
    }

    fn weights(&self, _network: &Network) -> Weights {
        Weights::of(self)
    }

    fn from_weights(
        weights: &Weights,
        network: &Network,
        backend: &Backend,
    ) -> Result<Self, WeightsError> {
        weights.network(network, backend)
    }
}

impl Trainable for Head {
    type Input = Tensor<2>;

    fn input(&self, inputs: Buffer, device: &Device) -> Tensor<2> {
        let width = self.shape().n_features;
        let n_images = inputs.len() / width;
        inputs.into_tensor([n_images, width], device)
    }

    fn logits(&mut self, input: Tensor<2>, masks: Option<DropoutMasks>, mode: Mode) -> Tensor<2> {
        self.forward(input, masks, mode)
    }

    fn trained(&self) -> Vec<Parameter> {
        self.parameters()
    }

    fn head(&self) -> &Head {
        self
    }

    fn weights(&self, network: &Network) -> Weights {
        Weights::of_head(self, network)
    }

    fn from_weights(
        weights: &Weights,
        network: &Network,
        backend: &Backend,
    ) -> Result<Self, WeightsError> {
        weights.head(network, backend)
    }
}

/// `[batch, 34, 34, 3]`.
pub(crate) fn image_tensor(inputs: Buffer, device: &Device) -> Tensor<4> {
    let n_images = inputs.len() / PADDED_LEN;
    inputs.into_tensor([n_images, SIDE + 2, SIDE + 2, CHANNELS], device)
}
