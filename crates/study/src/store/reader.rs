//! A run read back: of this format, unchanged since it was stored, of the id that its folder says.

use std::cell::Cell;
use std::path::Path;

use plateau_record::{
    Input, Predictions, Provenance, RunConfig, RunId, RunRecord, RunResult, StudyRecord,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::{Action, Context as _, StoreError};
use super::sums::{Content, Sums};
use super::{check_format, files, writer};

/// `run.json`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct RunHead {
    pub(super) format: u32,
    pub(super) id: RunId,
    pub(super) config: RunConfig,
    pub(super) provenance: Provenance,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<Input>,
}

/// The version is read first: another version's fields may well differ.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// A run read back.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) run: RunRecord,
    /// Whether files have other line ends than those that were stored.
    pub(super) has_other_line_ends: bool,
}

pub(super) fn run(dir: &Path, id: &RunId) -> Result<Loaded, StoreError> {
    let path = dir.join(writer::RUN_FILE);
    let text = files::read(&path).map_err(StoreError::incomplete)?;
    check_format(&path, files::parse_json::<Format>(&path, &text)?.format)?;
    let sums = Sums::read(dir).map_err(StoreError::incomplete)?;
    let folder = Folder { dir, sums, has_other_line_ends: Cell::new(false) };

    let head: RunHead = folder.json(writer::RUN_FILE)?;
    for found in [head.id, head.config.id()] {
        check_id(&path, id, found)?;
    }
    let result: RunResult = folder.json(writer::RESULT_FILE)?;
    let path = dir.join(writer::RESULT_FILE);
    check_format(&path, result.format)?;
    check_id(&path, id, result.id.clone())?;

    let run = RunRecord {
        id: id.clone(),
        config: head.config,
        provenance: head.provenance,
        input: head.input,
        epochs: folder.lines(writer::EPOCHS_FILE)?,
        gradients: folder.lines(writer::GRADIENTS_FILE)?,
        range: folder.lines(writer::RANGE_FILE)?,
        predictions: folder.predictions()?,
        result,
    };
    if let Some(reason) = run.problem() {
        return Err(StoreError::Impossible { path: dir.to_owned(), reason });
    }
    Ok(Loaded { run, has_other_line_ends: folder.has_other_line_ends.get() })
}

/// The weights of the run in that folder.
pub(super) fn weights(dir: &Path) -> Result<Vec<u8>, StoreError> {
    let path = dir.join(writer::WEIGHTS_FILE);
    let bytes = files::bytes(&path).context(Action::Read, &path).map_err(StoreError::incomplete)?;
    let sums = Sums::read(dir).map_err(StoreError::incomplete)?;
    match sums.check(dir, writer::WEIGHTS_FILE, &bytes)? {
        Content::Same => Ok(bytes),
        Content::OtherLineEnds(stored) => Ok(stored),
    }
}

/// A run's folder, each file of which is checked as it is read.
struct Folder<'a> {
    dir: &'a Path,
    sums: Sums,
    has_other_line_ends: Cell<bool>,
}

impl Folder<'_> {
    fn read(&self, name: &str) -> Result<String, StoreError> {
        let path = self.dir.join(name);
        let bytes =
            files::bytes(&path).context(Action::Read, &path).map_err(StoreError::incomplete)?;
        let bytes = match self.sums.check(self.dir, name, &bytes)? {
            Content::Same => bytes,
            Content::OtherLineEnds(stored) => {
                self.has_other_line_ends.set(true);
                stored
            }
        };
        String::from_utf8(bytes).map_err(|_| StoreError::Damaged { path })
    }

    fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, StoreError> {
        files::parse_json(&self.dir.join(name), &self.read(name)?)
    }

    fn lines<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>, StoreError> {
        files::parse_lines(&self.dir.join(name), &self.read(name)?)
    }

    fn predictions(&self) -> Result<Option<Predictions>, StoreError> {
        let name = writer::PREDICTIONS_FILE;
        if self.sums.of(name).is_none() {
            return Ok(None);
        }
        self.json(name).map(Some)
    }
}

pub(super) fn study(path: &Path, text: &str) -> Result<StudyRecord, StoreError> {
    let parse_error = |error: &toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start);
        StoreError::Parse {
            path: path.to_owned(),
            line: text.bytes().take(start).filter(|&byte| byte == b'\n').count() + 1,
            reason: error.message().to_owned(),
        }
    };
    let format: Format = toml::from_str(text).map_err(|error| parse_error(&error))?;
    check_format(path, format.format)?;
    toml::from_str(text).map_err(|error| parse_error(&error))
}

fn check_id(path: &Path, expected: &RunId, found: RunId) -> Result<(), StoreError> {
    if found == *expected {
        return Ok(());
    }
    Err(StoreError::OtherRun { path: path.to_owned(), expected: expected.clone(), found })
}
