//! The pickle machine: a stack, marks on it, and a memory for values that occur again.

use std::collections::HashMap;
use std::rc::Rc;

use super::value::Value;
use super::{PickleError, PickleProblem};

/// Bytes that texts of Python 2 become in Python 3's pickles of protocol 2: of one batch.
const MAX_ENCODED_BYTES: usize = 64 << 20;

/// A batch of 10,000 has about 60,000 opcodes.
const MAX_OPCODES: usize = 1_000_000;

/// Opcodes, by the names that `pickletools` gives them.
mod opcode {
    pub(super) const PROTO: u8 = 0x80;
    pub(super) const STOP: u8 = b'.';
    pub(super) const MARK: u8 = b'(';
    pub(super) const NONE: u8 = b'N';
    pub(super) const NEWTRUE: u8 = 0x88;
    pub(super) const NEWFALSE: u8 = 0x89;
    pub(super) const BININT: u8 = b'J';
    pub(super) const BININT1: u8 = b'K';
    pub(super) const BININT2: u8 = b'M';
    pub(super) const LONG1: u8 = 0x8a;
    pub(super) const BINSTRING: u8 = b'T';
    pub(super) const SHORT_BINSTRING: u8 = b'U';
    pub(super) const GLOBAL: u8 = b'c';
    pub(super) const EMPTY_DICT: u8 = b'}';
    pub(super) const EMPTY_LIST: u8 = b']';
    pub(super) const EMPTY_TUPLE: u8 = b')';
    pub(super) const TUPLE: u8 = b't';
    pub(super) const TUPLE1: u8 = 0x85;
    pub(super) const TUPLE2: u8 = 0x86;
    pub(super) const TUPLE3: u8 = 0x87;
    pub(super) const APPEND: u8 = b'a';
    pub(super) const APPENDS: u8 = b'e';
    pub(super) const SETITEM: u8 = b's';
    pub(super) const SETITEMS: u8 = b'u';
    pub(super) const BINPUT: u8 = b'q';
    pub(super) const LONG_BINPUT: u8 = b'r';
    pub(super) const BINGET: u8 = b'h';
    pub(super) const LONG_BINGET: u8 = b'j';
    pub(super) const REDUCE: u8 = b'R';
    pub(super) const BUILD: u8 = b'b';
    pub(super) const LONG4: u8 = 0x8b;
    pub(super) const BINUNICODE: u8 = b'X';
    // From protocol 3 on.
    pub(super) const BINBYTES: u8 = b'B';
    pub(super) const SHORT_BINBYTES: u8 = b'C';
    // From protocol 4 on.
    pub(super) const SHORT_BINUNICODE: u8 = 0x8c;
    pub(super) const BINUNICODE8: u8 = 0x8d;
    pub(super) const BINBYTES8: u8 = 0x8e;
    pub(super) const STACK_GLOBAL: u8 = 0x93;
    pub(super) const MEMOIZE: u8 = 0x94;
    pub(super) const FRAME: u8 = 0x95;
    // From protocol 5 on.
    pub(super) const BYTEARRAY8: u8 = 0x96;
    pub(super) const NEXT_BUFFER: u8 = 0x97;
    pub(super) const READONLY_BUFFER: u8 = 0x98;
}

/// The newest protocol that is read.
const MAX_PROTOCOL: u8 = 5;

/// The entries of a dictionary, in the order of the pickle.
type Entries<'p> = Vec<(Value<'p>, Value<'p>)>;

/// Reads a pickle whose value is a dictionary.
pub(super) fn run(pickle: &[u8]) -> Result<Entries<'_>, PickleError> {
    let mut machine = Machine {
        pickle,
        position: 0,
        stack: Vec::new(),
        marks: Vec::new(),
        memory: HashMap::new(),
        n_memoized: 0,
        n_encoded: 0,
    };
    if pickle.first().is_some_and(|first| *first != opcode::PROTO) {
        return Err(PickleError { offset: 0, problem: PickleProblem::NotBinary });
    }
    for _ in 0..MAX_OPCODES {
        let offset = machine.position;
        match machine.step() {
            Ok(None) => {}
            Ok(Some(entries)) => return Ok(entries),
            Err(problem) => return Err(PickleError { offset, problem }),
        }
    }
    Err(PickleError { offset: machine.position, problem: PickleProblem::TooMuch("opcodes") })
}

struct Machine<'p> {
    pickle: &'p [u8],
    position: usize,
    stack: Vec<Value<'p>>,
    /// Heights of the stack at the marks.
    marks: Vec<usize>,
    memory: HashMap<u32, Value<'p>>,
    /// Values that were put into the memory in turn.
    n_memoized: u32,
    /// Bytes that were made of texts.
    n_encoded: usize,
}

