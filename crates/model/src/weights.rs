//! Named tensors in PyTorch's names and shapes, to and from safetensors.
//!
//! # Layout
//! - [`Weights`]: the tensors
//! - `file`: [`write()`], the file format
//! - `export`: from a network, or its gradients
//! - `import`: to a network

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use safetensors::tensor::{Dtype, SafeTensors};
use thiserror::Error;

mod export;
mod file;
mod import;

pub use file::{TensorData, write};

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
    /// What is to stand beside the tensors can't be written.
    #[error("the entries beside the tensors: {0}")]
    Entries(#[from] serde_json::Error),
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
    /// A safetensors file, tensors in alphabetical order.
    ///
    /// # Errors
    /// If the tensors can't be laid out (too large for the format).
    pub fn to_safetensors(&self) -> Result<Vec<u8>, WeightsError> {
        self.to_safetensors_with(&BTreeMap::new())
    }

    /// The same, with entries beside the tensors, in alphabetical order too: equal weights and
    /// entries make equal bytes.
    ///
    /// # Errors
    /// As [`Weights::to_safetensors`].
    pub fn to_safetensors_with(
        &self,
        metadata: &BTreeMap<String, String>,
    ) -> Result<Vec<u8>, WeightsError> {
        let tensors = self.0.iter().map(|(name, NamedTensor { shape, values })| {
            let (name, shape) = (Cow::from(name), Cow::from(shape));
            (name, TensorData { shape, values })
        });
        write(&tensors.collect(), metadata)
    }

    /// Reads a safetensors file of 32-bit floats.
    ///
    /// # Errors
    /// If it is damaged or holds another type of numbers.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, WeightsError> {
        Self::from_safetensors_with(bytes).map(|(weights, _)| weights)
    }

    /// The same, with the entries beside the tensors.
    ///
    /// # Errors
    /// As [`Weights::from_safetensors`].
    pub fn from_safetensors_with(
        bytes: &[u8],
    ) -> Result<(Self, HashMap<String, String>), WeightsError> {
        let (_, metadata) = SafeTensors::read_metadata(bytes)?;
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
        Ok((weights, metadata.metadata().clone().unwrap_or_default()))
    }
}
