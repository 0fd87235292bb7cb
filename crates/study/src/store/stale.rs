//! What dead processes left behind.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::error::{Action, Context as _, StoreError};
use super::{files, writer};

/// Removes the folders of runs that nobody is writing any more.
pub(super) fn remove(runs: &Path) -> Result<(), StoreError> {
    for name in files::names_in(runs)? {
        if is_under_way(&name) {
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
        if is_under_way(&name) && path.is_file() {
            match fs::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed.context(Action::Remove, &path)?,
            }
        }
    }
    Ok(())
}

/// Whether a folder is named as one in which a run is written.
pub(super) fn is_under_way(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(".tmp")
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
