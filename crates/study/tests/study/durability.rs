//! Whatever happens to the disk, the store holds whole files or none.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use plateau_record::{RunConfig, RunId, Step};
use plateau_study::plan::Results;
use plateau_study::store::disk::{Disk, Faults, Operation, Verdict};
use plateau_study::store::{Progress, StoreError};
use plateau_study::{Checkpoints, Commit, Plan, Store};
use tempfile::TempDir;

use crate::support::{record, store_record, tiny_study};

fn config() -> RunConfig {
    Plan::new(&tiny_study(), &Results::new()).runs[0].config.clone()
}

/// The power goes at the n-th operation: it and all later ones fail, and what was written and not
/// flushed is lost from its middle on.
struct PowerCut {
    at: usize,
    /// Of a write that is cut short, this share is done, in eighths.
    eighths: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    n: usize,
    unflushed: BTreeSet<PathBuf>,
}

impl PowerCut {
    fn new(at: usize, eighths: usize) -> Arc<Self> {
        Arc::new(Self { at, eighths, state: Mutex::default() })
    }

    fn happened(&self) -> bool {
        self.state.lock().unwrap().n > self.at
    }

    /// What the disk holds once the power is back.
    fn lose_unflushed(&self) {
        for path in &self.state.lock().unwrap().unflushed {
            if let Ok(file) = OpenOptions::new().write(true).open(path) {
                let length = file.metadata().unwrap().len();
                file.set_len(length / 2).unwrap();
            }
        }
    }
}

impl Faults for PowerCut {
    fn verdict(&self, operation: Operation<'_>) -> Verdict {
        let mut state = self.state.lock().unwrap();
        let n = state.n;
        state.n += 1;
        let gone = || io::Error::other("the power is gone");
        if n > self.at {
            return Verdict::Fail(gone());
        }
        match operation {
            Operation::Write(path, length) => {
                state.unflushed.insert(path.to_owned());
                if n == self.at {
                    return Verdict::FailAfter(length * self.eighths / 8, gone());
                }
            }
            Operation::Flush(path) if n < self.at => {
                state.unflushed.remove(path);
            }
            // A rename takes what was not flushed along.
            Operation::Rename(from, to) if n < self.at => {
                let moved = |path: &PathBuf| {
                    path.strip_prefix(from).map(|rest| {
                        if rest.as_os_str().is_empty() { to.to_owned() } else { to.join(rest) }
                    })
                };
                state.unflushed = state
                    .unflushed
                    .iter()
                    .map(|path| moved(path).unwrap_or(path.clone()))
                    .collect();
            }
            _ => {}
        }
        if n == self.at { Verdict::Fail(gone()) } else { Verdict::Go }
    }
}

/// A study's folder with a run, its checkpoints, its progress and its `study.toml`, written anew
/// over older ones.
pub(crate) fn write_all(store: &Store) -> Result<(), StoreError> {
    let study = tiny_study();
    store.write_study(&Plan::new(&study, &Results::new()).record(&study))?;
    let run = record(&config());
    let checkpoints = store.checkpoints(&run.id);
    for step in [2, 4, 6] {
        checkpoints.save(Step(step), "me", &content(step))?;
    }
    store.write_progress(&Progress { seconds_left: Some(1.5), ..Progress::default() })?;
    store_record(store, &run)?;
    let mut results = Results::new();
    results.insert(run.id.clone(), run);
    store.write_study(&Plan::new(&study, &results).record(&study))?;
    checkpoints.keep_last()?;
    let note = store.dir().join("report/figures/note.txt");
    for report in REPORTS {
        store.write_report(&report)?;
        fs::write(&note, NOTE).unwrap();
        fs::write(store.dir().join("report/report.md"), EDITED).unwrap();
    }
    Ok(())
}

pub(crate) type Report = [(&'static str, &'static [u8]); 3];

pub(crate) const REPORTS: [Report; 3] = [
    [("report.html", b"1"), ("report.md", b"1"), ("figures/a.svg", b"1")],
    [("report.html", b"2"), ("report.md", b"2"), ("figures/b.svg", b"2")],
    [("report.html", b"3"), ("report.md", b"3"), ("figures/a.svg", b"3")],
];
const NOTE: &str = "the user's own";
const EDITED: &str = "edited by the user";

/// The report, if there is one, is one of those that were written, and nothing of the user's is
/// lost. Who writes to the folder puts it in order first.
pub(crate) fn assert_report_is_sound(store: &Store, when: &str) {
    let dir = store.dir().join("report");
    if !dir.is_dir() {
        return;
    }
    let page = fs::read(dir.join("report.html")).unwrap_or_else(|error| panic!("{when}: {error}"));
    let report = REPORTS.iter().find(|report| report[0].1 == page);
    let report = report.unwrap_or_else(|| panic!("{when}: {page:?}"));
    let (name, bytes) = report[2];
    assert_eq!(fs::read(dir.join(name)).unwrap(), bytes, "{when}");
    if page != b"1" {
        assert_eq!(fs::read_to_string(dir.join("figures/note.txt")).unwrap(), NOTE, "{when}");
        let kept = fs::read_to_string(dir.join("report.yours.md")).unwrap();
        assert_eq!(kept, EDITED, "{when}");
    }
}

