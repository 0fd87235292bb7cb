//! Every input that the fuzzer found worth keeping goes through the reader it was made for.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use plateau_data::untrusted as data;
use plateau_study::untrusted as study;

/// No reader takes longer for inputs of this size.
const PATIENCE: Duration = Duration::from_secs(5);

fn inputs(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut inputs: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    assert!(inputs.len() >= 2, "{}", folder.display());
    inputs
}

fn read_all(target: &str, read: impl Fn(&[u8])) {
    for input in inputs(target) {
        let bytes = fs::read(&input).unwrap();
        let started = Instant::now();
        read(&bytes);
        assert!(started.elapsed() < PATIENCE, "{}: {:?}", input.display(), started.elapsed());
    }
}

#[test]
fn study_files() {
    read_all("study_file", study::read_study_file);
}

#[test]
fn jobs() {
    read_all("job", study::read_job);
}

#[test]
fn records() {
    read_all("record", study::read_record);
}

#[test]
fn checkpoints() {
    read_all("checkpoint", study::read_checkpoint);
}

#[test]
fn pickles() {
    read_all("pickle", data::read_pickle);
}

#[test]
fn pictures() {
    read_all("picture", data::read_picture);
}

#[test]
fn labels() {
    read_all("labels", data::read_labels);
}

#[test]
fn archives_write_nothing() {
    read_all("archive", data::read_archive);
    assert!(!Path::new("/tmp/plateau-evil").exists());
}
