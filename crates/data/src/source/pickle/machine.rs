//! The pickle machine: a stack, marks on it, and a memory for values that occur again.

use std::collections::HashMap;

use super::value::Value;
use super::{PickleError, PickleProblem};

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
}

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
    };
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
}

impl<'p> Machine<'p> {
    /// Executes one opcode. At the end of the pickle it returns the dictionary.
    fn step(&mut self) -> Result<Option<Entries<'p>>, PickleProblem> {
        let [code] = self.bytes()?;
        let value = match code {
            opcode::PROTO => {
                let [protocol] = self.bytes()?;
                return if protocol == 2 {
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
            opcode::NONE => Value::None,
            opcode::NEWTRUE => Value::Bool(true),
            opcode::NEWFALSE => Value::Bool(false),
            opcode::BININT => Value::Int(i32::from_le_bytes(self.bytes()?).into()),
            opcode::BININT1 => Value::Int(u8::from_le_bytes(self.bytes()?).into()),
            opcode::BININT2 => Value::Int(u16::from_le_bytes(self.bytes()?).into()),
            opcode::LONG1 => self.long()?,
            opcode::BINSTRING => {
                let length = u32::from_le_bytes(self.bytes()?);
                Value::Bytes(self.take(length as usize)?)
            }
            opcode::SHORT_BINSTRING => {
                let [length] = self.bytes()?;
                Value::Bytes(self.take(length.into())?)
            }
            opcode::GLOBAL => {
                let module = self.line()?;
                Value::global(module, self.line()?)?
            }
            opcode::EMPTY_DICT => Value::Dictionary(Vec::new()),
            opcode::EMPTY_LIST => Value::List(Vec::new()),
            opcode::EMPTY_TUPLE => Value::Tuple(Vec::new()),
            opcode::TUPLE => Value::tuple(self.pop_to_mark()?)?,
            opcode::TUPLE1 => Value::tuple(self.pop_many(1)?)?,
            opcode::TUPLE2 => Value::tuple(self.pop_many(2)?)?,
            opcode::TUPLE3 => Value::tuple(self.pop_many(3)?)?,
            opcode::BINGET | opcode::LONG_BINGET => self.get(code)?,
            opcode::REDUCE => {
                let arguments = self.pop()?;
                Value::call(&self.pop()?, &arguments)?
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

    /// The bytes up to the next line feed, which is passed over.
    fn line(&mut self) -> Result<&'p [u8], PickleProblem> {
        let rest = &self.pickle[self.position..];
        let length = rest.iter().position(|&byte| byte == b'\n').ok_or(PickleProblem::Truncated)?;
        let line = self.take(length)?;
        self.take(1)?;
        Ok(line)
    }

    /// A little-endian number in two's complement, of up to eight bytes.
    fn long(&mut self) -> Result<Value<'p>, PickleProblem> {
        let [length] = self.bytes()?;
        let bytes = self.take(length.into())?;
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
        list.extend(items);
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

    /// Remembers the topmost value, if it is plain. Others are put into the memory of every
    /// pickle, but the batches never ask for them again.
    fn put(&mut self, code: u8) -> Result<(), PickleProblem> {
        let key = self.key(code == opcode::BINPUT)?;
        let value = self.stack.last().ok_or(PickleProblem::Expected("a value on the stack"))?;
        if value.is_plain() {
            self.memory.insert(key, value.clone());
        } else {
            self.memory.remove(&key);
        }
        Ok(())
    }

    fn get(&mut self, code: u8) -> Result<Value<'p>, PickleProblem> {
        let key = self.key(code == opcode::BINGET)?;
        self.memory.get(&key).cloned().ok_or(PickleProblem::Expected("a plain value in memory"))
    }
}
