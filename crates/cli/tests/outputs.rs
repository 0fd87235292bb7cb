//! Readers, logs and terminals that go away: every command ends as it would have, with its exit
//! code, and what it does is done.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs::{self, OpenOptions};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::TINY_RUN;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;
use tempfile::TempDir;

const STUDY: &str = r#"name = "mine"
title = "Mine"
data = "synthetic"
seeds = 2
[network]
channels = [4]
hidden = 8
[training]
batch_size = 32
epochs = 1
optimizer = { kind = "sgd", momentum = 0.9 }
[[experiment]]
kind = "sweep"
phase = "rates"
[phase.rates]
split = { train = 200, validation = 100 }
rate = [0.01, 0.02]
"#;

/// Every command, and one that is refused; `DIR` is a finished study's folder.
const COMMANDS: [&[&str]; 14] = [
    &["--help"],
    &["--version"],
    &["run", "--no-such-option"],
    &["run", "mine.toml", "--out", "again"],
    &["run", "nothing.toml"],
    &["plan", "mine.toml"],
    &["report", "DIR"],
    &["status", "DIR"],
    &["verify", "DIR"],
    &TINY_RUN,
    &["bench", "--channels", "4", "--hidden", "8", "--steps", "1", "--warmup", "1", "--batch", "8"],
    &["data", "where"],
    &["data", "verify"],
    &["data", "fetch", "--data", "mine.toml"],
];

/// Where an output goes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sink {
    /// Somebody reads it.
    Read,
    /// A disk that is full.
    Full,
    /// A pipe whose other end is closed.
    ClosedPipe,
    /// A terminal whose other end is closed.
    GoneTerminal,
}

impl Sink {
    fn open(self) -> Stdio {
        match self {
            Self::Read => Stdio::piped(),
            Self::Full => OpenOptions::new().write(true).open("/dev/full").unwrap().into(),
            Self::ClosedPipe => {
                let (reader, writer) = std::io::pipe().unwrap();
                drop(reader);
                writer.into()
            }
            Self::GoneTerminal => terminal().into(),
        }
    }
}

/// One end of a terminal; without the other, writing to it fails.
fn terminal() -> OwnedFd {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let path = PathBuf::from(name.to_str().unwrap());
    let ours = OpenOptions::new().read(true).write(true).open(path).unwrap();
    drop(master);
    ours.into()
}

struct Place {
    root: TempDir,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("mine.toml"), STUDY).unwrap();
        common::succeed(root.path(), &["run", "mine.toml", "--out", "DIR"]);
        Self { root }
    }

    fn path(&self) -> &Path {
        self.root.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        for made in ["again", "plateau-out"] {
            let _ = fs::remove_dir_all(self.path().join(made));
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_plateau"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_remove("PLATEAU_DATA")
            .env("PLATEAU_CACHE", self.path().join("no-cache"))
            .env("NO_COLOR", "1");
        command
    }

    /// Exit code and standard error, as far as somebody reads it.
    fn code(&self, arguments: &[&str], out: Sink, err: Sink) -> (i32, String) {
        let mut command = self.command(arguments);
        let child = command.stdin(Stdio::null()).stdout(out.open()).stderr(err.open());
        let output = child.spawn().unwrap().wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!stderr.contains("panicked"), "{arguments:?}, {out:?}, {err:?}: {stderr}");
        let code = output.status.code();
        (code.unwrap_or_else(|| panic!("{arguments:?}, {out:?}, {err:?}: {output:?}")), stderr)
    }

    fn is_done(&self, arguments: &[&str]) -> bool {
        let made = match arguments {
            ["run", "mine.toml", ..] => "again/report/report.html",
            ["report", ..] => "DIR/report/report.html",
            ["train", ..] => "plateau-out/train/runs",
            _ => return true,
        };
        self.path().join(made).exists()
    }
}

#[test]
fn commands_end_as_they_would_whoever_has_gone_away() {
    let place = Place::new();
    for arguments in COMMANDS {
        let (undisturbed, _) = place.code(arguments, Sink::Read, Sink::Read);
        for out in [Sink::Read, Sink::Full, Sink::ClosedPipe, Sink::GoneTerminal] {
            for err in [Sink::Read, Sink::Full, Sink::ClosedPipe, Sink::GoneTerminal] {
                let (code, stderr) = place.code(arguments, out, err);
                // An answer that can't be written is a failure; one that nobody wants isn't.
                let is_lost = matches!(out, Sink::Full | Sink::GoneTerminal) && undisturbed == 0;
                let expected = if is_lost { 1 } else { undisturbed };
                assert_eq!(code, expected, "{arguments:?}, {out:?}, {err:?}: {stderr}");
                assert!(place.is_done(arguments), "{arguments:?}, {out:?}, {err:?}: {stderr}");
            }
        }
    }
}

#[test]
fn commands_work_without_any_standard_stream() {
    let place = Place::new();
    for arguments in COMMANDS {
        let (undisturbed, _) = place.code(arguments, Sink::Read, Sink::Read);
        let program = env!("CARGO_BIN_EXE_plateau");
        let mut closed = Command::new("sh");
        closed
            .arg("-c")
            .arg("exec \"$0\" \"$@\" <&- >&- 2>&-")
            .arg(program)
            .args(arguments)
            .current_dir(place.path())
            .env_remove("PLATEAU_DATA")
            .env("PLATEAU_CACHE", place.path().join("no-cache"));
        let code = closed.status().unwrap().code();
        assert_eq!(code, Some(undisturbed), "{arguments:?}");
        assert!(place.is_done(arguments), "{arguments:?}");
    }
}

#[test]
fn with_json_standard_output_is_one_document() {
    let place = Place::new();
    let takes_json = |arguments: &&&[&str]| !arguments[0].starts_with("--");
    for arguments in COMMANDS.iter().filter(takes_json) {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        let output = place.command(&arguments).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let document: Value = serde_json::from_str(&stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {stdout}"));
        let is_error = document.get("errors").is_some();
        let refused = output.status.code() == Some(2);
        assert!(!refused || is_error, "{arguments:?}: {stdout}");
    }
}

#[test]
fn a_log_that_fills_its_disk_while_a_study_runs_ends_nothing() {
    let place = Place::new();
    let (code, _) =
        place.code(&["run", "mine.toml", "--out", "again", "--json"], Sink::Read, Sink::Full);
    assert_eq!(code, 0);
    assert!(place.path().join("again/report/paper.pdf").is_file());
}
