//! Results on disk: peers.txt to read, peers.json with every raw value.

use std::fs;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::results::Results;
use super::table;

/// The files written: text, then JSON.
pub(crate) fn write(folder: &Path, results: &Results) -> Result<[PathBuf; 2], Failure> {
    let named = |path: &Path| {
        let path = path.to_owned();
        move |source| Failure::File { path, source }
    };
    fs::create_dir_all(folder).map_err(named(folder))?;
    let (text, json) = (folder.join("peers.txt"), folder.join("peers.json"));
    fs::write(&text, table::whole(results)).map_err(named(&text))?;
    let values = serde_json::to_string_pretty(results).map_err(std::io::Error::from);
    fs::write(&json, values.map_err(named(&json))? + "\n").map_err(named(&json))?;
    Ok([text, json])
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::machine::Machine;
    use super::super::results::tests::result;
    use super::*;

    #[test]
    fn both_files_hold_the_results() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("new").join("2026-03-01-test");
        let scenarios = vec![result("first-step", &[&[1.25, 1.75]])];
        let results = Results { machine: Machine::for_tests(), rounds: 2, steps: 60, scenarios };
        let [text, json] = write(&folder, &results).unwrap();
        assert!(fs::read_to_string(text).unwrap().contains("first-step"));
        let stored: Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
        let scenario = &stored["scenarios"][0];
        assert_eq!(scenario["unit"], "seconds");
        assert_eq!(scenario["contenders"][0]["samples"][1]["value"], 1.75);
        assert_eq!(scenario["figures"][0]["target"]["at_most"], 1.5);
        assert_eq!(scenario["figures"][0]["spread"]["median"], 1.5);
        assert_eq!(stored["machine"]["date"], "2026-03-01");
    }
}
