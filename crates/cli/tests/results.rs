//! The committed study: its report follows from its records, and the README states what it found.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::succeed;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Everything below a folder but its folder `without`.
fn copy(from: &Path, to: &Path, without: &str) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), target).unwrap();
        } else if entry.file_name() != without {
            copy(&entry.path(), &target, without);
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                all.push(entry.path().strip_prefix(folder).unwrap().to_owned());
            }
        }
    }
    all.sort();
    all
}

/// Elsewhere the mathematical functions of the C library may round another way.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn the_report_follows_from_the_records_to_the_last_byte() {
    // As deep within the checkout as the committed one: the notebook names the program's source.
    let temporary = tempfile::Builder::new().suffix(".tmp").tempdir_in(root()).unwrap();
    let committed = root().join("reports/cifar10");
    copy(&committed, &temporary.path().join("cifar10"), "report");
    let printed = succeed(temporary.path(), &["report", "cifar10"]);
    assert_eq!(printed.lines().count(), 1, "nothing is missing: {printed}");
    let (expected, actual) = (committed.join("report"), temporary.path().join("cifar10/report"));
    assert_eq!(files(&actual), files(&expected));
    for file in files(&expected) {
        let same = fs::read(actual.join(&file)).unwrap() == fs::read(expected.join(&file)).unwrap();
        assert!(
            same,
            "{} is another; if it should be, write it by `plateau report reports/cifar10`",
            file.display()
        );
    }
}

#[test]
fn the_readme_states_the_findings_in_the_report_s_words() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let report = fs::read_to_string(root().join("reports/cifar10/report/report.md")).unwrap();
    let findings = readme.split("## What it found").nth(1).unwrap().split("\n## ").next().unwrap();
    let stated: Vec<&str> = findings.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    assert!(stated.len() >= 5, "{findings}");
    for finding in stated {
        assert!(report.contains(finding), "the report doesn't say: {finding}");
    }
}
