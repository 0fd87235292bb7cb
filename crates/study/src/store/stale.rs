//! What dead processes left behind. Only names that this program alone gives are ever removed.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::error::{Action, Context as _, StoreError};
use super::{files, is_run_id, writer};

/// Every file or folder that is being written has a name that begins so, but for runs.
const PREFIX: &str = ".plateau-";
const EXTENSION: &str = ".tmp";

/// The name under which something is written before it has its own.
pub(super) fn temporary(name: &str) -> String {
    format!("{PREFIX}{name}.{}{EXTENSION}", std::process::id())
}

/// Removes the folders of runs that nobody is writing any more.
pub(super) fn remove(runs: &Path) -> Result<(), StoreError> {
    for name in files::names_in(runs)? {
        if is_run_under_way(&name) {
            let path = runs.join(&name);
            remove_if_abandoned(&path).context(Action::Remove, &path)?;
        }
    }
    Ok(())
}

/// Removes files that were being written aside in a folder that nobody else writes to.
pub(super) fn remove_files(dir: &Path) -> Result<(), StoreError> {
    if !dir.is_dir() {
        return Ok(());
    }
    for name in files::names_in(dir)? {
        let path = dir.join(&name);
        if is_temporary(&name) && path.is_file() {
            match fs::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed.context(Action::Remove, &path)?,
            }
        }
    }
    Ok(())
}

/// Whether a name is one of [`temporary`]'s.
pub(super) fn is_temporary(name: &str) -> bool {
    let rest = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(EXTENSION));
    rest.and_then(|rest| rest.rsplit_once('.')).is_some_and(|(_, process)| is_number(process))
}

/// Whether a folder is named as one in which a run is written: `.RUN.PROCESS-NUMBER.tmp`.
pub(super) fn is_run_under_way(name: &str) -> bool {
    let rest = name.strip_prefix('.').and_then(|rest| rest.strip_suffix(EXTENSION));
    let parts = rest.and_then(|rest| rest.split_once('.'));
    parts.is_some_and(|(id, unique)| {
        is_run_id(id) && unique.split_once('-').is_some_and(|(p, n)| is_number(p) && is_number(n))
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A run's writer holds the lock on its `run.json`, made before anything else. Hence a folder
/// without one may be removed if it is empty, and one with it while we hold the lock.
fn remove_if_abandoned(aside: &Path) -> io::Result<()> {
    let removed = match File::open(aside.join(writer::RUN_FILE)) {
        Ok(file) => match file.try_lock() {
            Ok(()) => {
                let removed = fs::remove_dir_all(aside);
                drop(file);
                removed
            }
            // Under way, or on a file system without locks.
            Err(_) => Ok(()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::remove_dir(aside),
        Err(error) => Err(error),
    };
    match removed {
        // Another process was faster, at removing it or at starting to write.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_this_program_gives_are_its_own() {
        assert!(is_temporary(&temporary("study.toml")));
        assert!(is_run_under_way(".0123456789abcdef.12-0.tmp"));
        for name in [".vimrc.tmp", ".mine.12.tmp", "notes.tmp", ".plateau-x.tmp", ".plateau-.y.tmp"]
        {
            assert!(!is_temporary(name) && !is_run_under_way(name), "{name}");
        }
    }
}
