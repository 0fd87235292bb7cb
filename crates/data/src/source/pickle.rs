//! The Python version of CIFAR-10: each batch is a dictionary with a NumPy array `data` (n×3072
//! bytes, planar) and a list `labels`, as Python 2's cPickle wrote it by protocol 2.
//!
//! This reads that shape and nothing else. No name in the file ever leads to anything being
//! called: the two functions that occur stand for what NumPy would have made of them. Values
//! borrow from the file, every opcode adds at most one, and opcodes and nesting are limited, so
//! that memory and time are bounded whatever the file holds.
//!
//! Opcodes: Python's `Lib/pickletools.py`.
//!
//! # Layout
//! - this module: from the dictionary to a binary batch
//! - `machine`: from opcodes to the dictionary
//! - `value`: what the machine works on

mod machine;
mod value;

use crate::cache::RECORD_BYTES;
use crate::image_set::IMAGE_BYTES;

use value::{Array, Value};

/// Why a pickle cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at byte {offset}: {problem}")]
pub struct PickleError {
    /// Position of the opcode at fault.
    pub offset: usize,
    /// The reason.
    pub problem: PickleProblem,
}

/// Why a pickle cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PickleProblem {
    /// The file ends too early.
    #[error("the file ends within the data")]
    Truncated,
    /// An opcode that CIFAR-10's batches don't have.
    #[error("opcode {0:#04x} is not among those of CIFAR-10's batches")]
    Opcode(u8),
    /// Another protocol than 2.
    #[error("pickle protocol {0}, expected 2")]
    Protocol(u8),
    /// A Python object that CIFAR-10's batches don't have.
    #[error("object {0} is not among those of CIFAR-10's batches")]
    Object(String),
    /// An opcode found something else than it works on.
    #[error("expected {0}")]
    Expected(&'static str),
    /// More opcodes or deeper nesting than in any of CIFAR-10's batches.
    #[error("more {0} than any of CIFAR-10's batches has")]
    TooMuch(&'static str),
    /// The dictionary has no such entry.
    #[error("no entry {0:?} in the dictionary")]
    NoEntry(&'static str),
    /// The array has another shape.
    #[error("data of shape {rows}×{columns} in {bytes} bytes, expected n×3072 in as many bytes")]
    Shape {
        /// Images.
        rows: i64,
        /// Bytes per image.
        columns: i64,
        /// Bytes there are.
        bytes: usize,
    },
    /// There are more or fewer labels than images.
    #[error("{actual} labels, expected {expected}")]
    LabelCount {
        /// Images.
        expected: usize,
        /// Labels.
        actual: usize,
    },
}

/// Turns a Python batch into a binary batch: per image its label and 3×32×32 bytes, planar.
pub(crate) fn to_binary(pickle: &[u8]) -> Result<Vec<u8>, PickleError> {
    let dictionary = machine::run(pickle)?;
    // What follows concerns the whole: it is reported at the end of the file.
    assemble(&dictionary).map_err(|problem| PickleError { offset: pickle.len(), problem })
}

fn assemble(dictionary: &[(Value<'_>, Value<'_>)]) -> Result<Vec<u8>, PickleProblem> {
    let Value::Array(array) = entry(dictionary, "data")? else {
        return Err(PickleProblem::Expected("an array of bytes as data"));
    };
    let Value::List(labels) = entry(dictionary, "labels")? else {
        return Err(PickleProblem::Expected("a list as labels"));
    };
    let n_images = n_images(array)?;
    if labels.len() != n_images {
        return Err(PickleProblem::LabelCount { expected: n_images, actual: labels.len() });
    }
    let mut records = Vec::with_capacity(n_images * RECORD_BYTES);
    for (image, label) in labels.iter().enumerate() {
        let label = match label {
            Value::Int(label) => u8::try_from(*label).ok(),
            _ => None,
        };
        records.push(label.ok_or(PickleProblem::Expected("labels from 0 to 9"))?);
        if array.is_column_major {
            records.extend(array.bytes.iter().skip(image).step_by(n_images));
        } else {
            records.extend_from_slice(&array.bytes[image * IMAGE_BYTES..][..IMAGE_BYTES]);
        }
    }
    Ok(records)
}

fn entry<'v, 'p>(
    dictionary: &'v [(Value<'p>, Value<'p>)],
    key: &'static str,
) -> Result<&'v Value<'p>, PickleProblem> {
    let found = dictionary.iter().find(|(name, _)| *name == Value::Bytes(key.as_bytes()));
    found.map(|(_, value)| value).ok_or(PickleProblem::NoEntry(key))
}

/// Number of rows, of an array that is whole.
fn n_images(array: &Array<'_>) -> Result<usize, PickleProblem> {
    let Array { rows, columns, bytes, .. } = *array;
    let n_images = usize::try_from(rows).ok();
    n_images
        .filter(|n| {
            columns == IMAGE_BYTES as i64 && n.checked_mul(IMAGE_BYTES) == Some(bytes.len())
        })
        .ok_or(PickleProblem::Shape { rows, columns, bytes: bytes.len() })
}

#[cfg(test)]
pub(crate) mod tests;
