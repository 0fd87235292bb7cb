//! The files beside the records, and which of them are still as this program wrote them.
//!
//! `SHA256SUMS` lists what was written. **What it doesn't list with its present checksum is the
//! user's: it is never replaced or removed, but moved aside.** While a file is being replaced it
//! is listed twice, before and after, so that a program that is killed in between finds its own
//! file, whichever it is. Folders of earlier versions have no list: their files count as theirs.

use std::io;
use std::path::{Path, PathBuf};

use super::disk::Disk;
use super::error::{Action, Context as _, StoreError};
use super::sums::{SUMS_FILE, Sums};
use super::{files, sums};

/// Writes `dir/name`, unless it holds these bytes already. Returns where a file that was in its
/// place, and wasn't ours, is kept now.
pub(super) fn write(
    disk: &Disk,
    dir: &Path,
    name: &str,
    bytes: &[u8],
) -> Result<Option<PathBuf>, StoreError> {
    let path = dir.join(name);
    let present = match files::bytes(&path) {
        Ok(present) => Some(present),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).context(Action::Read, &path),
    };
    let listed = match Sums::read_if_there(dir) {
        // A list that was changed lists nothing any more.
        Err(StoreError::Parse { .. }) => Some(Sums::default()),
        listed => listed?,
    };
    let is_listed = |bytes: &[u8]| listed.as_ref().is_some_and(|sums| sums.holds(name, bytes));
    if present.as_deref() == Some(bytes) {
        if !is_listed(bytes) {
            list(disk, dir, listed, name, &[bytes])?;
        }
        return Ok(None);
    }
    disk.create_dir_all(dir)?;
    let is_theirs = |present: &&Vec<u8>| listed.is_some() && !is_listed(present);
    let kept = match present.as_ref().filter(is_theirs) {
        Some(_) => Some(keep(disk, &path)?),
        None => None,
    };
    let before = present.as_deref().filter(|_| kept.is_none());
    let both: Vec<&[u8]> = before.into_iter().chain([bytes]).collect();
    let listed = list(disk, dir, listed, name, &both)?;
    disk.write_whole(&path, bytes)?;
    list(disk, dir, Some(listed), name, &[bytes])?;
    Ok(kept)
}

/// Moves a file of the user aside, and says where it is now.
fn keep(disk: &Disk, path: &Path) -> Result<PathBuf, StoreError> {
    let aside = files::aside(path, "yours");
    disk.rename(path, &aside).context(Action::Rename, path)?;
    Ok(aside)
}

/// Lists these contents under the name, and no others.
fn list(
    disk: &Disk,
    dir: &Path,
    listed: Option<Sums>,
    name: &str,
    contents: &[&[u8]],
) -> Result<Sums, StoreError> {
    let listed = listed.unwrap_or_default();
    let mut renewed = listed.clone();
    renewed.set(name, contents.iter().map(|bytes| sums::of(bytes)).collect());
    if renewed != listed {
        disk.write_whole(&dir.join(SUMS_FILE), renewed.to_text().as_bytes())?;
    }
    Ok(renewed)
}
