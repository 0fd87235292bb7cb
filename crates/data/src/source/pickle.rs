//! The Python version of CIFAR-10: each batch is a dictionary with a NumPy array `data` (n×3072
//! bytes, planar) and a list `labels`, as Python 2's cPickle wrote it by protocol 2, or as
//! Python 3 writes it again, by protocols 2 to 5.
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
    /// Another protocol than 2 to 5.
    #[error("pickle protocol {0}, expected 2 to 5: save it again with one of these")]
    Protocol(u8),
    /// No pickle, or one of an old protocol.
    #[error(
        "this is no pickle, or one of protocol 0 or 1, which are not read: save it again with \
         pickle.dump(batch, file, protocol=4)"
    )]
    NotBinary,
    /// Protocol 5 can keep data outside the file.
    #[error("its data are kept outside the file: save it again without a buffer_callback")]
    Buffers,
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
    let labels = labels(entry(dictionary, "labels")?)?;
    let n_images = n_images(array)?;
    if labels.len() != n_images {
        return Err(PickleProblem::LabelCount { expected: n_images, actual: labels.len() });
    }
    let mut records = Vec::with_capacity(n_images * RECORD_BYTES);
    for (image, label) in labels.into_iter().enumerate() {
        let label = u8::try_from(label).ok();
        records.push(label.ok_or(PickleProblem::Expected("labels from 0 to 9"))?);
        if array.is_column_major {
            records.extend(array.bytes.iter().skip(image).step_by(n_images));
        } else {
            records.extend_from_slice(&array.bytes[image * IMAGE_BYTES..][..IMAGE_BYTES]);
        }
    }
    Ok(records)
}

/// A list of numbers, a tuple of them, or an array.
fn labels(value: &Value<'_>) -> Result<Vec<i64>, PickleProblem> {
    let expected = PickleProblem::Expected("a list of whole numbers as labels");
    match value {
        Value::List(labels) | Value::Tuple(labels) => {
            let number = |label: &Value<'_>| match label {
                Value::Int(label) => Some(*label),
                _ => None,
            };
            labels.iter().map(number).collect::<Option<_>>().ok_or(expected)
        }
        Value::Array(Array { element, columns: None, bytes, .. }) => Ok(element.numbers(bytes)),
        _ => Err(expected),
    }
}

fn entry<'v, 'p>(
    dictionary: &'v [(Value<'p>, Value<'p>)],
    key: &'static str,
) -> Result<&'v Value<'p>, PickleProblem> {
    let is_key = |name: &Value<'_>| match name {
        Value::Bytes(name) => **name == *key.as_bytes(),
        Value::Text(name) => *name == key,
        _ => false,
    };
    let found = dictionary.iter().find(|(name, _)| is_key(name));
    found.map(|(_, value)| value).ok_or(PickleProblem::NoEntry(key))
}

/// Number of rows, of an array that is whole.
fn n_images(array: &Array<'_>) -> Result<usize, PickleProblem> {
    let Array { element, rows, columns, ref bytes, .. } = *array;
    if element.bytes != 1 || element.is_signed {
        return Err(PickleProblem::Expected("an array of unsigned bytes as data"));
    }
    let columns = columns.unwrap_or(1);
    let n_images = usize::try_from(rows).ok();
    n_images
        .filter(|n| {
            columns == IMAGE_BYTES as i64 && n.checked_mul(IMAGE_BYTES) == Some(bytes.len())
        })
        .ok_or(PickleProblem::Shape { rows, columns, bytes: bytes.len() })
}

#[cfg(test)]
pub(crate) mod tests;
