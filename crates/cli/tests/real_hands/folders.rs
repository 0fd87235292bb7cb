//! The user's files are theirs; a study's folder says what it is, and stands by itself.

use std::fs;

use crate::place::{Place, STUDY, files};

#[test]
fn what_the_user_writes_into_a_report_is_kept() {
    let place = Place::new();
    place.succeed(&["run", "t.toml", "--out", "OUT"]);
    place.write("OUT/report/notes.txt", "mine");
    place.write("OUT/report/figures/mine.svg", "mine");
    let notebook = place.read("OUT/report/report.ipynb");
    let edited = notebook.replace("Does dropout help?", "Edited");
    place.write("OUT/report/report.ipynb", &edited);
    fs::create_dir(place.path("OUT/report.old")).unwrap();
    place.write("OUT/report.old/mine", "mine");
    for command in [&["report", "OUT"][..], &["run", "t.toml", "--out", "OUT"]] {
        let said = place.succeed(command);
        assert_eq!(place.read("OUT/report/notes.txt"), "mine");
        assert_eq!(place.read("OUT/report/figures/mine.svg"), "mine");
        assert_eq!(place.read("OUT/report/report.yours.ipynb"), edited);
        assert_eq!(place.read("OUT/report/report.ipynb"), notebook);
        assert_eq!(place.read("OUT/report.old/mine"), "mine");
        if command[0] == "report" {
            said.contains(&["report.yours.ipynb"]);
        }
    }
}

#[test]
fn what_the_user_changes_beside_the_records_is_kept() {
    let place = Place::new();
    place.succeed(&["run", "t.toml", "--out", "OUT"]);
    for (name, kept) in [
        ("study.toml", "study.yours.toml"),
        ("study-as-written.toml", "study-as-written.yours.toml"),
        ("samples.png", "samples.yours.png"),
    ] {
        let ours = fs::read(place.path("OUT").join(name)).unwrap();
        place.write(&format!("OUT/{name}"), "changed by the user");
        place.succeed(&["run", "t.toml", "--out", "OUT"]).contains(&[kept]);
        assert_eq!(place.read(&format!("OUT/{kept}")), "changed by the user");
        assert!(fs::read(place.path("OUT").join(name)).unwrap() == ours, "{name}");
    }
}

#[test]
fn a_folder_of_other_files_is_refused_and_left_alone() {
    let place = Place::new();
    place.write("mine/SHA256SUMS", format!("{}  thesis.tex\n", "0".repeat(64)));
    place.write("mine/.plateau-notes.tmp", "mine");
    let before = files(&place.path("mine"));
    place.refused(&["run", "t.toml", "--out", "mine"], &["SHA256SUMS", "--out"]);
    assert_eq!(files(&place.path("mine")), before);
}

#[test]
fn results_on_other_images_are_never_mixed() {
    let place = Place::new();
    place.write("c10.toml", STUDY.replace("\"synthetic\"", "\"cifar10\""));
    place.succeed(&["run", "c10.toml", "--data", "synthetic", "--out", "OUT"]);
    for command in ["run", "plan"] {
        let arguments = [command, "c10.toml", "--out", "OUT"];
        place.refused(&arguments, &["OUT", "synthetic data", "CIFAR-10"]);
    }
    place.succeed(&["run", "c10.toml", "--data", "synthetic", "--out", "OUT"]);
}

#[test]
fn a_study_runs_again_from_its_own_folder_and_as_its_paper_says() {
    let place = Place::new();
    place.succeed(&["run", "t.toml", "--out", "OUT", "--seeds", "3"]);
    fs::remove_file(place.path("t.toml")).unwrap();
    for name in ["OUT", "OUT/study.toml", "OUT/study-as-written.toml"] {
        let said = place.succeed(&["run", name, "--json"]);
        let done = said.json();
        assert_eq!((&done["ran"], &done["reused"]), (&0.into(), &6.into()), "{name}: {done}");
        place.succeed(&["plan", name]);
    }
    // By another person, elsewhere: the commands as they are printed, in the study's folder.
    fs::rename(place.path("OUT"), place.path("moved")).unwrap();
    let text = place.read("moved/report/report.md");
    let commands = text.split("```").find(|block| block.contains("plateau run")).unwrap();
    let mut n_commands = 0;
    for line in commands.lines().filter(|line| line.starts_with("plateau ")) {
        let arguments: Vec<&str> = line.split(' ').skip(1).collect();
        let output = place.command(&arguments).current_dir(place.path("moved")).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        n_commands += 1;
    }
    assert_eq!(n_commands, 2, "{commands}");
    let again = crate::common::records(&place.path("t-again"));
    assert!(again == crate::common::records(&place.path("moved")), "the same records");
}

#[test]
fn a_preset_is_named_in_the_paper_and_a_study_of_its_name_is_not() {
    let place = Place::new();
    place.write("own.toml", STUDY.replace("name = \"t\"", "name = \"quick\""));
    place.succeed(&["run", "own.toml", "--out", "OUT"]);
    let text = place.read("OUT/report/report.md");
    assert!(!text.contains("plateau run quick") && text.contains("plateau run ."), "{text}");
}

