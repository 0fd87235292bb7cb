//! A study under way as a process of its own group, its workers, and signals to all of them.

use std::fs;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Six runs of a fraction of a second, one phase following from another, all kinds of layers.
pub(crate) const STUDY: &str = r#"
name = "small"
title = "A small study"
data = "synthetic"
seeds = 2

[network]
channels = [4, 8]
hidden = 16

[training]
batch_size = 8
epochs = 4
optimizer = { kind = "sgd", momentum = 0.9 }
split = { train = 240, validation = 100 }
rate = 0.02
schedule = "cosine"

[phase.plain]
dropout = [0.0, 0.2]

[phase.norm]
rate = { same_as = "plain" }
batch_norm = true

[[experiment]]
kind = "sweep"
phase = "plain"
"#;

/// A folder with the study's file in it.
pub(crate) struct Bench {
    root: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(STUDY)
    }

    pub(crate) fn with(study: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("study.toml"), study).unwrap();
        Self { root }
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.root().join("out")
    }

    pub(crate) fn run(&self, more: &[&str]) -> Study {
        // What runs the tests may ignore some of the signals, as `nohup` does.
        let mut command = Command::new("env");
        command.args(["--default-signal=INT,HUP,TERM", env!("CARGO_BIN_EXE_plateau")]);
        command.args(["run", "study.toml", "--out", "out", "--checkpoint-seconds", "0.02"]);
        command.args(more);
        self.start(&mut command)
    }

    /// The study from its beginning, two runs side by side, past its first checkpoint.
    pub(crate) fn under_way(&self) -> Study {
        if self.out().exists() {
            fs::remove_dir_all(self.out()).unwrap();
        }
        let mut study = self.run(&["--jobs", "2"]);
        study.wait_for(&self.out(), ".checkpoint");
        study
    }

    /// Any command, in a group of its own.
    pub(crate) fn start(&self, command: &mut Command) -> Study {
        let child = command
            .current_dir(self.root())
            .env("NO_COLOR", "1")
            .env("PLATEAU_DATA", self.root().join("no-data"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        Study { child }
    }

    /// What the study leaves if nothing happens to it.
    pub(crate) fn undisturbed(&self) -> crate::study::Records {
        let ended = self.run(&[]).wait();
        assert!(ended.status.success(), "{}", ended.stderr);
        crate::study::records(&self.out())
    }

    /// Runs it to its end; what it says.
    pub(crate) fn finish(&self, more: &[&str]) -> String {
        let ended = self.run(more).wait();
        assert!(ended.status.success(), "{}", ended.stderr);
        ended.stderr
    }
}

/// A process that ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stderr: String,
    pub(crate) after: Duration,
}

/// A study under way.
pub(crate) struct Study {
    child: Child,
}

impl Study {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The workers of this moment.
    pub(crate) fn workers(&self) -> Vec<u32> {
        let id = self.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let children = children.unwrap_or_default();
        // The program starts no other processes for generated images.
        children.split_whitespace().filter_map(|child| child.parse().ok()).collect()
    }

    pub(crate) fn signal(&self, signal: &str) {
        send(signal, &self.id().to_string());
    }

    /// As Ctrl-C in a terminal does: to every process of the group.
    pub(crate) fn signal_group(&self, signal: &str) {
        send(signal, &format!("-{}", self.id()));
    }

    pub(crate) fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    pub(crate) fn wait(mut self) -> Ended {
        let started = Instant::now();
        let mut stderr = Vec::new();
        self.child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
        let status = self.child.wait().unwrap();
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        Ended { status, stderr, after: started.elapsed() }
    }

    /// Waits until there is a file whose name ends so below the folder.
    pub(crate) fn wait_for(&mut self, folder: &Path, ending: &str) {
        let until = Instant::now() + Duration::from_secs(60);
        while !has_file(folder, ending) {
            assert!(!self.is_over(), "it ended without a {ending}");
            assert!(Instant::now() < until, "no {ending} in {}", folder.display());
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Study {
    fn drop(&mut self) {
        // Of a test that failed: nothing stays behind.
        if !self.is_over() {
            self.signal_group("KILL");
            let _ = self.child.wait();
        }
    }
}

fn has_file(folder: &Path, ending: &str) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let path = entry.path();
        path.to_string_lossy().ends_with(ending) || (path.is_dir() && has_file(&path, ending))
    })
}

/// A signal by name to a process, or with a leading minus to a group; it may be gone already.
pub(crate) fn send(signal: &str, to: &str) {
    let kill = Command::new("kill").args(["-s", signal, "--", to]).stderr(Stdio::null()).status();
    kill.unwrap();
}

/// Waits until none of the processes is left.
pub(crate) fn assert_gone(processes: &[u32], within: Duration) {
    let until = Instant::now() + within;
    for id in processes {
        while is_alive(*id) {
            assert!(Instant::now() < until, "process {id} is still there after {within:?}");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Neither gone nor a zombie that nobody has waited for.
fn is_alive(id: u32) -> bool {
    let Ok(status) = fs::read_to_string(format!("/proc/{id}/stat")) else { return false };
    let state = status.rsplit(')').next().and_then(|rest| rest.trim_start().chars().next());
    state != Some('Z')
}