impl<'p> Machine<'p> {
    /// Executes one opcode. At the end of the pickle it returns the dictionary.
    fn step(&mut self) -> Result<Option<Entries<'p>>, PickleProblem> {
        let [code] = self.bytes()?;
        let value = match code {
            opcode::PROTO => {
                let [protocol] = self.bytes()?;
                return if (2..=MAX_PROTOCOL).contains(&protocol) {
                    Ok(None)
                } else {
                    Err(PickleProblem::Protocol(protocol))
                };
            }
            opcode::STOP => {
                let Value::Dictionary(entries) = self.pop()? else {
                    return Err(PickleProblem::Expected("a dictionary"));
                };
                return Ok(Some(entries));
            }
            opcode::MARK => {
                self.marks.push(self.stack.len());
                return Ok(None);
            }
            opcode::APPEND | opcode::APPENDS => return self.append(code).map(|()| None),
            opcode::SETITEM | opcode::SETITEMS => return self.set_items(code).map(|()| None),
            opcode::BINPUT | opcode::LONG_BINPUT => return self.put(code).map(|()| None),
            // The length of what follows, for readers of streams.
            opcode::FRAME => {
                let _: [u8; 8] = self.bytes()?;
                return Ok(None);
            }
            opcode::MEMOIZE => {
                let key = self.n_memoized;
                return self.remember(key).map(|()| None);
            }
            opcode::NEXT_BUFFER | opcode::READONLY_BUFFER => {
                return Err(PickleProblem::Buffers);
            }
            opcode::NONE => Value::None,
            opcode::NEWTRUE => Value::Bool(true),
            opcode::NEWFALSE => Value::Bool(false),
            opcode::BININT => Value::Int(i32::from_le_bytes(self.bytes()?).into()),
            opcode::BININT1 => Value::Int(u8::from_le_bytes(self.bytes()?).into()),
            opcode::BININT2 => Value::Int(u16::from_le_bytes(self.bytes()?).into()),
            opcode::LONG1 => {
                let [length] = self.bytes()?;
                self.long(length.into())?
            }
            opcode::LONG4 => {
                let length = self.length::<4>()?;
                self.long(length)?
            }
            opcode::BINSTRING | opcode::BINBYTES => {
                let length = self.length::<4>()?;
                Value::bytes(self.take(length)?)
            }
            opcode::SHORT_BINSTRING | opcode::SHORT_BINBYTES => {
                let [length] = self.bytes()?;
                Value::bytes(self.take(length.into())?)
            }
            opcode::BINBYTES8 | opcode::BYTEARRAY8 => {
                let length = self.length::<8>()?;
                Value::bytes(self.take(length)?)
            }
            opcode::SHORT_BINUNICODE => {
                let [length] = self.bytes()?;
                Value::text(self.take(length.into())?)?
            }
            opcode::BINUNICODE => {
                let length = self.length::<4>()?;
                Value::text(self.take(length)?)?
            }
            opcode::BINUNICODE8 => {
                let length = self.length::<8>()?;
                Value::text(self.take(length)?)?
            }
            opcode::STACK_GLOBAL => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (Value::Text(module), Value::Text(name)) = (module, name) else {
                    return Err(PickleProblem::Expected("the name of an object"));
                };
                Value::global(module.as_bytes(), name.as_bytes())?
            }
            opcode::GLOBAL => {
                let module = self.line()?;
                Value::global(module, self.line()?)?
            }
            opcode::EMPTY_DICT => Value::Dictionary(Vec::new()),
            opcode::EMPTY_LIST => Value::List(Rc::default()),
            opcode::EMPTY_TUPLE => Value::tuple(Vec::new())?,
            opcode::TUPLE => Value::tuple(self.pop_to_mark()?)?,
            opcode::TUPLE1 => Value::tuple(self.pop_many(1)?)?,
            opcode::TUPLE2 => Value::tuple(self.pop_many(2)?)?,
            opcode::TUPLE3 => Value::tuple(self.pop_many(3)?)?,
            opcode::BINGET | opcode::LONG_BINGET => self.get(code)?,
            opcode::REDUCE => {
                let arguments = self.pop()?;
                let made = Value::call(&self.pop()?, &arguments)?;
                self.n_encoded += made.own_bytes();
                if self.n_encoded > MAX_ENCODED_BYTES {
                    return Err(PickleProblem::TooMuch("text"));
                }
                made
            }
            opcode::BUILD => {
                let state = self.pop()?;
                self.pop()?.with_state(&state)?
            }
            other => return Err(PickleProblem::Opcode(other)),
        };
        self.stack.push(value);
        Ok(None)
    }

    fn take(&mut self, length: usize) -> Result<&'p [u8], PickleProblem> {
        let rest = &self.pickle[self.position..];
        let taken = rest.get(..length).ok_or(PickleProblem::Truncated)?;
        self.position += length;
        Ok(taken)
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], PickleProblem> {
        self.take(N)?.try_into().map_err(|_| PickleProblem::Truncated)
    }

    /// A length, of which memory is only taken once the file has so many bytes.
    fn length<const N: usize>(&mut self) -> Result<usize, PickleProblem> {
        let bytes: [u8; N] = self.bytes()?;
        let length = bytes.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        usize::try_from(length).map_err(|_| PickleProblem::Truncated)
    }

    /// The bytes up to the next line feed, which is passed over.
    fn line(&mut self) -> Result<&'p [u8], PickleProblem> {
        let rest = &self.pickle[self.position..];
        let length = rest.iter().position(|&byte| byte == b'\n').ok_or(PickleProblem::Truncated)?;
        let line = self.take(length)?;
        self.take(1)?;
        Ok(line)
    }

    /// A little-endian number in two's complement, of up to eight bytes.
    fn long(&mut self, length: usize) -> Result<Value<'p>, PickleProblem> {
        let bytes = self.take(length)?;
        let is_negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut extended = if is_negative { [0xff; 8] } else { [0; 8] };
        extended
            .get_mut(..bytes.len())
            .ok_or(PickleProblem::Expected("a number of 64 bits at most"))?
            .copy_from_slice(bytes);
        Ok(Value::Int(i64::from_le_bytes(extended)))
    }

    /// Lowest position of the stack that may be popped: what lies below a mark is out of reach.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<Value<'p>, PickleProblem> {
        if self.stack.len() <= self.floor() {
            return Err(PickleProblem::Expected("a value on the stack"));
        }
        self.stack.pop().ok_or(PickleProblem::Expected("a value on the stack"))
    }

    fn pop_many(&mut self, n: usize) -> Result<Vec<Value<'p>>, PickleProblem> {
        let start = self.stack.len().checked_sub(n).filter(|&start| start >= self.floor());
        let start = start.ok_or(PickleProblem::Expected("more values on the stack"))?;
        Ok(self.stack.split_off(start))
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Value<'p>>, PickleProblem> {
        let mark = self.marks.pop().ok_or(PickleProblem::Expected("a mark on the stack"))?;
        // Nothing pops below a mark, so the stack is at least as high.
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn append(&mut self, code: u8) -> Result<(), PickleProblem> {
        let items = if code == opcode::APPEND { self.pop_many(1)? } else { self.pop_to_mark()? };
        if !items.iter().all(Value::is_plain) {
            return Err(PickleProblem::Expected("plain values within a list"));
        }
        let Some(Value::List(list)) = self.stack.last_mut() else {
            return Err(PickleProblem::Expected("a list to append to"));
        };
        list.borrow_mut().extend(items);
        Ok(())
    }

    fn set_items(&mut self, code: u8) -> Result<(), PickleProblem> {
        let items = if code == opcode::SETITEM { self.pop_many(2)? } else { self.pop_to_mark()? };
        if items.iter().any(|item| matches!(item, Value::Dictionary(_))) {
            return Err(PickleProblem::Expected("no dictionary within the dictionary"));
        }
        let Some(Value::Dictionary(entries)) = self.stack.last_mut() else {
            return Err(PickleProblem::Expected("a dictionary to add to"));
        };
        let mut items = items.into_iter();
        while let Some(key) = items.next() {
            let value = items.next().ok_or(PickleProblem::Expected("a value for each key"))?;
            entries.push((key, value));
        }
        Ok(())
    }

    fn key(&mut self, is_short: bool) -> Result<u32, PickleProblem> {
        if is_short {
            Ok(u8::from_le_bytes(self.bytes()?).into())
        } else {
            Ok(u32::from_le_bytes(self.bytes()?))
        }
    }

    fn put(&mut self, code: u8) -> Result<(), PickleProblem> {
        let key = self.key(code == opcode::BINPUT)?;
        self.remember(key)
    }

    /// Remembers the topmost value, if it isn't the dictionary, which holds nothing that would ask
    /// for it again.
    fn remember(&mut self, key: u32) -> Result<(), PickleProblem> {
        self.n_memoized = self.n_memoized.saturating_add(1);
        let value = self.stack.last().ok_or(PickleProblem::Expected("a value on the stack"))?;
        if matches!(value, Value::Dictionary(_)) {
            self.memory.remove(&key);
        } else {
            self.memory.insert(key, value.clone());
        }
        Ok(())
    }

    fn get(&mut self, code: u8) -> Result<Value<'p>, PickleProblem> {
        let key = self.key(code == opcode::BINGET)?;
        let value = self.memory.get(&key).cloned();
        value.ok_or(PickleProblem::Expected("a value in memory that is no dictionary"))
    }
}
