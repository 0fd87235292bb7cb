//! Where a report stands, as far as its text speaks of that.

use std::path::{Path, PathBuf};

use plateau_record::StudyRecord;
use plateau_report::{Origin, Place};
use plateau_study::spec::preset;

/// This crate, seen from the top of the program's source.
const CRATE: &str = "crates/plateau";

/// What the report of a study's folder says of the program and of itself. `written` is the study
/// as written, if the folder has it.
#[must_use]
pub fn of(folder: &Path, study: &StudyRecord, written: Option<&str>) -> Place {
    let preset = preset(&study.name);
    let origin = match (preset, written) {
        (Some(preset), Some(written)) if preset.source == written => Origin::Preset,
        // Of a version that kept no study as written.
        (Some(_), None) => Origin::Preset,
        _ => Origin::Folder,
    };
    Place { origin, source: source(&folder.join("report")) }
}

/// The path of this crate's source, from a report's folder: relative within the checkout, so that
/// both can move together; else where it was when the program was built, if it is still there.
fn source(report: &Path) -> Option<String> {
    let report = absolute(report)?;
    let mut up = PathBuf::new();
    for ancestor in report.ancestors() {
        if ancestor.join(CRATE).join("Cargo.toml").is_file() {
            return Some(up.join(CRATE).to_str()?.to_owned());
        }
        up.push("..");
    }
    let built = Path::new(env!("CARGO_MANIFEST_DIR"));
    built.join("Cargo.toml").is_file().then(|| built.to_str().map(str::to_owned)).flatten()
}

/// The folder may not be there yet, but what it will stand in is.
fn absolute(report: &Path) -> Option<PathBuf> {
    let parent = report.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new(".")).canonicalize().ok()?;
    Some(parent.join(report.file_name()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_is_found_from_within_the_checkout_and_from_elsewhere() {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let inside = source(&top.join("reports/cifar10/report"));
        assert_eq!(inside.as_deref(), Some("../../../crates/plateau"));
        let elsewhere = tempfile::tempdir().unwrap();
        let found = source(&elsewhere.path().join("report")).unwrap();
        assert!(Path::new(&found).join("Cargo.toml").is_file(), "{found}");
    }
}
