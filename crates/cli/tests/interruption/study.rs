//! What a study leaves, and what the program says about it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::common::{self, plateau};
use crate::process::{Bench, STUDY};

pub(crate) type Records = BTreeMap<String, Vec<u8>>;

/// All records, without what differs between two executions: times.
pub(crate) fn records(out: &Path) -> Records {
    common::records(out)
}

/// The same files with the same bits.
pub(crate) fn assert_same(out: &Path, undisturbed: &Records, when: &str) {
    let records = records(out);
    assert!(records.keys().eq(undisturbed.keys()), "{when}: {:?}", records.keys());
    for (file, bytes) in undisturbed {
        assert!(records[file] == *bytes, "{when}: {file} differs");
    }
}

fn status(bench: &Bench) -> Value {
    let output = plateau(bench.root(), &["status", "out", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn status_tells_what_is_done_and_under_way() {
    let bench = Bench::new();
    let mut study = bench.run(&["--jobs", "1"]);
    study.wait_for(&bench.out(), ".checkpoint");
    let during = status(&bench);
    assert_eq!(during["study"], "small");
    let holder = during["executed_by"].as_str().unwrap();
    assert!(holder.contains(&study.id().to_string()), "{holder}");
    let ended = study.wait();
    assert!(ended.status.success(), "{}", ended.stderr);
    let after = status(&bench);
    assert_eq!((after["runs"].as_u64(), after["done"].as_u64()), (Some(6), Some(6)));
    assert!(after["executed_by"].is_null() && after["seconds_left"].is_null(), "{after}");
    assert_eq!(after["waiting"], 0);
    let text = common::succeed(bench.root(), &["status", "out"]);
    assert!(text.starts_with("small: 6 of 6 runs done"), "{text}");
    let nowhere = plateau(bench.root(), &["status", "nowhere"]);
    assert_eq!(nowhere.status.code(), Some(2));
}

#[test]
fn a_changed_study_keeps_what_it_still_asks_for() {
    let bench = Bench::new();
    let before = bench.undisturbed();
    let changed = STUDY.replace("dropout = [0.0, 0.2]", "dropout = [0.0, 0.4]");
    std::fs::write(bench.root().join("study.toml"), changed).unwrap();
    let output = plateau(bench.root(), &["run", "study.toml", "--out", "out", "--json"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("not part of the study as it is now: 2 runs"), "{stderr}");
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((line["ran"].as_u64(), line["reused"].as_u64()), (Some(2), Some(4)));
    let after = records(&bench.out());
    assert!(before.iter().all(|(file, bytes)| after[file] == *bytes), "nothing is lost");
    let status = status(&bench);
    assert_eq!(status["not_of_the_study"].as_array().unwrap().len(), 2, "{status}");
    let stored = std::fs::read_to_string(bench.out().join("study.toml")).unwrap();
    assert!(stored.contains("\nothers = ["), "{stored}");
    // As it was before, all is there again.
    std::fs::write(bench.root().join("study.toml"), STUDY).unwrap();
    let again = common::succeed(bench.root(), &["run", "study.toml", "--out", "out", "--json"]);
    let line: Value = serde_json::from_str(again.lines().last().unwrap()).unwrap();
    assert_eq!((line["ran"].as_u64(), line["reused"].as_u64()), (Some(0), Some(6)));
}

#[test]
fn jobs_threads_and_interruptions_leave_the_same_records() {
    let bench = Bench::new();
    let undisturbed = bench.undisturbed();
    for jobs in ["1", "2"] {
        for threads in ["1", "2", "3"] {
            for interrupted in [false, true] {
                std::fs::remove_dir_all(bench.out()).unwrap();
                let options = ["--jobs", jobs, "--threads", threads];
                if interrupted {
                    let mut study = bench.run(&options);
                    study.wait_for(&bench.out(), ".checkpoint");
                    study.signal("TERM");
                    assert_eq!(study.wait().status.code(), Some(130));
                }
                bench.finish(&options);
                let when = format!("{jobs} jobs, {threads} threads, interrupted: {interrupted}");
                assert_same(&bench.out(), &undisturbed, &when);
            }
        }
    }
}
