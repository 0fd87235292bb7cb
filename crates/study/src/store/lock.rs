//! One execution at a time in a study's folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::error::{Action, Context as _, StoreError};

const LOCK_FILE: &str = ".lock";
/// More than who holds the lock has to say.
const MAX_HOLDER_BYTES: u64 = 1024;

/// Whoever only looks who holds the lock has it for a moment.
const N_TRIES: u32 = 5;
const PATIENCE: Duration = Duration::from_millis(20);

/// Held for as long as this is kept; the system gives it back when the process ends, however
/// it ends, so that a dead process's lock is simply taken over.
#[derive(Debug)]
pub struct Lock {
    /// None on a file system that knows no locks.
    _file: Option<File>,
}

impl Lock {
    /// Locks a study's folder; `holder` tells others who has it.
    pub(super) fn take(dir: &Path, holder: &str) -> Result<Self, StoreError> {
        let path = dir.join(LOCK_FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .context(Action::Create, &path)?;
        let mut n_tries = 0;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if n_tries < N_TRIES => {
                    n_tries += 1;
                    thread::sleep(PATIENCE);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::Locked { dir: dir.to_owned(), holder: read(&file) });
                }
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(Self { _file: None });
                }
                Err(TryLockError::Error(error)) => {
                    return Err(error).context(Action::Create, &path);
                }
            }
        }
        let mut write = || {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(holder.as_bytes())
        };
        write().context(Action::Write, &path)?;
        Ok(Self { _file: Some(file) })
    }

    /// Who holds the lock of a folder now, if somebody does.
    pub(super) fn holder(dir: &Path) -> Option<String> {
        let file = File::open(dir.join(LOCK_FILE)).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(read(&file)),
            _ => None,
        }
    }
}

/// What the holder wrote. It may not have yet, or be unreadable: then it is just somebody.
fn read(mut file: &File) -> String {
    let mut text = String::new();
    let _ = file.rewind();
    let mut start = file.take(MAX_HOLDER_BYTES);
    match start.read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        _ => "another process".to_owned(),
    }
}
