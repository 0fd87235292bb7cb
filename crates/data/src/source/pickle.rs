//! The Python version of CIFAR-10: each batch is a dictionary with a NumPy array `data` (n×3072
//! bytes, planar) and a list `labels`, as Python 2's cPickle wrote it by protocol 2, or as
//! Python 3 writes it again, by protocols 2 to 5.
//!
//! This reads that shape, or n×3×32×32, whose bytes are the same, and nothing else. No name in the file ever leads to anything being
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

use plateau_record::N_CLASSES;

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
    /// The dictionary has such an entry twice, as text and as bytes.
    #[error("more than one entry {0:?} in the dictionary")]
    Twice(&'static str),
    /// The array has another shape.
    #[error(
        "data of shape {} in {bytes} bytes, expected n×3072 or n×3×32×32 in as many bytes, one \
         for each",
        in_words(shape)
    )]
    Shape {
        /// Its extents.
        shape: Vec<i64>,
        /// Bytes there are.
        bytes: usize,
    },
    /// The array has the colours of each pixel side by side.
    #[error(
        "data of shape {}, where the colours of a pixel lie side by side, expected n×3072 or \
         n×3×32×32, one colour after the other: save it again with \
         data.transpose(0, 3, 1, 2).reshape(-1, 3072)",
        in_words(shape)
    )]
    Interleaved {
        /// Its extents.
        shape: Vec<i64>,
    },
    /// The array has four dimensions, the first of which runs fastest.
    #[error(
        "data of shape {} in Fortran's order, expected C's: save it again with \
         numpy.ascontiguousarray(data)",
        in_words(shape)
    )]
    FortranOrder {
        /// Its extents.
        shape: Vec<i64>,
    },
    /// There are more or fewer labels than images.
    #[error("{actual} labels, expected {expected}")]
    LabelCount {
        /// Images.
        expected: usize,
        /// Labels.
        actual: usize,
    },
    /// A label is no class.
    #[error("image {image} has the label {label}, expected 0 to 9")]
    Label {
        /// Position in the batch, from 0.
        image: usize,
        /// The label.
        label: i64,
    },
}

fn in_words(shape: &[i64]) -> String {
    if shape.is_empty() {
        return "()".to_owned();
    }
    shape.iter().map(i64::to_string).collect::<Vec<_>>().join("×")
}

/// Turns a Python batch into a binary batch: per image its label and 3×32×32 bytes, planar.
pub(crate) fn to_binary(pickle: &[u8]) -> Result<Vec<u8>, PickleError> {
    let dictionary = machine::run(pickle)?;
    // What follows concerns the whole: it is reported at the end of the file.
    assemble(&dictionary).map_err(|problem| PickleError { offset: pickle.len(), problem })
}

fn assemble<'p>(dictionary: &[(Value<'p>, Value<'p>)]) -> Result<Vec<u8>, PickleProblem> {
    let array = match entry(dictionary, "data")? {
        Value::Array(array) => array.get(),
        _ => None,
    };
    let array = array.ok_or(PickleProblem::Expected("an array of bytes as data"))?;
    let labels = labels(entry(dictionary, "labels")?)?;
    let n_images = n_images(array)?;
    if labels.len() != n_images {
        return Err(PickleProblem::LabelCount { expected: n_images, actual: labels.len() });
    }
    let mut records = Vec::with_capacity(n_images * RECORD_BYTES);
    for (image, label) in labels.into_iter().enumerate() {
        let class = u8::try_from(label).ok().filter(|&class| usize::from(class) < N_CLASSES);
        records.push(class.ok_or(PickleProblem::Label { image, label })?);
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
    let expected = || PickleProblem::Expected("a list of whole numbers as labels");
    let number = |label: &Value<'_>| match label {
        Value::Int(label) => Ok(*label),
        _ => Err(expected()),
    };
    match value {
        Value::List(labels) => labels.borrow().iter().map(number).collect(),
        Value::Tuple(labels) => labels.iter().map(number).collect(),
        Value::Array(array) => match array.get() {
            Some(array) if matches!(*array.shape, [_] | [_, 1]) && array.is_whole() => {
                Ok(array.element.numbers(&array.bytes))
            }
            _ => Err(expected()),
        },
        _ => Err(expected()),
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
    let mut found = dictionary.iter().filter(|(name, _)| is_key(name));
    let (_, value) = found.next().ok_or(PickleProblem::NoEntry(key))?;
    // To take either would be a guess.
    if found.next().is_some() { Err(PickleProblem::Twice(key)) } else { Ok(value) }
}

/// Number of images, of an array that is whole and has their bytes in an order that is read.
fn n_images(array: &Array<'_>) -> Result<usize, PickleProblem> {
    let Array { element, shape, is_column_major, bytes } = array;
    if element.bytes != 1 || element.is_signed {
        return Err(PickleProblem::Expected("an array of unsigned bytes as data"));
    }
    let shape = || shape.clone();
    match *array.shape {
        [_, 3072] | [_, 3, 32, 32] | [_, 32, 32, 3] if !array.is_whole() => {}
        [_, 32, 32, 3] => return Err(PickleProblem::Interleaved { shape: shape() }),
        [_, 3, 32, 32] if *is_column_major => {
            return Err(PickleProblem::FortranOrder { shape: shape() });
        }
        [_, 3072] | [_, 3, 32, 32] => return Ok(bytes.len() / IMAGE_BYTES),
        _ => {}
    }
    Err(PickleProblem::Shape { shape: shape(), bytes: bytes.len() })
}

#[cfg(test)]
pub(crate) mod tests;
