//! A run read back: of this format, of the id that its folder says, every line in order.

use std::path::Path;

use plateau_record::{Provenance, RunConfig, RunId, RunRecord, RunResult, StudyRecord};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::{check_format, files, writer};

/// `run.json`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct RunHead {
    pub(super) format: u32,
    pub(super) id: RunId,
    pub(super) config: RunConfig,
    pub(super) provenance: Provenance,
}

/// The version is read first: another version's fields may well differ.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

pub(super) fn run(dir: &Path, id: &RunId) -> Result<RunRecord, StoreError> {
    let path = dir.join(writer::RUN_FILE);
    let text = files::read(&path)?;
    check_format(&path, files::parse_json::<Format>(&path, &text)?.format)?;
    let head: RunHead = files::parse_json(&path, &text)?;
    for found in [head.id, head.config.id()] {
        check_id(&path, id, found)?;
    }

    let path = dir.join(writer::RESULT_FILE);
    let text = files::read(&path)?;
    check_format(&path, files::parse_json::<Format>(&path, &text)?.format)?;
    let result: RunResult = files::parse_json(&path, &text)?;
    check_id(&path, id, result.id.clone())?;

    Ok(RunRecord {
        id: id.clone(),
        config: head.config,
        provenance: head.provenance,
        epochs: files::read_lines(&dir.join(writer::EPOCHS_FILE))?,
        gradients: files::read_lines(&dir.join(writer::GRADIENTS_FILE))?,
        range: files::read_lines(&dir.join(writer::RANGE_FILE))?,
        result,
    })
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
