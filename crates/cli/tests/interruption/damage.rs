//! Checkpoints and records that were changed behind the program's back.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::common::{plateau, succeed};
use crate::process::Bench;
use crate::study::assert_same;

/// All files below a folder whose names end so, in order.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A study stopped while runs are under way.
fn stopped() -> Bench {
    let bench = Bench::new();
    let study = bench.under_way();
    study.signal("INT");
    assert_eq!(study.wait().status.code(), Some(130));
    bench
}

#[test]
fn damaged_checkpoints_fall_back_to_the_ones_before_or_to_the_start() {
    let undisturbed = Bench::new().undisturbed();
    let change: [fn(&Path); 4] = [
        |path| {
            let mut bytes = fs::read(path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(path, bytes).unwrap();
        },
        |path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() - 9]).unwrap();
        },
        |path| fs::write(path, "").unwrap(),
        |path| {
            // One of another run, under this one's name.
            let name = path.file_name().unwrap();
            let others = path.parent().unwrap().parent().unwrap();
            let other = files(others, ".checkpoint")
                .into_iter()
                .find(|other| other.parent() != path.parent() && other.file_name() != Some(name));
            match other {
                Some(other) => drop(fs::copy(other, path).unwrap()),
                None => fs::write(path, "of no run").unwrap(),
            }
        },
    ];
    for (which, change) in change.into_iter().enumerate() {
        let bench = stopped();
        let checkpoints = files(&bench.out().join("checkpoints"), ".checkpoint");
        // The last one of each run under way, and of the first run all of them.
        for (i, path) in checkpoints.iter().enumerate() {
            let is_last = checkpoints.get(i + 1).is_none_or(|next| next.parent() != path.parent());
            if is_last || path.parent() == checkpoints[0].parent() {
                change(path);
            }
        }
        let told = bench.finish(&[]);
        assert!(told.contains("is not what was stored"), "change {which}: {told}");
        assert_same(&bench.out(), &undisturbed, &format!("change {which}"));
    }
}

#[test]
fn clocks_may_be_wrong() {
    let undisturbed = Bench::new().undisturbed();
    let bench = stopped();
    // As if the clock had been set back by ten years since.
    let future = SystemTime::now() + Duration::from_secs(10 * 365 * 86_400);
    let times = fs::FileTimes::new().set_modified(future).set_accessed(future);
    for path in files(&bench.out(), "") {
        fs::OpenOptions::new().write(true).open(path).unwrap().set_times(times).unwrap();
    }
    let told = bench.finish(&[]);
    assert!(told.contains("goes on after step"), "{told}");
    assert_same(&bench.out(), &undisturbed, "clocks");
}

#[test]
fn verify_recomputes_and_finds_what_was_changed() {
    let bench = Bench::new();
    bench.undisturbed();
    let said = succeed(bench.root(), &["verify", "out", "--sample", "6"]);
    assert!(said.contains("6 runs are what was stored"), "{said}");
    assert_eq!(said.matches("computed again, to the same bits").count(), 6, "{said}");
    for ending in ["weights.safetensors", "epochs.jsonl", ".checkpoint", "SHA256SUMS"] {
        let folder = if ending == ".checkpoint" { "checkpoints" } else { "runs" };
        let path = &files(&bench.out().join(folder), ending)[1];
        let bytes = fs::read(path).unwrap();
        let mut changed = bytes.clone();
        changed[bytes.len() / 2] ^= 1;
        fs::write(path, changed).unwrap();
        let output = plateau(bench.root(), &["verify", "out", "--sample", "0"]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{ending}: {said}");
        let folder = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
        assert!(said.contains("problem: ") && said.contains(folder), "{ending}: {said}");
        fs::write(path, bytes).unwrap();
    }
    succeed(bench.root(), &["verify", "out", "--sample", "0"]);
    let nothing = plateau(bench.root(), &["verify", "nothing"]);
    assert_eq!(nothing.status.code(), Some(2));
}

#[test]
fn verify_finds_a_record_that_was_never_computed() {
    let bench = Bench::new();
    bench.undisturbed();
    // Whoever changes a result can change its checksum, too; the computation tells.
    let path = &files(&bench.out().join("runs"), "result.json")[0];
    let text = fs::read_to_string(path).unwrap();
    let start = text.find("\"loss\": ").unwrap() + 8;
    let changed =
        format!("{}0.123{}", &text[..start], &text[start + text[start..].find(',').unwrap()..]);
    fs::write(path, &changed).unwrap();
    let sums = path.with_file_name("SHA256SUMS");
    let sum = |text: &str| {
        use sha2::Digest as _;
        sha2::Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let listed = fs::read_to_string(&sums).unwrap();
    fs::write(&sums, listed.replace(&sum(&text), &sum(&changed))).unwrap();
    succeed(bench.root(), &["verify", "out", "--sample", "0"]);
    let output = plateau(bench.root(), &["verify", "out", "--sample", "6"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("its result came out otherwise"), "{said}");
}
