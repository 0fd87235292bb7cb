//! A shell script in place of the program, for tests.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::contender::{Invocation, Programs};

/// Deleted with its folder when dropped.
pub(crate) struct Fake {
    folder: TempDir,
}

impl Fake {
    /// The script stands for both Plateau and the Python interpreter.
    pub(crate) fn new(script: &str) -> Self {
        let fake = Self { folder: tempfile::tempdir().unwrap() };
        // A shell writes it: a file that this process has open for writing can't be executed,
        // nor while a child that another test is just starting has inherited it.
        let write = "printf '%s\\n' '#!/bin/sh' \"$1\" > \"$0\" && chmod +x \"$0\"";
        let mut shell = Command::new("sh");
        let status = shell.args(["-c", write]).arg(fake.path()).arg(script).status().unwrap();
        assert!(status.success());
        fake
    }

    pub(crate) fn programs(&self) -> Programs {
        let (plateau, python) = (self.path(), self.path());
        Programs { plateau, python, script: PathBuf::from("pytorch_step.py") }
    }

    pub(crate) fn plateau(&self) -> Invocation {
        Invocation::plateau(&self.programs(), &["bench", "--json"])
    }

    pub(crate) fn nowhere() -> Invocation {
        let nowhere = || PathBuf::from("/nowhere/plateau");
        let programs = Programs { plateau: nowhere(), python: nowhere(), script: nowhere() };
        Invocation::plateau(&programs, &["bench"])
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("plateau")
    }
}
