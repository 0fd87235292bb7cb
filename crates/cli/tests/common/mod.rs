//! Runs the program as a user would.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// A run that takes a second.
pub(crate) const TINY_RUN: [&str; 13] = [
    "train",
    "--data",
    "synthetic",
    "--channels",
    "4",
    "--hidden",
    "8",
    "--epochs",
    "1",
    "--train-size",
    "200",
    "--validation-size",
    "100",
];

/// The program, away from the user's data.
pub(crate) fn plateau(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plateau"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("PLATEAU_DATA")
        .env("PLATEAU_CACHE", folder.join("no-cache"))
        .env("NO_COLOR", "1")
        .output()
        .expect("the program starts")
}

/// The program must succeed; its standard output.
pub(crate) fn succeed(folder: &Path, arguments: &[&str]) -> String {
    let output = plateau(folder, arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "plateau {}: {stderr}", arguments.join(" "));
    String::from_utf8(output.stdout).expect("text")
}

/// All files of a study's runs, by path, without what differs between two executions: times,
/// and nothing else.
pub(crate) fn records(study: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for run in fs::read_dir(study.join("runs")).expect("runs").map(Result::unwrap) {
        for file in fs::read_dir(run.path()).expect("a run's folder").map(Result::unwrap) {
            let name = file.file_name().into_string().unwrap();
            let key = format!("{}/{name}", run.file_name().to_string_lossy());
            let bytes = fs::read(file.path()).unwrap();
            let comparable = match name.as_str() {
                "weights.safetensors" => bytes,
                "SHA256SUMS" => sums_without_times(&bytes),
                _ => timeless(&bytes),
            };
            all.insert(key, comparable);
        }
    }
    all
}

/// The checksums of the files that hold no times.
fn sums_without_times(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let timeless = |line: &&str| !line.ends_with("epochs.jsonl") && !line.ends_with("result.json");
    text.lines().filter(timeless).collect::<Vec<_>>().join("\n").into_bytes()
}

/// JSON, or lines of it, without times.
fn timeless(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let values: Vec<Value> = match serde_json::from_str(&text) {
        Ok(value) => vec![value],
        Err(_) => text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
    };
    let cleaned = values.into_iter().map(|mut value| {
        for key in ["seconds", "images_per_second"] {
            value.as_object_mut().unwrap().remove(key);
        }
        value.to_string()
    });
    cleaned.collect::<Vec<_>>().join("\n").into_bytes()
}

/// Lines of JSON.
pub(crate) fn json_lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
