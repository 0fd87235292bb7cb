//! What the pickle machine works on.

use std::cell::{Cell, OnceCell, RefCell};
use std::ops::Deref;
use std::rc::Rc;

use super::PickleProblem;

/// Tuples within tuples: the batches have a shape within an array's state.
const MAX_DEPTH: usize = 3;

/// Images have four: theirs, colours, rows, columns.
const MAX_DIMENSIONS: usize = 8;

/// Characters of an unknown object's name that an error tells.
const MAX_NAME_BYTES: usize = 80;

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

/// A Python object. Byte strings and texts borrow from the pickle. A copy of anything but a
/// dictionary takes no memory of its own, and stands for the same object, as in Python: a list
/// that occurs twice gets what is appended to it in either place.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'p> {
    None,
    Bool(bool),
    Int(i64),
    Bytes(Bytes<'p>),
    Text(&'p str),
    Global(Global),
    Tuple(Tuple<'p>),
    /// It holds plain values only, so that no list holds itself.
    List(Rc<RefCell<Vec<Value<'p>>>>),
    Dictionary(Vec<(Value<'p>, Value<'p>)>),
    /// A NumPy type. Its byte order is set after it was put into memory.
    Type(Rc<Cell<Element>>),
    /// A NumPy array, empty before its state is set.
    Array(Rc<OnceCell<Array<'p>>>),
}

/// A tuple, and how many levels of tuples it has.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tuple<'p> {
    items: Rc<[Value<'p>]>,
    depth: usize,
}

impl<'p> Deref for Tuple<'p> {
    type Target = [Value<'p>];

    fn deref(&self) -> &[Value<'p>] {
        &self.items
    }
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

/// A NumPy array, not yet checked for size.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Array<'p> {
    pub(super) element: Element,
    pub(super) shape: Vec<i64>,
    /// Whether the first index runs fastest (NumPy's Fortran order).
    pub(super) is_column_major: bool,
    pub(super) bytes: Bytes<'p>,
}

impl<'p> Array<'p> {
    fn new(
        element: Element,
        shape: &[Value<'p>],
        is_column_major: bool,
        bytes: &Bytes<'p>,
    ) -> Result<Self, PickleProblem> {
        if shape.len() > MAX_DIMENSIONS {
            return Err(PickleProblem::TooMuch("dimensions"));
        }
        let extent = |extent: &Value<'_>| match extent {
            Value::Int(extent) => Ok(*extent),
            _ => Err(PickleProblem::Expected("a shape of whole numbers")),
        };
        let shape = shape.iter().map(extent).collect::<Result<_, _>>()?;
        Ok(Self { element, shape, is_column_major, bytes: bytes.clone() })
    }

    /// Whether there are as many bytes as the shape needs.
    pub(super) fn is_whole(&self) -> bool {
        let extents = self.shape.iter().map(|&extent| usize::try_from(extent).ok());
        let mut sizes = extents.chain([Some(self.element.bytes)]);
        let n_bytes = sizes.try_fold(1_usize, |product, size| product.checked_mul(size?));
        n_bytes == Some(self.bytes.len())
    }
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
                return Err(PickleProblem::Object(format!("NumPy type {}", in_words(name))));
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
        let depth = 1 + items.iter().map(Self::depth).max().unwrap_or(0);
        if depth > MAX_DEPTH {
            return Err(PickleProblem::TooMuch("nested tuples"));
        }
        if items.iter().any(|item| matches!(item, Self::List(_) | Self::Dictionary(_))) {
            return Err(PickleProblem::Expected("plain values and tuples within a tuple"));
        }
        Ok(Self::Tuple(Tuple { items: items.into(), depth }))
    }

    /// Levels of tuples; at most [`MAX_DEPTH`].
    fn depth(&self) -> usize {
        match self {
            Self::Tuple(tuple) => tuple.depth,
            _ => 0,
        }
    }

    /// Whether it holds no other values.
    pub(super) fn is_plain(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Dictionary(_) | Self::Tuple(_))
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
                let (module, name) = (in_words(module), in_words(name));
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
        match (callable, &**arguments) {
            (Self::Global(Global::Reconstruct), [Self::Global(Global::NdArray), ..]) => {
                Ok(Self::Array(Rc::default()))
            }
            (Self::Global(Global::DType), [Self::Bytes(name), ..]) => {
                Element::of(name).map(Self::of_type)
            }
            (Self::Global(Global::DType), [Self::Text(name), ..]) => {
                Element::of(name.as_bytes()).map(Self::of_type)
            }
            (Self::Global(Global::Scalar), [Self::Type(element), Self::Bytes(bytes)]) => {
                let element = element.get();
                // The same bytes may be asked for a number again and again.
                if bytes.len() != element.bytes {
                    return Err(PickleProblem::Expected("the bytes of one number"));
                }
                let number = element.numbers(bytes).first().copied();
                number.map(Self::Int).ok_or(PickleProblem::Expected("a number"))
            }
            (
                Self::Global(Global::FromBuffer),
                [Self::Bytes(bytes), Self::Type(element), Self::Tuple(shape), order],
            ) => {
                let is_column_major = *order == Self::Text("F");
                let array = Array::new(element.get(), shape, is_column_major, bytes)?;
                Ok(Self::Array(Rc::new(OnceCell::from(array))))
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
        match (&self, &**state) {
            (Self::Type(element), [Self::Int(_version), order, ..]) => {
                let is_big_endian = match order {
                    Self::Text(order) => *order == ">",
                    Self::Bytes(order) => **order == *b">",
                    _ => false,
                };
                element.set(Element { is_big_endian, ..element.get() });
                Ok(self)
            }
            (
                Self::Array(array),
                [
                    Self::Int(_version),
                    Self::Tuple(shape),
                    Self::Type(element),
                    Self::Bool(is_column_major),
                    Self::Bytes(bytes),
                ],
            ) => {
                let whole = Array::new(element.get(), shape, *is_column_major, bytes)?;
                let is_first = array.set(whole).is_ok();
                is_first.then_some(self).ok_or(PickleProblem::Expected("an array without a state"))
            }
            _ => Err(PickleProblem::Expected("the state of an array of bytes")),
        }
    }

    fn of_type(element: Element) -> Self {
        Self::Type(Rc::new(Cell::new(element)))
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

/// The beginning of a name, which may have any length.
fn in_words(name: &[u8]) -> impl std::fmt::Display {
    name[..name.len().min(MAX_NAME_BYTES)].escape_ascii()
}
