//! Named tensors in PyTorch's names and shapes, to and from safetensors.

use std::collections::BTreeMap;

use burn::module::Param;
use burn::tensor::{Device, Tensor};
use plateau_record::{Activation, Network};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use thiserror::Error;

use crate::batch_norm::{BatchNorm, RunningStatistics};
use crate::cnn::{Cnn, Features, Head};
use crate::convolution::ConvBlock;
use crate::dense::Dense;
use crate::init::parameter;

/// A tensor on the host, in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// Sizes of its dimensions.
    pub shape: Vec<usize>,
    /// Its elements.
    pub values: Vec<f32>,
}

/// All weights and running statistics of a network by PyTorch's names: `conv1.weight`
/// `[out, in, 3, 3]`, `fc1.weight` `[out, in]`, `bn1.running_mean` … The batch norm after the
/// hidden layer has the number after the last block's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights(pub BTreeMap<String, NamedTensor>);

/// Stored weights that don't fit.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// Not a safetensors file, or a damaged one.
    #[error("not a readable safetensors file: {0}")]
    Format(#[from] safetensors::SafeTensorError),
    /// Another type of numbers.
    #[error("tensor {name}: expected 32-bit floats, found {found:?}")]
    Type {
        /// The tensor.
        name: String,
        /// Its type.
        found: Dtype,
    },
    /// A tensor that the network needs is not there.
    #[error("tensor {name} is missing: expected shape {expected:?}")]
    Missing {
        /// The tensor.
        name: String,
        /// The shape it should have.
        expected: Vec<usize>,
    },
    /// A tensor of another network.
    #[error("tensor {name}: expected shape {expected:?}, found {found:?}")]
    Shape {
        /// The tensor.
        name: String,
        /// The shape that the network needs.
        expected: Vec<usize>,
        /// The shape that is stored.
        found: Vec<usize>,
    },
}

impl Weights {
    /// The weights of a network.
    #[must_use]
    pub fn of(cnn: &Cnn) -> Self {
        let mut weights = Self::default();
        for (index, block) in cnn.features.blocks.iter().enumerate() {
            let number = index + 1;
            weights.put(format!("conv{number}.weight"), block.weight.val());
            weights.put(format!("conv{number}.bias"), block.bias.val());
            weights.put_norm(number, block.norm.as_ref());
        }
        let head = &cnn.head;
        for (name, layer) in [("fc1", &head.hidden), ("fc2", &head.output)] {
            weights.put(format!("{name}.weight"), layer.weight.val().transpose());
            weights.put(format!("{name}.bias"), layer.bias.val());
        }
        weights.put_norm(head.first_layer, head.norm.as_ref());
        weights
    }

    /// Builds the network that has these weights.
    ///
    /// # Errors
    /// If a tensor is missing or of another shape.
    pub fn network(&self, network: &Network, device: &Device) -> Result<Cnn, WeightsError> {
        Ok(Cnn { features: self.features(network, device)?, head: self.head(network, device)? })
    }

    /// Builds the convolutional blocks alone.
    ///
    /// # Errors
    /// If a tensor is missing or of another shape.
    pub fn features(&self, network: &Network, device: &Device) -> Result<Features, WeightsError> {
        let mut n_in = crate::cnn::INPUT_CHANNELS;
        let mut blocks = Vec::new();
        for (index, n_out) in network.channels.iter().enumerate() {
            let (number, n_out) = (index + 1, *n_out as usize);
            blocks.push(ConvBlock {
                weight: self.get(&format!("conv{number}.weight"), [n_out, n_in, 3, 3], device)?,
                bias: self.get(&format!("conv{number}.bias"), [n_out], device)?,
                norm: self.norm(network.batch_norm, number, n_out, device)?,
                activation: network.activation,
            });
            n_in = n_out;
        }
        Ok(Features { blocks })
    }

    fn head(&self, network: &Network, device: &Device) -> Result<Head, WeightsError> {
        let first_layer = network.channels.len() + 1;
        let n_hidden = network.hidden as usize;
        let activation: Activation = network.activation;
        Ok(Head {
            hidden: self.dense("fc1", network.n_features() as usize, n_hidden, device)?,
            norm: self.norm(network.batch_norm, first_layer, n_hidden, device)?,
            output: self.dense("fc2", n_hidden, plateau_record::N_CLASSES, device)?,
            activation,
            first_layer,
        })
    }

