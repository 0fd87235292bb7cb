//! One run by itself: the same bits whatever the threads, a trace to repeat it by, divergence.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs;

use common::{json_lines, records, succeed};
use plateau_model::Weights;
use serde_json::Value;

const SMALL: [&str; 15] = [
    "train",
    "--data",
    "synthetic",
    "--channels",
    "4,8",
    "--hidden",
    "16",
    "--train-size",
    "500",
    "--validation-size",
    "200",
    "--epochs",
    "2",
    "--batch",
    "100",
];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    SMALL.iter().chain(more).copied().collect()
}

#[test]
fn the_same_configuration_gives_the_same_bits_for_any_number_of_threads() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    for norm in [&[][..], &["--batch-norm", "--dropout", "0.3"]] {
        let mut all = Vec::new();
        for threads in ["1", "2", "3", "8"] {
            let out = format!("threads-{threads}-{}", norm.len());
            let arguments = with(&["--threads", threads, "--out", &out]);
            succeed(folder, &[&arguments[..], norm].concat());
            all.push(records(&folder.join(&out)));
        }
        assert!(all[0].len() >= 6);
        assert!(all.iter().all(|records| *records == all[0]));
    }
}

#[test]
fn a_trace_holds_all_that_is_needed_to_repeat_the_run() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    succeed(folder, &with(&["--trace", "trace", "--out", "out"]));
    let steps = json_lines(&folder.join("trace/steps.jsonl"));
    assert_eq!(steps.len(), 10);
    let mut seen: Vec<u64> = steps[..5]
        .iter()
        .flat_map(|step| step["images"].as_array().unwrap())
        .map(|index| index.as_u64().unwrap())
        .collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 500, "each image once per epoch");
    let weights = |name: &str| {
        let bytes = fs::read(folder.join("trace").join(name)).unwrap();
        Weights::from_safetensors(&bytes).unwrap()
    };
    let (first, last) = (weights("initial.safetensors"), weights("final.safetensors"));
    assert!(first.0.keys().eq(last.0.keys()) && first != last);
    assert_eq!(last.0["conv1.weight"].shape, [4, 3, 3, 3]);
    assert_eq!(last.0["fc1.weight"].shape, [16, 8 * 8 * 8]);
}

#[test]
fn a_run_that_diverges_is_recorded_as_such() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let out = succeed(folder, &with(&["--lr", "1e6", "--json"]));
    let answer: Value = serde_json::from_str(out.trim()).unwrap();
    assert_eq!(answer["result"]["status"]["kind"], "diverged", "{answer}");
    assert!(answer["result"]["test"].is_null());
    // Stored, it isn't trained again.
    succeed(folder, &with(&["--lr", "1e6", "--json"]));
}
