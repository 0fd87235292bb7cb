//! What is damaged, forbidden or in the way is named with what to do, and blocks nothing else.

use std::fs;

use crate::common::records;
use crate::place::{Place, files};

fn done() -> Place {
    let place = Place::new();
    place.succeed(&["run", "t.toml", "--out", "OUT"]);
    place
}

fn first_run(place: &Place) -> String {
    let first = records(&place.path("OUT")).into_keys().next().unwrap();
    first.split('/').next().unwrap().to_owned()
}

/// Puts the checksum of a changed file in place of its former one.
fn sign(place: &Place, folder: &str) {
    let folder = place.path(folder);
    let script = "sha256sum $(cut -c67- SHA256SUMS) > ../sums && mv ../sums SHA256SUMS";
    let status = std::process::Command::new("sh").args(["-c", script]).current_dir(folder).status();
    assert!(status.unwrap().success());
}

#[test]
fn a_run_whose_folder_was_renamed_is_moved_aside_and_made_again() {
    let place = done();
    let before = records(&place.path("OUT"));
    let id = first_run(&place);
    let elsewhere = "0123456789abcdef";
    fs::rename(place.path("OUT/runs").join(&id), place.path("OUT/runs").join(elsewhere)).unwrap();
    let status = place.succeed(&["status", "OUT", "--json"]).json();
    assert_eq!((&status["done"], &status["waiting"]), (&3.into(), &1.into()), "{status}");
    place.succeed(&["run", "t.toml", "--out", "OUT"]).contains(&[elsewhere, "damaged"]);
    assert!(records(&place.path("OUT")) == before);
    assert!(place.path("OUT/damaged").join(elsewhere).is_dir(), "nothing is lost");
    let status = place.succeed(&["status", "OUT", "--json"]).json();
    assert_eq!(status["damaged"].as_array().unwrap().len(), 0, "{status}");
}

#[test]
fn numbers_that_cannot_be_are_damage_whatever_their_checksum_says() {
    let place = done();
    let before = records(&place.path("OUT"));
    let id = first_run(&place);
    for (file, from, to, why) in [
        ("epochs.jsonl", "\"accuracy\":", "\"accuracy\":7", "an accuracy is 7"),
        ("result.json", "\"seconds\": ", "\"seconds\": -9", "a time is -9"),
        ("result.json", "\"loss\": ", "\"loss\": -9", "a loss is -9"),
    ] {
        let name = format!("OUT/runs/{id}/{file}");
        let text = place.read(&name);
        assert!(text.contains(from), "{text}");
        place.write(&name, text.replacen(from, to, 1));
        sign(&place, &format!("OUT/runs/{id}"));
        place.succeed(&["report", "OUT"]).contains(&[&id, why]);
        assert!(place.read("OUT/report/report.md").contains(why), "{why}");
        assert_eq!(place.run(&["verify", "OUT", "--sample", "0"]).code, 1);
        place.succeed(&["run", "t.toml", "--out", "OUT"]).contains(&[&id, "made again"]);
        assert!(records(&place.path("OUT")) == before, "{why}");
    }
}

#[test]
fn emptied_weights_are_found_and_made_again() {
    let place = done();
    let id = first_run(&place);
    let weights = format!("OUT/runs/{id}/weights.safetensors");
    place.write(&weights, "");
    place.run(&["verify", "OUT", "--sample", "0"]).contains(&["1 problem", "plateau run"]);
    place.succeed(&["run", "t.toml", "--out", "OUT"]).contains(&[&id, "made again"]);
    assert!(place.read_bytes(&weights).len() > 1000);
    place.succeed(&["verify", "OUT", "--sample", "0"]);
    // Left out on purpose, as in a repository, they are no damage.
    fs::remove_file(place.path(&weights)).unwrap();
    let said = place.succeed(&["run", "t.toml", "--out", "OUT", "--json"]).json();
    assert_eq!(said["ran"], 0);
}

#[test]
fn verify_names_every_file_that_is_not_what_was_stored() {
    let place = done();
    place.succeed(&["verify", "OUT", "--sample", "0"]);
    for name in ["samples.png", "study.toml", "study-as-written.toml", "report/report.md"] {
        let file = format!("OUT/{name}");
        let stored = place.read_bytes(&file);
        place.write(&file, [&stored[..], b"\n"].concat());
        let said = place.run(&["verify", "OUT", "--sample", "0"]);
        assert_eq!(said.code, 1, "{name}");
        assert!(said.out.contains(name), "{name}: {}", said.out);
        fs::remove_file(place.path(&file)).unwrap();
        let said = place.run(&["verify", "OUT", "--sample", "0"]);
        assert_eq!(said.code, 1, "{name}");
        assert!(said.out.contains("is missing"), "{name}: {}", said.out);
        place.write(&file, stored);
        place.succeed(&["verify", "OUT", "--sample", "0"]);
    }
}

