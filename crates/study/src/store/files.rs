//! Files written as a whole, and read with the line in the error.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use serde::de::DeserializeOwned;

use super::error::{Action, Context as _, StoreError};

/// Writes a file beside its place, flushes it to the disk, and moves it there.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let aside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let write = || {
        let mut file = File::create(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().context(Action::Write, &aside)?;
    fs::rename(&aside, path).context(Action::Rename, path)?;
    match path.parent() {
        Some(parent) => sync_dir(parent),
        None => Ok(()),
    }
}

/// Makes the entries of a folder durable.
pub(super) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    // Elsewhere a folder cannot be opened as a file, and its entries need no flushing.
    if cfg!(unix) {
        let dir_or_here = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        File::open(dir_or_here).and_then(|file| file.sync_all()).context(Action::Write, dir)?;
    }
    Ok(())
}

pub(super) fn read(path: &Path) -> Result<String, StoreError> {
    fs::read_to_string(path).context(Action::Read, path)
}

pub(super) fn read_if_there(path: &Path) -> Result<Option<String>, StoreError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context(Action::Read, path),
    }
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