fn content(step: u64) -> Vec<u8> {
    (0..1000 + step).map(|i| (i * step) as u8).collect()
}

/// Everything under its final name is whole.
fn assert_sound(dir: &Path, when: &str) {
    let store = Store::open(dir, "tiny").unwrap_or_else(|error| panic!("{when}: {error}"));
    store.study().unwrap_or_else(|error| panic!("{when}: {error}"));
    let says_how_far = dir.join(".progress.json").exists();
    assert_eq!(store.progress().is_some(), says_how_far, "{when}");
    let run = record(&config());
    if store.has(&run.id) {
        assert_eq!(store.load(&run.id).unwrap(), run, "{when}");
        assert_eq!(store.read_weights(&run.id).unwrap(), b"weights", "{when}");
    }
    let checkpoints = store.checkpoints(&run.id);
    for step in checkpoints.steps().unwrap() {
        let read = checkpoints.read(step).unwrap_or_else(|error| panic!("{when}: {error}"));
        assert_eq!(read.bytes, content(step.0), "{when}");
    }
}

#[test]
fn the_power_may_go_at_every_single_operation() {
    let mut n_cuts = 0;
    for at in 0.. {
        let mut happened = false;
        for eighths in [0, 3, 8] {
            let root = tempfile::tempdir().unwrap();
            let dir = root.path().join("out");
            let cut = PowerCut::new(at, eighths);
            fs::create_dir_all(&dir).unwrap();
            let store = Store::at(&dir).on(Disk::with_faults(cut.clone()));
            // An error, unless nothing but tidying up was left to do.
            let _ = write_all(&store);
            happened = cut.happened();
            cut.lose_unflushed();
            let when = format!("operation {at}, {eighths} eighths written");
            assert_sound(&dir, &when);
            // The same again, on a sound disk, and all is there.
            let store = Store::open(&dir, "tiny").unwrap();
            let lock = store.lock("me").unwrap();
            assert_report_is_sound(&store, &when);
            write_all(&store).unwrap_or_else(|error| panic!("{when}: {error}"));
            drop(lock);
            assert_sound(&dir, &when);
            assert!(store.has(&config().id()), "{when}");
            assert_eq!(store.checkpoints(&config().id()).steps().unwrap(), [Step(6)], "{when}");
            n_cuts += usize::from(happened);
        }
        if !happened {
            break;
        }
    }
    println!("{n_cuts} power cuts");
    // Every create, write, flush, rename and remove of the above.
    assert!(n_cuts > 150, "{n_cuts}");
}

/// The n-th operation fails, as on a full disk, and the next ones don't.
struct Failing {
    at: usize,
    n: Mutex<usize>,
}

impl Faults for Failing {
    fn verdict(&self, operation: Operation<'_>) -> Verdict {
        let mut n = self.n.lock().unwrap();
        *n += 1;
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        match operation {
            _ if *n != self.at + 1 => Verdict::Go,
            Operation::Write(_, length) => Verdict::FailAfter(length / 2, full()),
            _ => Verdict::Fail(full()),
        }
    }
}

#[test]
fn an_operation_that_fails_names_its_path_and_leaves_no_rubbish() {
    for at in 0.. {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("out");
        fs::create_dir_all(&dir).unwrap();
        let faults = Arc::new(Failing { at, n: Mutex::new(0) });
        let store = Store::at(&dir).on(Disk::with_faults(faults.clone()));
        let outcome = write_all(&store);
        if *faults.n.lock().unwrap() <= at {
            assert!(at > 40, "{at} operations");
            outcome.unwrap();
            break;
        }
        if let Err(error) = outcome {
            assert!(error.is_of_the_disk(), "operation {at}: {error}");
            assert!(error.to_string().contains("out"), "operation {at}: {error}");
        }
        assert_sound(&dir, &format!("operation {at} failed"));
        let rest = names_below(&dir);
        // A report that was swapped may still be there, until the folder is next locked.
        let of_report = |name: &String| name.starts_with(".plateau-report-");
        let others: Vec<_> = rest.iter().filter(|name| !of_report(name)).collect();
        assert!(!others.iter().any(|name| name.ends_with(".tmp")), "operation {at}: {rest:?}");
        drop(Store::at(&dir).lock("me").unwrap());
        assert_report_is_sound(&Store::at(&dir), &format!("operation {at} failed"));
        let rest = names_below(&dir);
        assert!(!rest.iter().any(|name| name.ends_with(".tmp")), "operation {at}: {rest:?}");
    }
}

pub(crate) fn names_below(dir: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        names.push(entry.file_name().to_string_lossy().into_owned());
        if entry.path().is_dir() {
            names.extend(names_below(&entry.path()));
        }
    }
    names
}

struct Saved {
    _root: TempDir,
    checkpoints: Checkpoints,
}