#[test]
fn what_stands_in_the_way_is_named_and_the_report_left_alone() {
    let place = done();
    let report = files(&place.path("OUT/report"));
    for name in [
        "runs",
        "checkpoints",
        "damaged",
        ".lock",
        ".progress.json",
        "study.toml",
        "SHA256SUMS",
        "samples.png",
        "study-as-written.toml",
    ] {
        let path = place.path("OUT").join(name);
        let away = place.path("away");
        let was_there = path.exists();
        if was_there {
            fs::rename(&path, &away).unwrap();
        }
        let is_folder = matches!(name, "runs" | "checkpoints" | "damaged");
        if is_folder {
            fs::write(&path, "mine").unwrap();
        } else {
            fs::create_dir(&path).unwrap();
        }
        for command in [&["run", "t.toml", "--out", "OUT"][..], &["report", "OUT"]] {
            let said = place.run(command);
            assert_ne!(said.code, 0, "{name}, {command:?}");
            said.contains(&["OUT/", name, "is not a", "move it away"]);
        }
        for command in ["status", "verify"] {
            place.run(&[command, "OUT"]);
        }
        assert!(files(&place.path("OUT/report")) == report, "{name}");
        if is_folder {
            fs::remove_file(&path).unwrap();
        } else {
            fs::remove_dir(&path).unwrap();
        }
        if was_there {
            fs::rename(&away, &path).unwrap();
        }
    }
    place.succeed(&["run", "t.toml", "--out", "OUT"]);
}

#[test]
fn a_report_is_not_replaced_by_one_of_nothing() {
    let place = done();
    let report = files(&place.path("OUT/report"));
    fs::rename(place.path("OUT/runs"), place.path("away")).unwrap();
    let said = place.run(&["report", "OUT"]);
    assert_eq!(said.code, 1);
    said.contains(&["no run that can be read", "left as it is"]);
    assert!(files(&place.path("OUT/report")) == report);
}

#[test]
fn a_damaged_study_says_what_mends_it() {
    let place = done();
    place.write("OUT/study.toml", "= damaged");
    for command in ["status", "report"] {
        place.refused(&[command, "OUT"], &["study.toml", "give them again"]);
    }
    // How many seeds it had is nowhere else: they are asked for, not made up.
    place.refused(&["run", "OUT"], &["study.toml", "give them again"]);
    fs::remove_file(place.path("OUT/study.toml")).unwrap();
    for command in ["status", "report", "run"] {
        place.refused(&[command, "OUT"], &["study.toml", "give them again"]);
    }
    let done = place.succeed(&["run", "OUT", "--seeds", "2", "--json"]).json();
    assert_eq!(done["ran"], 0);
    place.succeed(&["status", "OUT"]);
    fs::remove_file(place.path("OUT/study.toml")).unwrap();
    place.succeed(&["run", "OUT/study-as-written.toml", "--out", "OUT"]);
}

#[test]
fn folders_of_the_user_where_the_report_has_files_are_kept() {
    let place = done();
    for name in ["paper.pdf", "report.md", "figures/network.svg"] {
        fs::remove_file(place.path("OUT/report").join(name)).unwrap();
        place.write(&format!("OUT/report/{name}/a/mine"), "mine");
        place.write(&format!("OUT/report/{name}/b"), "mine");
        for command in ["run", "report", "verify"] {
            place.succeed(&[command, "OUT"]);
        }
        let kept = files(&place.path("OUT/report"));
        let n_mine = kept.iter().filter(|(_, bytes)| bytes == b"mine").count();
        assert_eq!(n_mine, 2, "{name}");
        assert!(kept.iter().any(|(path, _)| path.to_string_lossy().contains(".yours")), "{name}");
        fs::remove_dir_all(place.path("OUT/report")).unwrap();
        place.succeed(&["report", "OUT"]);
    }
}

#[test]
fn a_missing_list_of_checksums_is_a_problem() {
    let place = done();
    for name in ["OUT/SHA256SUMS", "OUT/report/SHA256SUMS"] {
        let list = place.read_bytes(name);
        fs::remove_file(place.path(name)).unwrap();
        let said = place.run(&["verify", "OUT", "--sample", "0"]);
        assert_eq!(said.code, 1, "{name}");
        assert!(said.out.contains("SHA256SUMS is missing"), "{}", said.out);
        place.write(name, list);
    }
}

#[test]
fn a_folder_that_cannot_be_used_is_refused_by_plan_and_run() {
    let place = done();
    place.write("mine/thesis.tex", "mine");
    for (out, word) in [("mine", "thesis.tex"), ("t.toml", "folder"), ("t.toml/x", "file")] {
        for command in ["plan", "run"] {
            place.refused(&[command, "t.toml", "--out", out], &[word]);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_limit_on_the_size_of_files_is_told_of_and_ends_no_process() {
    let place = Place::new();
    for blocks in [1, 8, 24] {
        let script = format!("ulimit -f {blocks}; exec \"$0\" run t.toml --out OUT");
        let program = env!("CARGO_BIN_EXE_plateau");
        let mut shell = std::process::Command::new("sh");
        shell.arg("-c").arg(script).arg(program).current_dir(place.path(""));
        shell.env_remove("PLATEAU_DATA").env("PLATEAU_CACHE", place.path("no-cache"));
        let said = crate::place::Said::of(&shell.output().unwrap());
        assert!([1, 2].contains(&said.code), "{blocks}: {}, {}", said.code, said.err);
        said.contains(&["File too large"]);
    }
    place.succeed(&["run", "t.toml", "--out", "OUT"]);
    place.succeed(&["verify", "OUT"]);
}
