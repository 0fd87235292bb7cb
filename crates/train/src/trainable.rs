//! What is trained: the whole network, or its fully connected layers alone.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use plateau_model::{Cnn, DropoutMasks, Head, Mode, Parameter};

use crate::examples::{Batch, feature_tensor, image_tensor};

/// A module that turns batches into logits.
pub trait Trainable: Module {
    /// What it takes: images, or features.
    type Input;

    /// A batch as this module takes it.
    fn input(batch: &Batch, device: &Device) -> Self::Input;

    /// Logits `[batch, 10]`.
    fn logits(&mut self, input: Self::Input, masks: Option<DropoutMasks>, mode: Mode) -> Tensor<2>;

    /// Weights and biases that are trained, input side first.
    fn trained(&self) -> Vec<Parameter>;

    /// The fully connected layers, whose inputs are dropped.
    fn head(&self) -> &Head;
}

impl Trainable for Cnn {
    type Input = Tensor<4>;

    fn input(batch: &Batch, device: &Device) -> Tensor<4> {
        image_tensor(batch, device)
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
}

impl Trainable for Head {
    type Input = Tensor<2>;

    fn input(batch: &Batch, device: &Device) -> Tensor<2> {
        feature_tensor(batch, device)
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
}
