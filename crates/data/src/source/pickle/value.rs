//! What the pickle machine works on.

use super::PickleProblem;

/// Tuples within tuples: the batches have a shape within an array's state.
const MAX_DEPTH: usize = 3;

/// A Python object. Byte strings borrow from the pickle.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'p> {
    None,
    Bool(bool),
    Int(i64),
    Bytes(&'p [u8]),
    Global(Global),
    Tuple(Vec<Value<'p>>),
    List(Vec<Value<'p>>),
    Dictionary(Vec<(Value<'p>, Value<'p>)>),
    /// A NumPy type: unsigned bytes, the only one there is.
    ByteType,
    /// A NumPy array before its state is set.
    EmptyArray,
    Array(Array<'p>),
}

/// The functions and classes that occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    /// `numpy.core.multiarray._reconstruct`: makes an empty array.
    Reconstruct,
    /// `numpy.ndarray`.
    NdArray,
    /// `numpy.dtype`.
    DType,
}

/// A two-dimensional NumPy array of bytes, not yet checked for size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Array<'p> {
    pub(super) rows: i64,
    pub(super) columns: i64,
    /// Whether the first index runs fastest (NumPy's Fortran order).
    pub(super) is_column_major: bool,
    pub(super) bytes: &'p [u8],
}

impl<'p> Value<'p> {
    /// A tuple of these, unless it nests too deep.
    pub(super) fn tuple(items: Vec<Self>) -> Result<Self, PickleProblem> {
        if items.iter().map(Self::depth).max().unwrap_or(0) >= MAX_DEPTH {
            return Err(PickleProblem::TooMuch("nested tuples"));
        }
        if items.iter().any(Self::is_container) {
            return Err(PickleProblem::Expected("plain values and tuples within a tuple"));
        }
        Ok(Self::Tuple(items))
    }

    /// Levels of tuples; at most [`MAX_DEPTH`].
    fn depth(&self) -> usize {
        match self {
            Self::Tuple(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            _ => 0,
        }
    }

    fn is_container(&self) -> bool {
        matches!(self, Self::List(_) | Self::Dictionary(_))
    }

    /// Whether a copy of it takes no memory of its own, and it never changes.
    pub(super) fn is_plain(&self) -> bool {
        !self.is_container() && !matches!(self, Self::Tuple(_) | Self::EmptyArray)
    }

    /// The global of this name.
    pub(super) fn global(module: &[u8], name: &[u8]) -> Result<Self, PickleProblem> {
        let global = match (module, name) {
            (b"numpy.core.multiarray" | b"numpy._core.multiarray", b"_reconstruct") => {
                Global::Reconstruct
            }
            (b"numpy", b"ndarray") => Global::NdArray,
            (b"numpy", b"dtype") => Global::DType,
            _ => {
                let (module, name) = (module.escape_ascii(), name.escape_ascii());
                return Err(PickleProblem::Object(format!("{module}.{name}")));
            }
        };
        Ok(Self::Global(global))
    }

    /// What calling `callable` with these arguments stands for.
    pub(super) fn call(callable: &Self, arguments: &Self) -> Result<Self, PickleProblem> {
        let Self::Tuple(arguments) = arguments else {
            return Err(PickleProblem::Expected("a tuple of arguments"));
        };
        match (callable, arguments.as_slice()) {
            (Self::Global(Global::Reconstruct), [Self::Global(Global::NdArray), ..]) => {
                Ok(Self::EmptyArray)
            }
            (Self::Global(Global::DType), [Self::Bytes(b"u1"), ..]) => Ok(Self::ByteType),
            (Self::Global(Global::DType), [Self::Bytes(name), ..]) => {
                Err(PickleProblem::Object(format!("NumPy type {}", name.escape_ascii())))
            }
            _ => Err(PickleProblem::Expected("a NumPy array or type to make")),
        }
    }

    /// This object after its state is set.
    pub(super) fn with_state(self, state: &Self) -> Result<Self, PickleProblem> {
        let Self::Tuple(state) = state else {
            return Err(PickleProblem::Expected("a tuple as state"));
        };
        match (self, state.as_slice()) {
            // Byte order and alignment say nothing about single bytes.
            (Self::ByteType, _) => Ok(Self::ByteType),
            (
                Self::EmptyArray,
                [
                    Self::Int(_version),
                    Self::Tuple(shape),
                    Self::ByteType,
                    Self::Bool(is_column_major),
                    Self::Bytes(bytes),
                ],
            ) => match shape.as_slice() {
                &[Self::Int(rows), Self::Int(columns)] => Ok(Self::Array(Array {
                    rows,
                    columns,
                    is_column_major: *is_column_major,
                    bytes,
                })),
                _ => Err(PickleProblem::Expected("an array of two dimensions")),
            },
            _ => Err(PickleProblem::Expected("the state of an array of bytes")),
        }
    }
}
