//! Every input that can be wrong: an error that says what, where and what to do, before any
//! training, with exit code 2.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs;
use std::path::Path;

use common::{plateau, succeed};

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

/// The message of a refused command, on one line.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = plateau(folder, arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let message = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(output.status.code(), Some(2), "plateau {}: {message}", arguments.join(" "));
    message
}

fn assert_contains(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
}

#[test]
fn mistakes_in_a_study_are_shown_at_their_line() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let cases = [
        ("seeds = 2", "sedes = 2", ":4", "sedes"),
        ("seeds = 2", "seeds = 0", ":4", "seed"),
        ("rate = [0.01, 0.02]", "rate = [0.01, -0.02]", ":17", "-0.02"),
        ("rate = [0.01, 0.02]", "rate = 0.01\ndropout = 1.0", ":18", "dropout"),
        ("rate = [0.01, 0.02]", "rate = { best_of = \"nowhere\" }", ":17", "nowhere"),
        ("train = 200", "train = 20000", ":16", "5000"),
        ("phase = \"rates\"", "phase = \"ratse\"", ":14", "rates"),
        ("epochs = 1", "epochs = \"one\"", ":10", "epochs"),
        ("name = \"mine\"", "name = ", ":1", "mine.toml"),
    ];
    for (old, new, line, part) in cases {
        fs::write(folder.join("mine.toml"), STUDY.replace(old, new)).unwrap();
        let message = refused(folder, &["run", "mine.toml", "--out", "out"]);
        assert_contains(&message, &[line, part]);
        assert!(!folder.join("out").exists(), "nothing is begun");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    assert_contains(&refused(folder, &["plan", "nothing.toml"]), &["nothing.toml", "quick"]);
    let message = refused(folder, &["run", "quick", "--data", "missing-folder"]);
    assert_contains(&message, &["missing-folder", "--data synthetic"]);
    assert_contains(&refused(folder, &["report", "."]), &["study.toml", "plateau run"]);
    fs::write(folder.join("note.txt"), "mine").unwrap();
    let message = refused(folder, &["run", "synthetic", "--out", "."]);
    assert_contains(&message, &["note.txt"]);
}

#[test]
fn arguments_out_of_range_are_refused_by_name() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    for (argument, value) in [
        ("--lr", "0"),
        ("--dropout", "1.0"),
        ("--epochs", "0"),
        ("--batch", "0"),
        ("--factor", "2"),
    ] {
        let message = refused(folder, &["train", "--data", "synthetic", argument, value]);
        assert_contains(&message, &[argument, "expected"]);
    }
    let message = refused(folder, &["train", "--data", "synthetic", "--train-size", "20000"]);
    assert_contains(&message, &["20500", "5000"]);
    let message = refused(folder, &["train", "--data", "synthetic", "--channels", "1,1,1,1,1,1"]);
    assert_contains(&message, &["5"]);
}

#[test]
fn missing_and_altered_data_files_are_listed() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let batches = folder.join("no-cache/cifar-10-batches-bin");
    fs::create_dir_all(&batches).unwrap();
    fs::write(batches.join("data_batch_1.bin"), vec![0; 30_730_000]).unwrap();
    fs::write(batches.join("data_batch_2.bin"), "short").unwrap();
    let output = plateau(folder, &["data", "verify"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let message = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(!output.status.success());
    let expected = [
        "data_batch_1.bin",
        "5dd7e06a14cb22eb9f671a540d1b7c25",
        "data_batch_2.bin",
        "test_batch.bin",
    ];
    assert_contains(&message, &expected);
    assert_contains(&message, &["plateau data fetch"]);
}

#[test]
fn damaged_pictures_are_named_and_can_be_made_anew() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    fs::write(folder.join("mine.toml"), STUDY).unwrap();
    let run = ["run", "mine.toml", "--out", "out"];
    succeed(folder, &run);
    let sheet = folder.join("out/samples.png");
    let whole = fs::read(&sheet).unwrap();
    fs::write(&sheet, &whole[..whole.len() / 2]).unwrap();
    // The report does without them, and says so.
    let output = plateau(folder, &["report", "out"]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    assert_contains(&message, &["out/samples.png", "samples.json", "plateau run"]);
    fs::remove_file(&sheet).unwrap();
    succeed(folder, &["report", "out"]);
    succeed(folder, &run);
    assert_eq!(fs::read(&sheet).unwrap(), whole);
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    fs::write(folder.join("file"), "in the way").unwrap();
    let message = refused(folder, &["run", "synthetic", "--out", "file/study"]);
    assert_contains(&message, &["file/study"]);
}
