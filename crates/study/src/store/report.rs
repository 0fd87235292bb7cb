//! The report's folder: replaced as a whole, and nothing of the user's in it lost.
//!
//! The new report is written beside the old one and swapped with it in one step. Where the
//! system can't swap, there are two renames; a program that is killed between them leaves both
//! reports under temporary names, and the next one takes the newer. Then the old one's files are
//! removed if they are as they were written; all others move into the new report.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::disk::Disk;
use super::error::{Action, Context as _, Kind, StoreError};
use super::sums::{SUMS_FILE, Sums};
use super::{files, stale};

pub(super) const REPORT: &str = "report";
const NEW: &str = "report-new";
const OLD: &str = "report-old";

/// A file to be written: its path in the report, with forward slashes, and its content.
pub type ReportFile<'a> = (&'a str, &'a [u8]);

/// Replaces `dir/report`. Returns where files are that weren't ours, or were changed, and that
/// stood in the way.
pub(super) fn write(
    disk: &Disk,
    dir: &Path,
    files: &[ReportFile<'_>],
) -> Result<Vec<PathBuf>, StoreError> {
    let place = dir.join(REPORT);
    refuse_what_is_no_folder(&place)?;
    if place.exists() {
        // What can't be read then could not be kept afterwards.
        files_below(&place)?;
    }
    let new = free(dir, NEW);
    let old = free(dir, OLD);
    if let Err(error) = write_all(disk, &new, files) {
        // Best effort: on a full disk, half a report would keep the room that others need.
        let _ = disk.remove_dir_all(&new);
        return Err(error);
    }
    if !place.exists() {
        disk.rename(&new, &place).context(Action::Rename, &place)?;
        disk.flush_dir(dir)?;
        return Ok(Vec::new());
    }
    // Without a list, it could not be told from a report that was never finished.
    let is_listed = matches!(Sums::read_if_there(&place), Ok(Some(_)));
    if is_listed && disk.exchange(&new, &place).context(Action::Rename, &place)? {
        disk.flush_dir(dir)?;
        return retire(disk, &new, &place);
    }
    disk.rename(&place, &old).context(Action::Rename, &place)?;
    disk.rename(&new, &place).context(Action::Rename, &place)?;
    disk.flush_dir(dir)?;
    retire(disk, &old, &place)
}

/// Writes a report, its list last.
fn write_all(disk: &Disk, new: &Path, files: &[ReportFile<'_>]) -> Result<(), StoreError> {
    let mut sums = Sums::default();
    for (name, bytes) in files {
        let path = new.join(name);
        disk.create_dir_all(path.parent().unwrap_or(new))?;
        disk.write_new(&path, bytes)?;
        sums.add(name, bytes);
    }
    disk.write_new(&new.join(SUMS_FILE), sums.to_text().as_bytes())?;
    disk.flush_dir(new)
}

/// A link to a folder isn't one either: it could not be swapped with the new report.
pub(super) fn refuse_what_is_no_folder(place: &Path) -> Result<(), StoreError> {
    match fs::symlink_metadata(place) {
        Ok(found) if !found.is_dir() => {
            Err(StoreError::InTheWay { path: place.to_owned(), kind: Kind::Folder })
        }
        _ => Ok(()),
    }
}

/// Puts in order what a program left that was killed while it wrote a report. To be called by
/// whoever alone writes to the folder.
pub(super) fn recover(disk: &Disk, dir: &Path) -> Result<(), StoreError> {
    if !dir.is_dir() {
        return Ok(());
    }
    let names = files::names_in(dir)?.into_iter();
    let is_report = |name: &String| stale::is_temporary(name) && name.contains(REPORT);
    let mut left: Vec<PathBuf> = names.filter(is_report).map(|name| dir.join(name)).collect();
    left.retain(|path| path.is_dir());
    // The new one comes first: `report-new` is before `report-old`.
    let place = dir.join(REPORT);
    for folder in left {
        if !place.exists() && (is_whole(&folder) || !is_new(&folder)) {
            disk.rename(&folder, &place).context(Action::Rename, &place)?;
        } else {
            // What can't be put in order now is left for the next command, and blocks nothing.
            let _ = retire(disk, &folder, &place);
        }
    }
    Ok(())
}

fn is_new(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| name.to_string_lossy().contains(NEW))
}

/// Whether a report was written to its end: its list is the last file.
fn is_whole(folder: &Path) -> bool {
    let Ok(Some(sums)) = Sums::read_if_there(folder) else { return false };
    let mut names = sums.names();
    names.all(|name| fs::read(folder.join(name)).is_ok_and(|bytes| sums.holds(name, &bytes)))
}

/// Removes a former report, but for what isn't ours or was changed: that moves to the same place
/// in the present one, or beside it.
fn retire(disk: &Disk, former: &Path, present: &Path) -> Result<Vec<PathBuf>, StoreError> {
    // A list that says nothing was not written by this program.
    let listed = Sums::read_if_there(former).unwrap_or(None);
    let listed = listed.filter(|sums| sums.names().next().is_some());
    let mut kept = Vec::new();
    let all = files_below(former)?;
    let is_ours = |relative: &Path, bytes: &[u8]| match &listed {
        Some(sums) => {
            relative == Path::new(SUMS_FILE)
                || relative.to_str().is_some_and(|name| sums.holds(name, bytes))
        }
        // Of an earlier version, or cut short: ours is what is the same now.
        None => fs::read(present.join(relative)).is_ok_and(|now| now == bytes),
    };
    let mut theirs = Vec::new();
    for relative in all {
        let path = former.join(&relative);
        let is_file = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
        let is_ours = is_file && fs::read(&path).is_ok_and(|bytes| is_ours(&relative, &bytes));
        if !is_ours {
            theirs.push(relative);
        }
    }
    if listed.is_none() && !theirs.is_empty() {
        if is_new(former) {
            // A report that was never finished, and that nobody has seen.
            clear(disk, former);
            return Ok(Vec::new());
        }
        // Nobody knows which of these the user has changed.
        let aside = files::aside(present, "before");
        disk.rename(former, &aside).context(Action::Rename, former)?;
        return Ok(vec![aside]);
    }
    // Folders of the user that have the name of a file of the new report, and where they are now.
    let mut renamed: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    for relative in theirs {
        let from = former.join(&relative);
        let mut to = present.join(&relative);
        let blocked = relative.ancestors().skip(1).find(|a| present.join(a).is_file());
        if let Some(folder) = blocked {
            let place = renamed.entry(folder.to_owned()).or_insert_with(|| {
                let aside = files::aside(&present.join(folder), "yours");
                kept.push(aside.clone());
                aside
            });
            to = place.join(relative.strip_prefix(folder).unwrap_or(&relative));
        }
        if let Some(parent) = to.parent() {
            disk.create_dir_all(parent)?;
        }
        if fs::symlink_metadata(&to).is_ok() {
            let aside = files::aside(&to, "yours");
            disk.rename(&from, &aside).context(Action::Rename, &from)?;
            kept.push(aside);
        } else {
            disk.rename(&from, &to).context(Action::Rename, &from)?;
        }
    }
    clear(disk, former);
    Ok(kept)
}

/// Removes what is the program's own. What can't be removed, such as a folder without permission,
/// only takes up space: the next command tries again, under names that are free.
fn clear(disk: &Disk, folder: &Path) {
    let _ = disk.remove_dir_all(folder);
}

/// A temporary name that nothing has.
fn free(dir: &Path, word: &str) -> PathBuf {
    let name = |unique: u32| dir.join(stale::temporary(&format!("{word}-{unique}")));
    (0..).map(name).find(|path| fs::symlink_metadata(path).is_err()).unwrap_or_else(|| name(0))
}

/// The paths of all that is no folder, relative to `root`, in order.
fn files_below(root: &Path) -> Result<BTreeSet<PathBuf>, StoreError> {
    let mut found = BTreeSet::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let here = root.join(&folder);
        for entry in fs::read_dir(&here).context(Action::Read, &here)? {
            let entry = entry.context(Action::Read, &here)?;
            let relative = folder.join(entry.file_name());
            if entry.file_type().context(Action::Read, &here)?.is_dir() {
                folders.push(relative);
            } else {
                found.insert(relative);
            }
        }
    }
    Ok(found)
}
