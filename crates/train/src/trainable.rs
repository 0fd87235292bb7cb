//! What is trained: the whole network, or its fully connected layers alone.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use plateau_model::{Cnn, DropoutMasks, Head, HeadShape, Mode, Parameter};

use crate::examples::{Batch, feature_tensor, image_tensor};

/// A module that turns batches into logits.
pub trait Trainable: Module {
    /// Logits `[batch, 10]` of a batch of this module's inputs.
    fn logits(
        &mut self,
        batch: &Batch,
        masks: Option<DropoutMasks>,
        mode: Mode,
        device: &Device,
    ) -> Tensor<2>;

    /// Weights and biases that are trained, input side first.
    fn trained(&self) -> Vec<Parameter>;

    /// Sizes that dropout masks need.
    fn head_shape(&self) -> HeadShape;
}

impl Trainable for Cnn {
    fn logits(
        &mut self,
        batch: &Batch,
        masks: Option<DropoutMasks>,
        mode: Mode,
        device: &Device,
    ) -> Tensor<2> {
        self.forward(image_tensor(batch, device), masks, mode)
    }

    fn trained(&self) -> Vec<Parameter> {
        self.parameters()
    }

    fn head_shape(&self) -> HeadShape {
        self.head.shape()
    }
}

impl Trainable for Head {
    fn logits(
        &mut self,
        batch: &Batch,
        masks: Option<DropoutMasks>,
        mode: Mode,
        device: &Device,
    ) -> Tensor<2> {
        self.forward(feature_tensor(batch, device), masks, mode)
    }

    fn trained(&self) -> Vec<Parameter> {
        self.parameters()
    }

    fn head_shape(&self) -> HeadShape {
        self.shape()
    }
}