fn saved() -> Saved {
    let root = tempfile::tempdir().unwrap();
    let checkpoints = Store::at(root.path()).checkpoints(&config().id());
    for step in [3, 5, 12] {
        checkpoints.save(Step(step), "plateau 0 avx2", &content(step)).unwrap();
    }
    Saved { _root: root, checkpoints }
}

#[test]
fn the_last_two_checkpoints_are_kept_and_the_last_of_a_finished_run() {
    let Saved { checkpoints, _root } = &saved();
    assert_eq!(checkpoints.steps().unwrap(), [Step(5), Step(12)]);
    assert_eq!(checkpoints.read(Step(5)).unwrap().bytes, content(5));
    assert_eq!(checkpoints.read(Step(12)).unwrap().maker, "plateau 0 avx2");
    checkpoints.keep_last().unwrap();
    assert_eq!(checkpoints.steps().unwrap(), [Step(12)]);
    checkpoints.discard(Step(12)).unwrap();
    checkpoints.discard(Step(12)).unwrap();
    assert!(checkpoints.steps().unwrap().is_empty());
}

#[test]
fn a_checkpoint_with_any_byte_flipped_is_damaged() {
    let Saved { checkpoints, _root } = &saved();
    let path = checkpoints.path(Step(12));
    let bytes = fs::read(&path).unwrap();
    for at in 0..bytes.len() {
        for bit in [0, 7] {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            fs::write(&path, changed).unwrap();
            let error = checkpoints.read(Step(12)).unwrap_err();
            assert!(matches!(error, StoreError::Damaged { .. }), "byte {at}: {error}");
        }
    }
    assert!(checkpoints.read(Step(5)).is_ok());
}

#[test]
fn so_is_one_cut_short_an_empty_one_and_one_of_another_run() {
    let Saved { checkpoints, _root } = &saved();
    let path = checkpoints.path(Step(12));
    let bytes = fs::read(&path).unwrap();
    for length in 0..bytes.len() {
        fs::write(&path, &bytes[..length]).unwrap();
        assert!(matches!(checkpoints.read(Step(12)), Err(StoreError::Damaged { .. })), "{length}");
    }
    fs::write(&path, [&bytes[..], b"more"].concat()).unwrap();
    assert!(matches!(checkpoints.read(Step(12)), Err(StoreError::Damaged { .. })));
    fs::copy(checkpoints.path(Step(5)), &path).unwrap();
    assert!(matches!(checkpoints.read(Step(12)), Err(StoreError::Damaged { .. })), "another step");
    let other = Store::at(_root.path()).checkpoints(&RunId("0123456789abcdef".into()));
    other.save(Step(12), "me", b"state").unwrap();
    fs::copy(other.path(Step(12)), &path).unwrap();
    assert!(matches!(checkpoints.read(Step(12)), Err(StoreError::Damaged { .. })), "another run");
}

#[test]
fn names_that_are_no_checkpoints_are_left_alone() {
    let Saved { checkpoints, _root } = &saved();
    for name in ["7.checkpoint", "notes.txt", "00000000x7.checkpoint", ".0000000007.checkpoint"] {
        fs::write(checkpoints.dir().join(name), "mine").unwrap();
    }
    assert_eq!(checkpoints.steps().unwrap(), [Step(5), Step(12)]);
    checkpoints.keep_last().unwrap();
    assert!(checkpoints.dir().join("notes.txt").is_file());
}

#[test]
fn a_folder_is_locked_for_one_and_given_back_when_it_ends() {
    let root = tempfile::tempdir().unwrap();
    let store = Store::open(root.path(), "tiny").unwrap();
    assert_eq!(store.lock_holder(), None);
    let lock = store.lock("process 1 (plateau run tiny)").unwrap();
    let error = Store::at(root.path()).lock("process 2").unwrap_err();
    let holder = "is in use by process 1 (plateau run tiny)";
    assert!(error.to_string().ends_with(holder), "{error}");
    assert_eq!(store.lock_holder().as_deref(), Some("process 1 (plateau run tiny)"));
    drop(lock);
    assert_eq!(store.lock_holder(), None);
    // Its words are still there: a stale lock is taken over, whatever the clock says.
    let long_ago = fs::FileTimes::new().set_modified(std::time::SystemTime::UNIX_EPOCH);
    let file = OpenOptions::new().write(true).open(root.path().join(".lock")).unwrap();
    file.set_times(long_ago).unwrap();
    let lock = store.lock("process 3").unwrap();
    assert_eq!(store.lock_holder().as_deref(), Some("process 3"));
    drop(lock);
}

#[test]
fn a_second_writer_of_a_run_finds_the_first_ones_record() {
    let root = tempfile::tempdir().unwrap();
    let store = Store::open(root.path(), "tiny").unwrap();
    let run = record(&config());
    assert_eq!(store_record(&store, &run).unwrap(), Commit::Stored);
    assert_eq!(store_record(&store, &run).unwrap(), Commit::AlreadyThere);
}
