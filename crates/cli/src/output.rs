//! All that the program prints.
//!
//! What a command was asked for goes to standard output by [`answer`]: **if nobody reads it, the
//! command is none the worse**; if it can't be written, the exit code says so. Everything else
//! goes to standard error by [`say`], and **nothing that becomes of it matters**. Nothing is
//! printed in any other way (clippy denies `println!` and its kin).

use std::fmt::Display;
use std::io::{self, Write as _};

use crate::failure::Failure;

/// Writes what a command was asked for, and a line feed.
pub(crate) fn answer(text: impl Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::text(
            format!("cannot write the answer to standard output: {error}"),
            "what the command did is done; only its answer is missing",
        )),
        _ => Ok(()),
    }
}

/// A number of things: "1 run", "2 runs", "3 files of the study".
pub(crate) fn count(n: usize, what: &str) -> String {
    if n == 1 {
        return format!("1 {what}");
    }
    let (noun, rest) = what.split_once(' ').unwrap_or((what, ""));
    let space = if rest.is_empty() { "" } else { " " };
    format!("{n} {noun}s{space}{rest}")
}

/// Writes a line for whoever watches, if somebody does.
pub(crate) fn say(text: impl Display) {
    let mut out = io::stderr().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
