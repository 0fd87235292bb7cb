//! The published archives: gzipped tar files with batches in any form.
//!
//! Nothing is ever unpacked to a path that an archive names: entries of known names are read
//! into memory, all others are passed over.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::read::GzDecoder;
use tar::{Archive, EntryType};

use crate::cache::Cache;
use crate::error::DataError;
use crate::source::intake::{Form, Intake, Part};

/// No archive is read beyond this; the largest unpacks to 186 MB.
const UNPACKED_LIMIT_BYTES: u64 = 256 << 20;

/// Takes the batches from the archive at `path`, called `place` in errors.
pub(crate) fn import(path: &Path, place: &str, intake: Intake<'_>) -> Result<(), DataError> {
    let file = File::open(path).map_err(|source| DataError::Io {
        action: "open",
        path: path.into(),
        source,
    })?;
    import_from(BufReader::new(file), (path, place), intake)
}

/// The same, of an archive's bytes.
pub(crate) fn import_from(
    archive: impl Read,
    (path, place): (&Path, &str),
    mut intake: Intake<'_>,
) -> Result<(), DataError> {
    let reading =
        |source: io::Error| DataError::Io { action: "read the archive", path: path.into(), source };
    let unpacked = GzDecoder::new(archive).take(UNPACKED_LIMIT_BYTES);
    for entry in Archive::new(unpacked).entries().map_err(reading)? {
        let entry = entry.map_err(reading)?;
        if entry.header().entry_type() != EntryType::Regular {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if let Some(part) = known_part(intake.cache, &name) {
            intake.take(part, &format!("{name} in {place}"), entry)?;
        }
        if intake.is_complete() {
            break;
        }
    }
    intake.finish(place)
}

/// What an entry of this name holds; `None` for all names that the published archives don't
/// have.
fn known_part(cache: &Cache, name: &str) -> Option<Part> {
    let (folder, file) = name.strip_prefix("./").unwrap_or(name).split_once('/')?;
    let form = Form::ALL.into_iter().find(|form| form.folder() == folder)?;
    form.part(cache, file)
}
