//! What the pickle machine works on.

use std::ops::Deref;
use std::rc::Rc;

use super::PickleProblem;

/// Tuples within tuples: the batches have a shape within an array's state.
const MAX_DEPTH: usize = 3;

/// Bytes of the pickle, or made of a text in it: a copy of either takes no memory of its own.
#[derive(Clone, Debug)]
pub(super) enum Bytes<'p> {
    Borrowed(&'p [u8]),
    Made(Rc<[u8]>),
}

impl Deref for Bytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Made(bytes) => bytes,
        }
    }
}

impl PartialEq for Bytes<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

/// A Python object. Byte strings and texts borrow from the pickle.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'p> {
    None,
    Bool(bool),
    Int(i64),
    Bytes(Bytes<'p>),
    Text(&'p str),
    Global(Global),
    Tuple(Vec<Value<'p>>),
    List(Vec<Value<'p>>),
    Dictionary(Vec<(Value<'p>, Value<'p>)>),
    /// A NumPy type.
    Type(Element),
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
    /// `numpy.core.multiarray.scalar`: a number of a NumPy type.
    Scalar,
    /// `numpy.core.numeric._frombuffer`: an array of bytes, in protocol 5.
    FromBuffer,
    /// `_codecs.encode`: bytes, as Python 3 writes them in protocol 2.
    Encode,
}

/// A NumPy type of whole numbers, least significant byte first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) bytes: usize,
    pub(super) is_signed: bool,
    is_big_endian: bool,
}

/// A NumPy array of one or two dimensions, not yet checked for size.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Array<'p> {
    pub(super) element: Element,
    pub(super) rows: i64,
    /// None of one dimension.
    pub(super) columns: Option<i64>,
    /// Whether the first index runs fastest (NumPy's Fortran order).
    pub(super) is_column_major: bool,
    pub(super) bytes: Bytes<'p>,
}

impl Element {
    fn of(name: &[u8]) -> Result<Self, PickleProblem> {
        let (is_signed, bytes) = match name {
            b"u1" => (false, 1),
            b"i1" => (true, 1),
            b"u2" => (false, 2),
            b"i2" => (true, 2),
            b"u4" => (false, 4),
            b"i4" => (true, 4),
            b"u8" => (false, 8),
            b"i8" => (true, 8),
            name => {
                return Err(PickleProblem::Object(format!("NumPy type {}", name.escape_ascii())));
            }
        };
        Ok(Self { bytes, is_signed, is_big_endian: false })
    }

    /// The numbers that bytes stand for.
    pub(super) fn numbers(self, bytes: &[u8]) -> Vec<i64> {
        let number = |chunk: &[u8]| {
            let fold = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
            let number = if self.is_big_endian {
                chunk.iter().fold(0, fold)
            } else {
                chunk.iter().rev().fold(0, fold)
            };
            let unused = 64 - 8 * self.bytes as u32;
            if self.is_signed {
                ((number << unused) as i64) >> unused
            } else {
                i64::try_from(number).unwrap_or(i64::MAX)
            }
        };
        bytes.chunks_exact(self.bytes).map(number).collect()
    }
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
            (b"numpy.core.multiarray" | b"numpy._core.multiarray", b"scalar") => Global::Scalar,
            (b"numpy.core.numeric" | b"numpy._core.numeric", b"_frombuffer") => Global::FromBuffer,
            (b"_codecs", b"encode") => Global::Encode,
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
            (Self::Global(Global::DType), [Self::Bytes(name), ..]) => {
                Element::of(name).map(Self::Type)
            }
            (Self::Global(Global::DType), [Self::Text(name), ..]) => {
                Element::of(name.as_bytes()).map(Self::Type)
            }
            (Self::Global(Global::Scalar), [Self::Type(element), Self::Bytes(bytes)]) => {
                let numbers = element.numbers(bytes);
                let number = numbers.first().ok_or(PickleProblem::Expected("a number"))?;
                Ok(Self::Int(*number))
            }
            (
                Self::Global(Global::FromBuffer),
                [Self::Bytes(bytes), Self::Type(element), Self::Tuple(shape), order],
            ) => {
                let is_column_major = *order == Self::Text("F");
                Self::array(*element, shape, is_column_major, bytes)
            }
            (Self::Global(Global::Encode), [Self::Text(text), Self::Text("latin1")]) => {
                let bytes: Option<Rc<[u8]>> =
                    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
                let bytes = bytes.ok_or(PickleProblem::Expected("a text of single bytes"))?;
                Ok(Self::Bytes(Bytes::Made(bytes)))
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
            (Self::Type(element), [Self::Int(_version), order, ..]) => {
                let is_big_endian = match order {
                    Self::Text(order) => *order == ">",
                    Self::Bytes(order) => **order == *b">",
                    _ => false,
                };
                Ok(Self::Type(Element { is_big_endian, ..element }))
            }
            (
                Self::EmptyArray,
                [
                    Self::Int(_version),
                    Self::Tuple(shape),
                    Self::Type(element),
                    Self::Bool(is_column_major),
                    Self::Bytes(bytes),
                ],
            ) => Self::array(*element, shape, *is_column_major, bytes),
            _ => Err(PickleProblem::Expected("the state of an array of bytes")),
        }
    }

    fn array(
        element: Element,
        shape: &[Self],
        is_column_major: bool,
        bytes: &Bytes<'p>,
    ) -> Result<Self, PickleProblem> {
        let (rows, columns) = match shape {
            [Self::Int(rows)] => (*rows, None),
            [Self::Int(rows), Self::Int(columns)] => (*rows, Some(*columns)),
            _ => return Err(PickleProblem::Expected("an array of one or two dimensions")),
        };
        let bytes = bytes.clone();
        Ok(Self::Array(Array { element, rows, columns, is_column_major, bytes }))
    }

    /// A byte string of the pickle.
    pub(super) fn bytes(bytes: &'p [u8]) -> Self {
        Self::Bytes(Bytes::Borrowed(bytes))
    }

    /// A text of the pickle.
    pub(super) fn text(bytes: &'p [u8]) -> Result<Self, PickleProblem> {
        // Lone surrogates occur in no name, number or byte.
        let text = std::str::from_utf8(bytes);
        text.map(Self::Text).map_err(|_| PickleProblem::Expected("a text in UTF-8"))
    }

    /// Bytes that it doesn't share with the pickle.
    pub(super) fn own_bytes(&self) -> usize {
        match self {
            Self::Bytes(Bytes::Made(bytes)) => bytes.len(),
            _ => 0,
        }
    }
}
