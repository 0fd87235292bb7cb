//! What the user writes into a study's folder is kept, whatever the file system can do.

use std::fs;
use std::io;
use std::sync::Arc;

use plateau_study::Store;
use plateau_study::store::disk::{Disk, Faults, Operation, Verdict};

use crate::durability::{REPORTS, assert_report_is_sound, names_below, write_all};

/// A file system on which two names can't be swapped.
struct NoExchange;

impl Faults for NoExchange {
    fn verdict(&self, operation: Operation<'_>) -> Verdict {
        match operation {
            Operation::Exchange(..) => Verdict::Fail(io::ErrorKind::Unsupported.into()),
            _ => Verdict::Go,
        }
    }
}

#[test]
fn a_report_is_replaced_where_names_cannot_be_swapped() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("out");
    fs::create_dir_all(&dir).unwrap();
    write_all(&Store::at(&dir).on(Disk::with_faults(Arc::new(NoExchange)))).unwrap();
    assert_report_is_sound(&Store::at(&dir), "without swapping");
    assert_eq!(fs::read(dir.join("report/report.html")).unwrap(), b"3");
    // As if the program had been killed between its two renames.
    let process = std::process::id();
    let old = dir.join(format!(".plateau-report-old.{process}.tmp"));
    let new = dir.join(format!(".plateau-report-new.{process}.tmp"));
    fs::rename(dir.join("report"), &old).unwrap();
    fs::create_dir(&new).unwrap();
    for name in ["report.html", "report.md", "figures/a.svg", "SHA256SUMS"] {
        fs::create_dir_all(new.join("figures")).unwrap();
        fs::copy(old.join(name), new.join(name)).unwrap();
    }
    fs::write(new.join("report.md"), "3").unwrap();
    drop(Store::at(&dir).lock("me").unwrap());
    assert_report_is_sound(&Store::at(&dir), "killed between two renames");
    assert!(!names_below(&dir).iter().any(|name| name.ends_with(".tmp")));
}

#[test]
fn what_the_user_wrote_into_the_folder_is_kept() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("out");
    let store = Store::open(&dir, "tiny").unwrap();
    let name = "samples.png";
    assert_eq!(store.write_file(name, b"ours").unwrap(), None);
    assert_eq!(store.write_file(name, b"ours, renewed").unwrap(), None);
    for again in ["", "-2"] {
        fs::write(dir.join(name), format!("theirs{again}")).unwrap();
        let kept = store.write_file(name, b"ours").unwrap().unwrap();
        assert_eq!(kept, dir.join(format!("samples.yours{again}.png")));
        assert_eq!(fs::read_to_string(kept).unwrap(), format!("theirs{again}"));
        assert_eq!(fs::read(dir.join(name)).unwrap(), b"ours");
    }
    let sums = fs::read_to_string(dir.join("SHA256SUMS")).unwrap();
    assert_eq!(sums.lines().count(), 1, "{sums}");
}

#[test]
fn a_report_of_an_earlier_version_is_kept_whole_where_it_differs() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("out");
    let store = Store::open(&dir, "tiny").unwrap();
    for (content, n_kept) in [("1", 0), ("edited", 1)] {
        let _ = fs::remove_dir_all(dir.join("report"));
        fs::create_dir(dir.join("report")).unwrap();
        fs::write(dir.join("report/report.html"), content).unwrap();
        let kept = store.write_report(&REPORTS[0]).unwrap();
        assert_eq!(kept.len(), n_kept, "{kept:?}");
        for folder in kept {
            assert_eq!(fs::read_to_string(folder.join("report.html")).unwrap(), content);
        }
        assert_eq!(fs::read(dir.join("report/report.html")).unwrap(), b"1");
    }
}
