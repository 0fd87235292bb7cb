//! A folder to try things in, and studies that train in a second.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// Four tiny runs on generated images.
pub(crate) const STUDY: &str = r#"name = "t"
title = "Does dropout help?"
data = "synthetic"
seeds = 2
[network]
channels = [4]
hidden = 8
[training]
batch_size = 32
epochs = 1
optimizer = { kind = "sgd", momentum = 0.9 }
split = { train = 200, validation = 100 }
rate = 0.02
[phase.d]
dropout = [0.0, 0.3]
[[experiment]]
kind = "sweep"
phase = "d"
"#;

pub(crate) struct Place {
    root: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self { root: tempfile::tempdir().unwrap() };
        place.write("t.toml", STUDY);
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn read_bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The program, away from the user's data.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plateau"));
        command
            .args(arguments)
            .current_dir(self.root.path())
            .env_remove("PLATEAU_DATA")
            .env("PLATEAU_CACHE", self.path("no-cache"))
            .env("HOME", self.path("home"))
            .env("NO_COLOR", "1");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        Said::of(&self.command(arguments).output().unwrap())
    }

    /// The program must succeed.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> Said {
        let said = self.run(arguments);
        assert_eq!(said.code, 0, "{arguments:?}: {}", said.err);
        said
    }

    /// The program must refuse its input with all of these words, on standard error.
    pub(crate) fn refused(&self, arguments: &[&str], words: &[&str]) {
        let said = self.run(arguments);
        assert_eq!(said.code, 2, "{arguments:?}: {}", said.err);
        said.contains(words);
    }
}

/// What the program said, lines joined as people read them.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let joined = |text: String| {
            let words = text.split_whitespace().filter(|word| !matches!(*word, "│" | "×"));
            words.collect::<Vec<_>>().join(" ")
        };
        let code = output.status.code().unwrap_or(-1);
        Self { code, out: text(&output.stdout), err: joined(text(&output.stderr)) }
    }

    pub(crate) fn contains(&self, words: &[&str]) {
        for word in words {
            assert!(self.err.contains(word), "`{word}` is not in: {}", self.err);
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// All files below a folder, by path, with their content.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), fs::read(path).unwrap()));
        }
    }
    found.sort();
    found
}
