//! The folder of a study: whole runs or none, and clear words about anything else.

use std::fs;
use std::path::{Path, PathBuf};

use plateau_record::{Epoch, Performance, RunConfig, RunId, RunStatus, Step};
use plateau_study::plan::Results;
use plateau_study::store::StoreError;
use plateau_study::{Commit, Plan, Store};
use tempfile::TempDir;

use crate::support::{provenance, record, store_record, store_run, tiny_study};

struct Folder {
    _root: TempDir,
    dir: PathBuf,
    store: Store,
}

fn folder() -> Folder {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("out");
    let store = Store::open(&dir, "tiny").unwrap();
    Folder { _root: root, dir, store }
}

fn config() -> RunConfig {
    let mut config = Plan::new(&tiny_study(), &Results::new()).runs[0].config.clone();
    config.schedule.shape = plateau_record::ScheduleShape::Cosine;
    config
}

fn files_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_run_comes_back_to_the_last_bit() {
    let folder = folder();
    let mut written = record(&config());
    written.epochs[1].train = Performance { loss: 0.1 + 0.2, accuracy: 1.0 / 3.0 };
    written.epochs[1].validation.loss = f64::from_bits(0x3fd5_5555_5555_5556);
    written.result.status = RunStatus::Diverged { epoch: Epoch(1), step: Step(2) };
    assert!(!folder.store.has(&written.id));
    assert_eq!(store_record(&folder.store, &written).unwrap(), Commit::Stored);
    assert!(folder.store.has(&written.id));
    let read = folder.store.load(&written.id).unwrap();
    assert_eq!(read, written);
    let bits = |run: &plateau_record::RunRecord| run.epochs[1].validation.loss.to_bits();
    assert_eq!(bits(&read), bits(&written));
    assert_eq!(
        folder.store.runs().unwrap().runs,
        Results::from([(written.id.clone(), written.clone())])
    );
    let weights = folder.store.weights(&written.id).unwrap();
    assert_eq!(fs::read(weights).unwrap(), b"weights");
    let expected = [
        "SHA256SUMS",
        "epochs.jsonl",
        "gradients.jsonl",
        "predictions.json",
        "range.jsonl",
        "result.json",
        "run.json",
        "weights.safetensors",
    ];
    assert_eq!(files_in(&folder.dir.join("runs").join(&written.id.0)), expected);
}

#[test]
fn a_run_that_is_not_finished_leaves_nothing() {
    let folder = folder();
    let writer = folder.store.begin(&config(), &provenance(), None).unwrap();
    let under_way = files_in(&folder.dir.join("runs"));
    assert!(under_way[0].starts_with(&format!(".{}.", config().id())), "{under_way:?}");
    assert!(folder.store.run_ids().unwrap().is_empty());
    drop(writer);
    assert!(files_in(&folder.dir.join("runs")).is_empty());
}

#[test]
fn a_finished_run_is_never_overwritten() {
    let folder = folder();
    let first = record(&config());
    let mut second = first.clone();
    second.result.seconds = 99.0;
    assert_eq!(store_record(&folder.store, &first).unwrap(), Commit::Stored);
    assert_eq!(store_record(&folder.store, &second).unwrap(), Commit::AlreadyThere);
    assert_eq!(folder.store.load(&first.id).unwrap(), first);
    assert_eq!(files_in(&folder.dir.join("runs")), [first.id.0]);
}

#[test]
fn two_writers_of_one_run_do_not_meet() {
    let folder = folder();
    let (a, b) = (record(&config()), record(&config()));
    let first = folder.store.begin(&a.config, &a.provenance, None).unwrap();
    let second = folder.store.begin(&b.config, &b.provenance, None).unwrap();
    assert_eq!(second.finish(&b.result, None).unwrap(), Commit::Stored);
    assert_eq!(first.finish(&a.result, Some(b"late")).unwrap(), Commit::AlreadyThere);
    assert_eq!(folder.store.weights(&a.id), None);
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    let folder = folder();
    let mut run = record(&config());
    run.epochs[0].train.loss = f64::NAN;
    let error = store_record(&folder.store, &run).unwrap_err();
    assert!(matches!(error, StoreError::Unrepresentable { .. }), "{error}");
    assert!(error.to_string().contains("epochs.jsonl"), "{error}");
}

#[test]
fn opening_removes_what_dead_processes_left_and_no_more() {
    let folder = folder();
    let writer = folder.store.begin(&config(), &provenance(), None).unwrap();
    let runs = folder.dir.join("runs");
    fs::create_dir(runs.join(".0000000000000000.1-0.tmp")).unwrap();
    let dead = runs.join(".0000000000000001.1-0.tmp");
    fs::create_dir(&dead).unwrap();
    fs::write(dead.join("run.json"), "{").unwrap();
    Store::open(&folder.dir, "tiny").unwrap();
    assert_eq!(files_in(&runs).len(), 1);
    let run = record(&config());
    assert_eq!(writer.finish(&run.result, None).unwrap(), Commit::Stored);
}

