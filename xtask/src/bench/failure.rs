//! What can go wrong, with the command that it went wrong in.

use std::io;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};

use super::options::USAGE;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{reason}\n\n{USAGE}")]
    Usage { reason: String },
    #[error("can't run `{command}`: {source}")]
    Run { command: String, source: io::Error },
    #[error("`{command}` failed ({status}):\n{stderr}")]
    Command { command: String, status: ExitStatus, stderr: String },
    #[error("`{command}`: no JSON object with {expected} in the last line, which is {line:?}")]
    Report { command: String, expected: &'static str, line: String },
    #[error("`{command}` did not reach its first step within {seconds} s:\n{stderr}")]
    Silent { command: String, seconds: u64, stderr: String },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
}

impl Failure {
    pub(crate) fn usage(reason: impl Into<String>) -> Self {
        Self::Usage { reason: reason.into() }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage { .. } => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}
