//! Files read, with the line in the error.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::error::{Action, Context as _, Kind, StoreError};

/// A path that nothing has yet, for something that is to be kept: `notes.yours.md`,
/// `notes.yours-2.md`.
pub(super) fn aside(path: &Path, word: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default();
    let extension = path.extension();
    let named = |unique: u32| {
        let mut name = stem.to_owned();
        name.push(if unique == 1 { format!(".{word}") } else { format!(".{word}-{unique}") });
        if let Some(extension) = extension {
            name.push(".");
            name.push(extension);
        }
        path.with_file_name(name)
    };
    let mut unique = 1;
    loop {
        let candidate = named(unique);
        if fs::symlink_metadata(&candidate).is_err() {
            return candidate;
        }
        unique += 1;
    }
}

/// The bytes of a regular file: opening a pipe would wait for somebody to write to it.
pub(super) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    fs::read(path)
}

fn text(path: &Path) -> io::Result<String> {
    String::from_utf8(bytes(path)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}

pub(super) fn read(path: &Path) -> Result<String, StoreError> {
    text(path).context(Action::Read, path)
}

pub(super) fn read_if_there(path: &Path) -> Result<Option<String>, StoreError> {
    refuse_another_kind(path, Kind::File)?;
    match text(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context(Action::Read, path),
    }
}

/// That what stands at a place, if anything does, is of this kind.
pub(super) fn refuse_another_kind(path: &Path, kind: Kind) -> Result<(), StoreError> {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Nothing, or a link to nothing, in the way of a folder.
            return match fs::symlink_metadata(path) {
                Ok(_) => Err(StoreError::InTheWay { path: path.to_owned(), kind }),
                Err(_) => Ok(()),
            };
        }
        Err(error) => return Err(error).context(Action::Read, path),
    };
    let fits = match kind {
        Kind::Folder => found.is_dir(),
        Kind::File => found.is_file(),
    };
    if fits { Ok(()) } else { Err(StoreError::InTheWay { path: path.to_owned(), kind }) }
}

/// The names in a folder of the program's, in order; none if it isn't there.
pub(super) fn names_if_there(dir: &Path) -> Result<Vec<String>, StoreError> {
    refuse_another_kind(dir, Kind::Folder)?;
    if dir.is_dir() { names_in(dir) } else { Ok(Vec::new()) }
}

/// The names in a folder, in order. Names that aren't Unicode are none of ours.
pub(super) fn names_in(dir: &Path) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).context(Action::Read, dir)? {
        let name = entry.context(Action::Read, dir)?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}

pub(super) fn parse_json<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Parse {
        path: path.to_owned(),
        line: error.line(),
        reason: error.to_string(),
    })
}

/// The values of a file that has one in JSON per line.
pub(super) fn parse_lines<T: DeserializeOwned>(
    path: &Path,
    text: &str,
) -> Result<Vec<T>, StoreError> {
    let lines = text.lines().zip(1..).map(|(line, number)| {
        serde_json::from_str(line).map_err(|error| StoreError::Parse {
            path: path.to_owned(),
            line: number,
            reason: error.to_string(),
        })
    });
    lines.collect()
}