#[test]
fn the_study_comes_back_and_its_file_says_what_it_is() {
    let folder = folder();
    assert_eq!(folder.store.study().unwrap(), None);
    let study = tiny_study();
    let mut results = Results::new();
    for _ in 0..4 {
        let plan = Plan::new(&study, &results);
        let written = plan.record(&study);
        folder.store.write_study(&written).unwrap();
        assert_eq!(folder.store.study().unwrap(), Some(written));
        for run in plan.runs {
            results.insert(run.id, record(&run.config));
        }
    }
    let text = fs::read_to_string(folder.dir.join("study.toml")).unwrap();
    assert!(text.starts_with("# The resolved study"), "{text}");
    assert_eq!(files_in(&folder.dir), ["SHA256SUMS", "runs", "study.toml"]);
}

#[test]
fn a_folder_of_something_else_is_refused() {
    let folder = folder();
    let record = Plan::new(&tiny_study(), &Results::new()).record(&tiny_study());
    folder.store.write_study(&record).unwrap();
    let error = Store::open(&folder.dir, "other").unwrap_err();
    assert!(error.to_string().ends_with("holds the study `tiny`, not `other`"), "{error}");
    assert!(Store::open(&folder.dir, "tiny").is_ok());

    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("thesis.tex"), "").unwrap();
    let error = Store::open(elsewhere.path(), "tiny").unwrap_err();
    assert!(
        matches!(&error, StoreError::NotAStudy { entry, .. } if entry == "thesis.tex"),
        "{error}"
    );
    let logs = elsewhere.path().join("runs").join("Nov24_tensorboard");
    fs::create_dir_all(&logs).unwrap();
    assert!(Store::open(elsewhere.path(), "tiny").is_err());
    fs::remove_dir(logs).unwrap();
    Store::open(elsewhere.path(), "tiny").expect("as if an execution had been cut short here");
    let file = elsewhere.path().join("thesis.tex");
    let error = Store::open(&file, "tiny").unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
}

#[test]
fn a_byte_that_changed_is_seen_in_every_file() {
    let folder = folder();
    let run = record(&config());
    store_run(&folder.dir, &run.config).unwrap();
    let dir = folder.dir.join("runs").join(&run.id.0);
    for name in files_in(&dir).into_iter().filter(|name| name != "SHA256SUMS") {
        let path = dir.join(&name);
        let bytes = fs::read(&path).unwrap();
        if bytes.is_empty() {
            continue;
        }
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            fs::write(&path, changed).unwrap();
            let read = folder.store.load(&run.id).map(drop);
            let error = read.and_then(|()| folder.store.read_weights(&run.id)).unwrap_err();
            // The version is read before all else, and may be what is damaged.
            let first = name == "run.json" && matches!(error, StoreError::Parse { .. });
            assert!(first || matches!(error, StoreError::Damaged { .. }), "{name}: {error}");
            assert!(error.to_string().contains(&name), "{error}");
        }
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(folder.store.load(&run.id).unwrap(), run);
    assert_eq!(folder.store.read_weights(&run.id).unwrap(), b"weights");
    // SHA-256 of the seven bytes `weights`.
    let sum = "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c";
    let stored = folder.store.weights_sum(&run.id).unwrap();
    assert_eq!(stored.as_deref(), Some(sum));
}

#[test]
fn mistakes_in_records_are_reported_with_file_and_line() {
    let folder = folder();
    let run = record(&config());
    store_run(&folder.dir, &run.config).unwrap();
    let dir = folder.dir.join("runs").join(&run.id.0);
    let sums = fs::read_to_string(dir.join("SHA256SUMS")).unwrap();
    // Changes a file and its checksum, as another program would.
    let change = |file: &str, old: &str, new: &str| {
        let path = dir.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{text}");
        let changed = text.replacen(old, new, 1);
        let sum = |text: &str| {
            use sha2::Digest as _;
            let digest = sha2::Sha256::digest(text.as_bytes());
            digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        fs::write(dir.join("SHA256SUMS"), sums.replace(&sum(&text), &sum(&changed))).unwrap();
        fs::write(&path, changed).unwrap();
        let error = folder.store.load(&run.id).unwrap_err();
        fs::write(&path, text).unwrap();
        error
    };
    let error = change("run.json", "\"format\": 2", "\"format\": 1, \"new\": true");
    assert!(error.to_string().ends_with("record format 1, this program reads 2"), "{error}");
    let error = change("result.json", "\"format\": 2", "\"format\": 7");
    assert!(matches!(error, StoreError::Format { found: 7, expected: 2, .. }), "{error}");
    let error = change("run.json", "\"batch_size\": 16", "\"batch_size\": 32");
    assert!(
        matches!(&error, StoreError::OtherRun { expected, .. } if *expected == run.id),
        "{error}"
    );
    let error = change("epochs.jsonl", "{\"epoch\":1", "{\"epoch\":one");
    assert!(matches!(error, StoreError::Parse { line: 2, .. }), "{error}");
    let error = change("predictions.json", "\"predicted\":\"30\"", "\"predicted\":\"3\"");
    assert!(error.to_string().contains("[2, 1, 2] entries"), "{error}");
    fs::write(dir.join("SHA256SUMS"), &sums).unwrap();
    fs::remove_file(dir.join("gradients.jsonl")).unwrap();
    let error = folder.store.load(&run.id).unwrap_err();
    assert!(error.to_string().contains("gradients.jsonl"), "{error}");
    fs::write(dir.join("SHA256SUMS"), "not a sum").unwrap();
    let error = folder.store.load(&run.id).unwrap_err();
    assert!(matches!(error, StoreError::Parse { line: 1, .. }), "{error}");
    assert!(folder.store.load(&RunId("0123456789abcdef".to_owned())).is_err());
}
