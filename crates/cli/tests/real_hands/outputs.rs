//! What a study leaves stands by itself.

use std::path::Path;

use serde_json::Value;

use crate::place::{Place, STUDY};

/// The source of a notebook's cells of code.
fn code(place: &Place, path: &str) -> Vec<String> {
    let notebook: Value = serde_json::from_str(&place.read(path)).unwrap();
    let cells = notebook["cells"].as_array().unwrap().iter();
    let code = cells.filter(|cell| cell["cell_type"] == "code");
    let lines = |cell: &Value| -> String {
        cell["source"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect()
    };
    code.map(lines).collect()
}

#[test]
fn a_notebook_has_its_own_data_network_and_a_path_that_is_there() {
    let place = Place::new();
    place.succeed(&["run", "t.toml", "--out", "OUT"]);
    let code = code(&place, "OUT/report/report.ipynb");
    let all = code.join("\n");
    let path = code[0].split("path = \"").nth(1).unwrap().split('"').next().unwrap();
    assert!(Path::new(path).join("Cargo.toml").is_file(), "{path}");
    assert!(all.contains("synthetic()") && !all.contains("cifar10()"), "{all}");
    assert!(all.contains("block(4)") && all.contains("fully_connected(8)"), "{all}");
}

#[test]
fn intervals_of_shares_are_possible() {
    let place = Place::new();
    // Two seeds, of which one learns and one hardly does.
    let source = STUDY.replace("rate = 0.02", "rate = 0.15").replace("epochs = 1", "epochs = 4");
    place.write("wide.toml", source);
    place.succeed(&["run", "wide.toml", "--out", "OUT"]);
    let text = place.read("OUT/report/summary.json");
    let summary: Value = serde_json::from_str(&text).unwrap();
    let mut n_intervals = 0;
    check_intervals(&summary["findings"], false, &mut n_intervals);
    assert!(n_intervals > 0);
}

/// Intervals below a key that speaks of an accuracy lie between 0 and 1.
fn check_intervals(value: &Value, of_accuracy: bool, n_intervals: &mut usize) {
    match value {
        Value::Object(entries) => {
            if let (true, Some(lower), Some(upper)) = (
                of_accuracy,
                entries.get("lower").and_then(Value::as_f64),
                entries.get("upper").and_then(Value::as_f64),
            ) {
                assert!((0.0..=1.0).contains(&lower) && (0.0..=1.0).contains(&upper), "{value}");
                *n_intervals += 1;
            }
            for (key, entry) in entries {
                let is_share = key.contains("accuracy") && !key.contains("difference");
                check_intervals(entry, of_accuracy || is_share, n_intervals);
            }
        }
        Value::Array(items) => {
            items.iter().for_each(|item| check_intervals(item, of_accuracy, n_intervals));
        }
        _ => {}
    }
}

#[test]
fn letters_that_the_paper_lacks_are_named() {
    let place = Place::new();
    for (title, letter) in [("图像", Some("图")), ("emoji 🦀", Some("🦀")), ("Größe", None)]
    {
        place.write("title.toml", STUDY.replace("Does dropout help?", title));
        let said = place.succeed(&["run", "title.toml", "--out", "OUT"]);
        assert_eq!(said.err.contains("paper.pdf has no letters for"), letter.is_some(), "{title}");
        letter.into_iter().for_each(|letter| said.contains(&[letter]));
        assert!(place.read("OUT/report/report.html").contains(title));
    }
}
