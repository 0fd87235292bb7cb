use burn::module::Param;
use burn::tensor::Tensor;
use plateau_record::{N_CLASSES, Network};

use super::{NamedTensor, Weights, WeightsError};
use crate::batch_norm::{BatchNorm, RunningStatistics};
use crate::cnn::{Cnn, Features, Head, INPUT_CHANNELS, feature_map};
use crate::convolution::{ConvBlock, KERNEL};
use crate::dense::Dense;
use crate::init::parameter;
use crate::layout::{Inputs, channels_last};
use crate::operators::Backend;

impl Weights {
    /// Builds the network that has these weights.
    ///
    /// # Errors
    /// If a tensor is missing or of another shape.
    pub fn network(&self, network: &Network, backend: &Backend) -> Result<Cnn, WeightsError> {
        let features = self.features(network, backend)?;
        Ok(Cnn { features, head: self.head(network, backend)? })
    }

    /// Builds the fully connected layers alone.
    ///
    /// # Errors
    /// If a tensor is missing or of another shape.
    pub fn head(&self, network: &Network, backend: &Backend) -> Result<Head, WeightsError> {
        Import { weights: self, backend }.head(network)
    }

    /// Builds the convolutional blocks alone.
    ///
    /// # Errors
    /// If a tensor is missing or of another shape.
    pub fn features(&self, network: &Network, backend: &Backend) -> Result<Features, WeightsError> {
        let import = Import { weights: self, backend };
        let mut n_in = INPUT_CHANNELS;
        let mut blocks = Vec::new();
        for (index, n_out) in network.channels.iter().enumerate() {
            let (number, n_out) = (index + 1, *n_out as usize);
            let shape = [n_out, n_in, KERNEL, KERNEL];
            let weight = &self.find(&format!("conv{number}.weight"), &shape)?.values;
            let weight = channels_last(weight, n_out, n_in);
            blocks.push(ConvBlock {
                weight: parameter(weight, [n_out, KERNEL, KERNEL, n_in], &backend.device),
                bias: import.vector(&format!("conv{number}.bias"), n_out)?,
                norm: import.norm(network.batch_norm, number, n_out)?,
                activation: network.activation,
            });
            n_in = n_out;
        }
        Ok(Features { blocks, operators: backend.operators })
    }

    fn find(&self, name: &str, expected: &[usize]) -> Result<&NamedTensor, WeightsError> {
        let tensor = self.0.get(name).ok_or_else(|| WeightsError::Missing {
            name: name.to_owned(),
            expected: expected.to_vec(),
        })?;
        if tensor.shape == expected {
            return Ok(tensor);
        }
        Err(WeightsError::Shape {
            name: name.to_owned(),
            expected: expected.to_vec(),
            found: tensor.shape.clone(),
        })
    }
}

struct Import<'a> {
    weights: &'a Weights,
    backend: &'a Backend,
}

impl Import<'_> {
    fn head(&self, network: &Network) -> Result<Head, WeightsError> {
        let first_layer = network.channels.len() + 1;
        let n_hidden = network.hidden as usize;
        Ok(Head {
            hidden: self.dense("fc1", feature_map(network), n_hidden)?,
            norm: self.norm(network.batch_norm, first_layer, n_hidden)?,
            output: self.dense("fc2", Inputs::flat(n_hidden), N_CLASSES)?,
            activation: network.activation,
            first_layer,
            operators: self.backend.operators,
        })
    }

    fn dense(&self, name: &str, inputs: Inputs, n_out: usize) -> Result<Dense, WeightsError> {
        let n_in = inputs.len();
        let weight = self.weights.find(&format!("{name}.weight"), &[n_out, n_in])?;
        let weight = inputs.import(&weight.values, n_out);
        Ok(Dense {
            weight: parameter(weight, [n_in, n_out], &self.backend.device),
            bias: self.vector(&format!("{name}.bias"), n_out)?,
        })
    }

    fn norm(
        &self,
        wanted: bool,
        number: usize,
        n: usize,
    ) -> Result<Option<BatchNorm>, WeightsError> {
        if !wanted {
            return Ok(None);
        }
        let values = |name: &str| {
            self.weights
                .find(&format!("bn{number}.{name}"), &[n])
                .map(|tensor| tensor.values.clone())
        };
        Ok(Some(BatchNorm {
            scale: self.vector(&format!("bn{number}.weight"), n)?,
            shift: self.vector(&format!("bn{number}.bias"), n)?,
            running: RunningStatistics {
                mean: values("running_mean")?,
                variance: values("running_var")?,
            },
        }))
    }

    fn vector(&self, name: &str, n: usize) -> Result<Param<Tensor<1>>, WeightsError> {
        let values = self.weights.find(name, &[n])?.values.clone();
        Ok(parameter(values, [n], &self.backend.device))
    }
}