    fn dense(
        &self,
        name: &str,
        n_in: usize,
        n_out: usize,
        device: &Device,
    ) -> Result<Dense, WeightsError> {
        let weight: Param<Tensor<2>> =
            self.get(&format!("{name}.weight"), [n_out, n_in], device)?;
        let values = host(weight.val().without_autodiff().transpose());
        Ok(Dense {
            weight: parameter(values, [n_in, n_out], device),
            bias: self.get(&format!("{name}.bias"), [n_out], device)?,
        })
    }

    fn norm(
        &self,
        wanted: bool,
        number: usize,
        n: usize,
        device: &Device,
    ) -> Result<Option<BatchNorm>, WeightsError> {
        if !wanted {
            return Ok(None);
        }
        let values = |name: &str| {
            self.find(&format!("bn{number}.{name}"), &[n]).map(|tensor| tensor.values.clone())
        };
        Ok(Some(BatchNorm {
            scale: self.get(&format!("bn{number}.weight"), [n], device)?,
            shift: self.get(&format!("bn{number}.bias"), [n], device)?,
            running: RunningStatistics {
                mean: values("running_mean")?,
                variance: values("running_var")?,
            },
        }))
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

    fn get<const D: usize>(
        &self,
        name: &str,
        shape: [usize; D],
        device: &Device,
    ) -> Result<Param<Tensor<D>>, WeightsError> {
        Ok(parameter(self.find(name, &shape)?.values.clone(), shape, device))
    }

    fn put<const D: usize>(&mut self, name: String, tensor: Tensor<D>) {
        let shape = tensor.dims().to_vec();
        self.0.insert(name, NamedTensor { shape, values: host(tensor) });
    }

    fn put_norm(&mut self, number: usize, norm: Option<&BatchNorm>) {
        let Some(norm) = norm else { return };
        self.put(format!("bn{number}.weight"), norm.scale.val());
        self.put(format!("bn{number}.bias"), norm.shift.val());
        let running =
            [("running_mean", &norm.running.mean), ("running_var", &norm.running.variance)];
        for (name, values) in running {
            let tensor = NamedTensor { shape: vec![values.len()], values: values.clone() };
            self.0.insert(format!("bn{number}.{name}"), tensor);
        }
    }

    /// A safetensors file, tensors in alphabetical order.
    ///
    /// # Errors
    /// If the tensors can't be laid out (too large for the format).
    pub fn to_safetensors(&self) -> Result<Vec<u8>, WeightsError> {
        let bytes: Vec<(&String, &NamedTensor, Vec<u8>)> = self
            .0
            .iter()
            .map(|(name, tensor)| {
                let bytes = tensor.values.iter().flat_map(|value| value.to_le_bytes()).collect();
                (name, tensor, bytes)
            })
            .collect();
        let views = bytes
            .iter()
            .map(|(name, tensor, bytes)| {
                Ok((name.as_str(), TensorView::new(Dtype::F32, tensor.shape.clone(), bytes)?))
            })
            .collect::<Result<Vec<_>, WeightsError>>()?;
        Ok(safetensors::serialize(views, None)?)
    }

    /// Reads a safetensors file of 32-bit floats.
    ///
    /// # Errors
    /// If it is damaged or holds another type of numbers.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, WeightsError> {
        let file = SafeTensors::deserialize(bytes)?;
        let mut weights = Self::default();
        for (name, view) in file.iter() {
            if view.dtype() != Dtype::F32 {
                return Err(WeightsError::Type { name: name.to_owned(), found: view.dtype() });
            }
            let values = view
                .data()
                .as_chunks::<4>()
                .0
                .iter()
                .map(|bytes| f32::from_le_bytes(*bytes))
                .collect();
            let tensor = NamedTensor { shape: view.shape().to_vec(), values };
            weights.0.insert(name.to_owned(), tensor);
        }
        Ok(weights)
    }
}

fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("weights are 32-bit floats")
}
