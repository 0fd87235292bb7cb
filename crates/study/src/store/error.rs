//! What can go wrong with a study's folder.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use plateau_record::{FORMAT_VERSION, RunId};

/// A folder or file that can't be used, and why.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The system refused: not there, not allowed, disk full.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: Action,
        /// On what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process is at work in the folder.
    #[error("{} is in use by {holder}", dir.display())]
    Locked {
        /// The folder.
        dir: PathBuf,
        /// Who it is.
        holder: String,
    },
    /// The folder belongs to another study.
    #[error("{} holds the study `{found}`, not `{expected}`", dir.display())]
    OtherStudy {
        /// The folder.
        dir: PathBuf,
        /// The study it was opened for.
        expected: String,
        /// The study it holds.
        found: String,
    },
    /// The folder belongs to the study of that name on other images.
    #[error(
        "{} holds results on {found}, and this is about {expected}: their records can't be mixed",
        dir.display()
    )]
    OtherData {
        /// The folder.
        dir: PathBuf,
        /// The images it was opened for.
        expected: String,
        /// The images of its records.
        found: String,
    },
    /// A folder lacks one of the files that were stored in it.
    #[error("{} is missing", path.display())]
    Incomplete {
        /// The file.
        path: PathBuf,
    },
    /// Something of another kind stands where one of the program's folders or files belongs.
    #[error("{} is not a {kind}", path.display())]
    InTheWay {
        /// What is in the way.
        path: PathBuf,
        /// What belongs there.
        kind: Kind,
    },
    /// The folder holds something, and it isn't a study.
    #[error("{} is not empty and holds no study: found `{entry}`, no study.toml", dir.display())]
    NotAStudy {
        /// The folder.
        dir: PathBuf,
        /// One of the things in it.
        entry: String,
    },
    /// A record of another version of the format.
    #[error("{}: record format {found}, this program reads {expected}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The version that this program reads and writes.
        expected: u32,
        /// The version of the file.
        found: u32,
    },
    /// A file that isn't what it should be.
    #[error("{}, line {line}: {reason}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// A run whose files are as they were stored, and say what can't be.
    #[error("{} can't be: {reason}", path.display())]
    Impossible {
        /// The run's folder.
        path: PathBuf,
        /// What is impossible.
        reason: String,
    },
    /// A file that changed after it was stored.
    #[error("{} is not what was stored: its SHA-256 is another", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// A run whose configuration isn't the one its folder is named after.
    #[error("{}: expected run {expected}, found {found}", path.display())]
    OtherRun {
        /// The file.
        path: PathBuf,
        /// The id that the folder says.
        expected: RunId,
        /// The id that the file says, or the hash of its configuration.
        found: RunId,
    },
    /// A record that would not come back as it is, such as one with a number that isn't finite.
    #[error("{}: cannot be stored: {reason}", path.display())]
    Unrepresentable {
        /// The file it was meant for.
        path: PathBuf,
        /// What would change.
        reason: String,
    },
}

impl StoreError {
    /// A file that isn't there makes what it belongs to incomplete.
    pub(super) fn incomplete(self) -> Self {
        match self {
            Self::Io { path, source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Self::Incomplete { path }
            }
            error => error,
        }
    }

    /// What is wrong with a run, without the path of the study's folder: for what is to be the
    /// same wherever the folder is.
    #[must_use]
    pub fn in_its_folder(&self) -> String {
        let name =
            |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match self {
            Self::Incomplete { path } => format!("{} is missing", name(path)),
            Self::Damaged { path } => format!("{} is not what was stored", name(path)),
            Self::Parse { path, .. } => format!("{} can’t be read", name(path)),
            Self::Format { .. } => "it is of another version of the format".to_owned(),
            Self::Impossible { reason, .. } => reason.clone(),
            Self::OtherRun { .. } => "its folder holds another run".to_owned(),
            _ if self.is_forbidden() => "reading it is not allowed".to_owned(),
            _ => "its folder can’t be read".to_owned(),
        }
    }

    /// Whether the system kept it from being read, which says nothing about what is stored.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(
            self,
            Self::Io { action: Action::Read, source, .. }
                if source.kind() == io::ErrorKind::PermissionDenied
        )
    }

    /// What to do about it, where there is one thing to do.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Io { action: Action::Read, .. } if self.is_forbidden() => Some(
                "give permission to read it (`chmod -R u+rwX` on the study's folder, as whoever \
                 it belongs to)",
            ),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotADirectory => {
                Some("a part of that path is a file: name a study's folder, or a new one")
            }
            Self::Io { action: Action::Read, .. } => None,
            Self::Io { source, .. } if source.kind() == io::ErrorKind::FileTooLarge => Some(
                "raise the limit on the size of files (`ulimit -f`), or name another folder with \
                 --out",
            ),
            Self::Io { .. } => Some(
                "make room or give permission; `run` and `train` take another folder with --out",
            ),
            Self::InTheWay { .. } => Some("move it away: plateau keeps its own there"),
            Self::Locked { .. } => {
                Some("wait for it, or end it; `plateau status` shows how far it is")
            }
            Self::OtherStudy { .. } | Self::OtherData { .. } => Some(
                "name another folder with --out, or the images that its records are of with --data",
            ),
            Self::NotAStudy { .. } => Some("name an empty folder, or a new one, with --out"),
            Self::Format { found, .. } if *found > FORMAT_VERSION => {
                Some("a newer plateau wrote it: use that one")
            }
            Self::Incomplete { .. }
            | Self::Format { .. }
            | Self::Parse { .. }
            | Self::Damaged { .. }
            | Self::Impossible { .. }
            | Self::OtherRun { .. }
            | Self::Unrepresentable { .. } => None,
        }
    }

    /// Whether the disk is to blame: full, gone, or not to be written to any more.
    #[must_use]
    pub fn is_of_the_disk(&self) -> bool {
        matches!(self, Self::Io { action, .. } if *action != Action::Read)
    }
}

/// What may stand at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Folder,
    /// A regular file.
    File,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Folder => "folder",
            Self::File => "regular file",
        })
    }
}

/// What was tried with a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Making it.
    Create,
    /// Reading it.
    Read,
    /// Writing it.
    Write,
    /// Moving it to its final name.
    Rename,
    /// Removing it.
    Remove,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Write => "write",
            Self::Rename => "rename",
            Self::Remove => "remove",
        })
    }
}

/// Adds what was tried on which path.
pub(super) trait Context<T> {
    fn context(self, action: Action, path: &Path) -> Result<T, StoreError>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, action: Action, path: &Path) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Io { action, path: path.to_owned(), source })
    }
}
