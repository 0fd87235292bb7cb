//! Writing safetensors files.
//!
//! The `safetensors` crate reads them here, but doesn't write them: it lays the entries beside
//! the tensors out in the order of a hash map, which is another one in each process.

use std::borrow::Cow;
use std::collections::BTreeMap;

use safetensors::SafeTensorError;
use safetensors::tensor::Dtype;
use serde::Serialize;

use super::WeightsError;

/// The key of the entries beside the tensors.
const METADATA: &str = "__metadata__";

/// Readers refuse longer headers.
const MAX_HEADER_BYTES: usize = 100_000_000;

/// The tensors begin on a multiple of so many bytes.
const ALIGNMENT: usize = 8;

/// A tensor of 32-bit floats that is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorData<'a> {
    /// Sizes of its dimensions.
    pub shape: Cow<'a, [usize]>,
    /// Its elements, in row-major order.
    pub values: &'a [f32],
}

#[derive(Serialize)]
#[serde(untagged)]
enum Entry<'a> {
    Tensor { dtype: Dtype, shape: &'a [usize], data_offsets: [usize; 2] },
    Metadata(&'a BTreeMap<String, String>),
}

/// A safetensors file: the header's length in 8 bytes, little-endian; the header, JSON with
/// shape and place of each tensor and, under `__metadata__`, the other entries; the tensors.
/// All of it in alphabetical order.
///
/// # Errors
/// If a shape doesn't fit its elements, or the header is too long for the format.
pub fn write(
    tensors: &BTreeMap<Cow<'_, str>, TensorData<'_>>,
    metadata: &BTreeMap<String, String>,
) -> Result<Vec<u8>, WeightsError> {
    let mut entries = BTreeMap::new();
    if !metadata.is_empty() {
        entries.insert(METADATA, Entry::Metadata(metadata));
    }
    let mut end = 0;
    for (name, TensorData { shape, values }) in tensors {
        let n = shape.iter().try_fold(1_usize, |n, side| n.checked_mul(*side));
        let n_bytes = size_of_val(*values);
        if n != Some(values.len()) {
            let shape = shape.to_vec();
            return Err(SafeTensorError::InvalidTensorView(Dtype::F32, shape, n_bytes).into());
        }
        let data_offsets = [end, end + n_bytes];
        end += n_bytes;
        entries.insert(name, Entry::Tensor { dtype: Dtype::F32, shape, data_offsets });
    }
    let mut header = serde_json::to_vec(&entries)?;
    header.resize(header.len().next_multiple_of(ALIGNMENT), b' ');
    if header.len() > MAX_HEADER_BYTES {
        return Err(SafeTensorError::HeaderTooLarge.into());
    }
    let mut bytes = Vec::with_capacity(size_of::<u64>() + header.len() + end);
    bytes.extend((header.len() as u64).to_le_bytes());
    bytes.extend(header);
    for TensorData { values, .. } in tensors.values() {
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use safetensors::tensor::TensorView;

    use super::*;
    use crate::weights::{NamedTensor, Weights};

    fn weights() -> Weights {
        let tensor = |shape: &[usize]| {
            let n = shape.iter().product::<usize>();
            let values = (0..n).map(|i| i as f32 - 2.5).collect();
            NamedTensor { shape: shape.to_vec(), values }
        };
        let named = [("fc1.weight", vec![3, 4]), ("conv1.bias", vec![5]), ("empty", vec![0, 2])];
        Weights(named.into_iter().map(|(n, shape)| (n.to_owned(), tensor(&shape))).collect())
    }

    /// What the `safetensors` crate makes of it.
    fn oracle(weights: &Weights, metadata: Option<HashMap<String, String>>) -> Vec<u8> {
        let bytes: Vec<Vec<u8>> = weights
            .0
            .values()
            .map(|tensor| tensor.values.iter().flat_map(|v| v.to_le_bytes()).collect())
            .collect();
        let views = weights.0.iter().zip(&bytes).map(|((name, tensor), bytes)| {
            (name.clone(), TensorView::new(Dtype::F32, tensor.shape.clone(), bytes).unwrap())
        });
        safetensors::serialize(views.collect::<Vec<_>>(), metadata).unwrap()
    }

    #[test]
    fn the_bytes_are_those_of_the_safetensors_crate() {
        let weights = weights();
        assert_eq!(weights.to_safetensors().unwrap(), oracle(&weights, None));
        let one = [("plateau".to_owned(), "{\"a\": \"ä\"}".to_owned())];
        let written = weights.to_safetensors_with(&one.clone().into()).unwrap();
        assert_eq!(written, oracle(&weights, Some(one.into())));
        let none = Weights::default();
        assert_eq!(none.to_safetensors().unwrap(), oracle(&none, None));
    }

    #[test]
    fn many_entries_come_back_and_always_make_the_same_bytes() {
        let entries = (0..20).map(|i| (format!("key {i}"), format!("value {i}")));
        let entries: BTreeMap<String, String> = entries.collect();
        let bytes = weights().to_safetensors_with(&entries).unwrap();
        let (read, found) = Weights::from_safetensors_with(&bytes).unwrap();
        assert_eq!(read, weights());
        assert_eq!(found.into_iter().collect::<BTreeMap<_, _>>(), entries);
        for _ in 0..100 {
            // Read into a new hash map, which has an order of its own.
            let (_, found) = Weights::from_safetensors_with(&bytes).unwrap();
            let again = weights().to_safetensors_with(&found.into_iter().collect()).unwrap();
            assert_eq!(again, bytes);
        }
    }

    #[test]
    fn a_shape_that_does_not_fit_is_refused() {
        let weights = |shape: Vec<usize>| {
            let tensor = NamedTensor { shape, values: vec![0.0; 3] };
            Weights([("fc1.bias".to_owned(), tensor)].into())
        };
        for shape in [vec![2], vec![usize::MAX, 2]] {
            let error = weights(shape).to_safetensors().unwrap_err();
            assert!(matches!(error, WeightsError::Format(_)), "{error}");
        }
    }
}