#[test]
fn a_damaged_run_is_named_left_out_and_made_again() {
    let place = Place::new();
    place.succeed(&["run", "t.toml", "--out", "OUT"]);
    let before = crate::common::records(&place.path("OUT"));
    for damage in ["result.json", "run.json", "SHA256SUMS", "epochs.jsonl"] {
        let run = before.keys().find(|file| file.ends_with(damage)).unwrap();
        fs::remove_file(place.path("OUT/runs").join(run)).unwrap();
        let id = run.split('/').next().unwrap();
        place.succeed(&["report", "OUT"]).contains(&[id, damage, "`plateau run` makes it again"]);
        assert!(place.read("OUT/report/report.md").contains(id), "the report says so");
        let status = place.succeed(&["status", "OUT", "--json"]).json();
        assert_eq!(status["damaged"][0]["id"], id, "{status}");
        place.succeed(&["plan", "t.toml", "--out", "OUT"]).contains(&[id]);
        place.succeed(&["run", "t.toml", "--out", "OUT"]).contains(&[id, "made again"]);
        assert!(crate::common::records(&place.path("OUT")) == before, "{damage}");
        assert!(place.path("OUT/damaged").join(id).is_dir(), "nothing is lost");
        fs::remove_dir_all(place.path("OUT/damaged")).unwrap();
    }
}

#[test]
fn line_ends_that_git_changed_are_told_from_damage() {
    let place = Place::new();
    place.succeed(&["run", "t.toml", "--out", "OUT"]);
    assert!(place.read("OUT/.gitattributes").contains("* -text"));
    let report = files(&place.path("OUT/report"));
    for (path, bytes) in files(&place.path("OUT/runs")) {
        if let Ok(text) = String::from_utf8(bytes) {
            fs::write(path, text.replace('\n', "\r\n")).unwrap();
        }
    }
    for command in [&["report", "OUT"][..], &["run", "t.toml", "--out", "OUT"]] {
        place.succeed(command).contains(&["autocrlf"]);
        assert!(files(&place.path("OUT/report")) == report, "the same report");
    }
    let said = place.succeed(&["verify", "OUT", "--sample", "0"]);
    assert!(said.out.contains("autocrlf"), "{}", said.out);
}

#[test]
fn damaged_pictures_and_a_damaged_study_block_nothing() {
    let place = Place::new();
    place.succeed(&["run", "t.toml", "--out", "OUT"]);
    let sheet = fs::read(place.path("OUT/samples.png")).unwrap();
    place.write("OUT/samples.png", &sheet[..100]);
    place.succeed(&["report", "OUT"]).contains(&["samples.png"]);
    place.succeed(&["run", "t.toml", "--out", "OUT"]);
    assert!(fs::read(place.path("OUT/samples.png")).unwrap() == sheet);
    for name in ["study.toml", "SHA256SUMS", ".progress.json"] {
        place.write(&format!("OUT/{name}"), "= damaged");
        let done = place.succeed(&["run", "t.toml", "--out", "OUT", "--json"]).json();
        assert_eq!(done["ran"], 0, "{name}");
        place.succeed(&["status", "OUT"]);
    }
}

#[test]
fn weights_carry_what_it_takes_to_use_them() {
    let place = Place::new();
    place.succeed(&["run", "t.toml", "--out", "OUT"]);
    let all = files(&place.path("OUT/runs"));
    let weights = all.iter().find(|(path, _)| path.ends_with("weights.safetensors")).unwrap();
    let length = u64::from_le_bytes(weights.1[..8].try_into().unwrap()) as usize;
    let head: serde_json::Value = serde_json::from_slice(&weights.1[8..8 + length]).unwrap();
    let text = head["__metadata__"].to_string();
    for part in ["mean", "std", "airplane", "truck", "channels"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let run = fs::read_to_string(weights.0.with_file_name("run.json")).unwrap();
    let run: serde_json::Value = serde_json::from_str(&run).unwrap();
    assert_eq!(run["input"]["classes"].as_array().unwrap().len(), 10);
    assert_eq!(run["input"]["mean"].as_array().unwrap().len(), 3);
}

#[test]
fn a_trace_replaces_nothing_of_the_users() {
    let place = Place::new();
    place.write("tr/steps.jsonl", "mine");
    place.write("file", "mine");
    let train = ["train", "--data", "synthetic", "--out", "T", "--trace"];
    for (folder, why) in [("tr", "not empty"), ("file", "file")] {
        place.refused(&[&train[..], &[folder]].concat(), &["--trace", folder, why]);
    }
    assert_eq!(place.read("tr/steps.jsonl"), "mine");
    assert!(!place.path("T").exists());
}

#[cfg(unix)]
#[test]
fn a_pipe_in_a_studys_folder_makes_no_command_wait() {
    let place = Place::new();
    place.succeed(&["run", "t.toml", "--out", "OUT"]);
    let run = fs::read_dir(place.path("OUT/runs")).unwrap().next().unwrap().unwrap().path();
    let pipe = run.join("epochs.jsonl");
    fs::remove_file(&pipe).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for command in [&["status", "OUT"][..], &["report", "OUT"]] {
        place.succeed(command);
    }
    assert_eq!(place.run(&["verify", "OUT"]).code, 1);
    place.succeed(&["run", "t.toml", "--out", "OUT"]).contains(&["not a regular file"]);
    place.succeed(&["verify", "OUT"]);
}

#[test]
fn a_preset_on_generated_images_is_repeated_as_its_paper_says() {
    let place = Place::new();
    place.succeed(&["run", "quick", "--seeds", "1", "--epochs", "1", "--data", "synthetic"]);
    let text = place.read("plateau-out/quick-synthetic/report/report.md");
    let commands = text.split("```").find(|block| block.contains("plateau run")).unwrap();
    let commands = commands.lines().filter(|line| line.starts_with("plateau "));
    let commands: Vec<&str> = commands.collect();
    assert_eq!(commands.len(), 2, "{text}");
    for line in commands {
        place.succeed(&line.split(' ').skip(1).collect::<Vec<_>>());
    }
}
