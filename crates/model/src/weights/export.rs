use burn::module::Param;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use plateau_record::Network;

use super::{NamedTensor, Weights};
use crate::batch_norm::BatchNorm;
use crate::cnn::{Cnn, Head, feature_map};
use crate::dense::Dense;
use crate::layout;
use crate::operators::with_values;

impl Weights {
    /// The weights and running statistics of a network.
    #[must_use]
    pub fn of(cnn: &Cnn) -> Self {
        let mut export = Export { gradients: None, tensors: Self::default() };
        export.network(cnn);
        export.tensors
    }

    /// The weights and running statistics of the fully connected layers of such a network.
    #[must_use]
    pub fn of_head(head: &Head, network: &Network) -> Self {
        let mut export = Export { gradients: None, tensors: Self::default() };
        export.head(head, feature_map(network));
        export.tensors
    }

    /// Gradients of a network's weights, under the weights' names; those that are not there are
    /// left out.
    #[must_use]
    pub fn of_gradients(cnn: &Cnn, gradients: &GradientsParams) -> Self {
        let mut export = Export { gradients: Some(gradients), tensors: Self::default() };
        export.network(cnn);
        export.tensors
    }
}

struct Export<'a> {
    gradients: Option<&'a GradientsParams>,
    tensors: Weights,
}

impl Export<'_> {
    fn network(&mut self, cnn: &Cnn) {
        for (index, block) in cnn.features.blocks.iter().enumerate() {
            let number = index + 1;
            let [n_out, side, _, n_in] = block.weight.dims();
            let shape = vec![n_out, n_in, side, side];
            self.put(format!("conv{number}.weight"), &block.weight, shape, |values| {
                layout::channels_first(values, n_out, n_in)
            });
            self.vector(format!("conv{number}.bias"), &block.bias);
            self.norm(number, block.norm.as_ref());
        }
        self.head(&cnn.head, cnn.feature_map());
    }

    fn head(&mut self, head: &Head, inputs: layout::Inputs) {
        self.dense("fc1", &head.hidden, inputs);
        let n_hidden = head.output.weight.dims()[0];
        self.dense("fc2", &head.output, layout::Inputs::flat(n_hidden));
        self.norm(head.first_layer, head.norm.as_ref());
    }

    fn dense(&mut self, name: &str, layer: &Dense, inputs: layout::Inputs) {
        let [n_in, n_out] = layer.weight.dims();
        self.put(format!("{name}.weight"), &layer.weight, vec![n_out, n_in], |values| {
            inputs.export(values, n_out)
        });
        self.vector(format!("{name}.bias"), &layer.bias);
    }

    fn norm(&mut self, number: usize, norm: Option<&BatchNorm>) {
        let Some(norm) = norm else { return };
        self.vector(format!("bn{number}.weight"), &norm.scale);
        self.vector(format!("bn{number}.bias"), &norm.shift);
        if self.gradients.is_some() {
            return;
        }
        let running =
            [("running_mean", &norm.running.mean), ("running_var", &norm.running.variance)];
        for (name, values) in running {
            let tensor = NamedTensor { shape: vec![values.len()], values: values.clone() };
            self.tensors.0.insert(format!("bn{number}.{name}"), tensor);
        }
    }

    fn vector(&mut self, name: String, parameter: &Param<Tensor<1>>) {
        let shape = parameter.dims().to_vec();
        self.put(name, parameter, shape, <[f32]>::to_vec);
    }

    /// The parameter, or its gradient, in the order that `order` gives it.
    fn put<const D: usize>(
        &mut self,
        name: String,
        parameter: &Param<Tensor<D>>,
        shape: Vec<usize>,
        order: impl FnOnce(&[f32]) -> Vec<f32>,
    ) {
        let tensor = match self.gradients {
            None => Some(parameter.val()),
            Some(gradients) => gradients.get::<D>(parameter.id),
        };
        if let Some(tensor) = tensor {
            let values = with_values(&tensor, order);
            self.tensors.0.insert(name, NamedTensor { shape, values });
        }
    }
}
