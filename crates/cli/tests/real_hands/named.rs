//! What the user names is what is used, or it is refused by name.

use std::fs;

use crate::common::TINY_RUN;
use crate::place::{Place, STUDY, files};

#[test]
fn a_place_without_images_is_refused_by_what_it_is_whatever_the_command() {
    let place = Place::new();
    place.write("c10.toml", STUDY.replace("\"synthetic\"", "\"cifar10\""));
    place.write("photos/a.png", b"\x89PNG\r\n\x1a\n");
    place.write("notes.txt", "notes");
    fs::create_dir(place.path("empty")).unwrap();
    let commands: [&[&str]; 6] = [
        &["run", "c10.toml", "--out", "OUT"],
        &["plan", "c10.toml"],
        &["train", "--out", "T"],
        &["data", "verify"],
        &["data", "fetch"],
        &["data", "where"],
    ];
    for command in commands {
        for (named, what) in [
            ("photos", "(a.png)"),
            ("notes.txt", "a text"),
            ("/etc/hostname", "a text"),
            ("empty", "an empty folder"),
            ("missing", "there is no such file or folder"),
            ("/dev/null", "neither a folder nor a regular file"),
        ] {
            let by_flag = [command, &["--data", named]].concat();
            place.refused(&by_flag, &[named, what, "--data names it"]);
            // The variable takes the same things.
            let mut by_variable = place.command(command);
            let output = by_variable.env("PLATEAU_DATA", named).output().unwrap();
            let said = crate::place::Said::of(&output);
            assert_eq!(said.code, 2, "{command:?}: {}", said.err);
            said.contains(&[named, what, "PLATEAU_DATA names it"]);
        }
        assert!(!place.path("OUT").exists() && !place.path("T").exists(), "nothing is begun");
        assert!(!place.path("no-cache").exists(), "nothing is fetched");
    }
}

#[test]
fn options_without_effect_are_refused() {
    let place = Place::new();
    let synthetic = ["train", "--data", "synthetic"];
    let adam = ["--optimizer", "adam"];
    let cases: [(&[&str], &[&str]); 10] = [
        (&["run", "t.toml", "--data", "./no-such-folder"], &["--data", "no-such-folder"]),
        (&["plan", "t.toml", "--data", "."], &["--data", "no effect"]),
        (&["run", "t.toml", "--accept-altered"], &["--accept-altered", "no effect"]),
        (&[&synthetic[..], &adam, &["--momentum", "0.5"]].concat(), &["--momentum", "sgd"]),
        (&[&synthetic[..], &adam, &["--weight-decay", "0.01"]].concat(), &["--weight-decay"]),
        (&[&synthetic[..], &["--every", "3"]].concat(), &["--every", "--schedule step"]),
        (&[&synthetic[..], &["--factor", "0.5"]].concat(), &["--factor", "--schedule step"]),
        (&["data", "fetch", "--data", "synthetic"], &["generated"]),
        (&["train", "--data", "synthetic", "--device", "wgpu"], &["wgpu"]),
        (&["run", "t.toml", "--device", "wgpu"], &["wgpu"]),
    ];
    for (arguments, words) in cases {
        place.refused(arguments, words);
    }
    place.succeed(&["run", "t.toml", "--out", "OUT"]);
    for option in [&["--threads", "2"][..], &["--data", "."]] {
        let arguments = [&["verify", "OUT", "--sample", "0"][..], option].concat();
        place.refused(&arguments, &[option[0], "--sample 0"]);
    }
    // None of these runs is long enough to leave a checkpoint.
    fs::remove_dir_all(place.path("OUT/checkpoints")).unwrap_or_default();
    place.refused(&["verify", "OUT", "--threads", "2"], &["--threads", "no run has a checkpoint"]);
}

#[test]
fn a_default_belongs_to_its_optimiser() {
    let place = Place::new();
    for (optimizer, rate) in [("sgd", "0.03"), ("adam", "0.001")] {
        let arguments = [&TINY_RUN[..], &["--out", "T", "--optimizer", optimizer]].concat();
        place.succeed(&arguments);
        let rate = format!("\"rate\": {rate}");
        let has_rate = |file: &(_, Vec<u8>)| String::from_utf8_lossy(&file.1).contains(&rate);
        assert!(files(&place.path("T/runs")).iter().any(has_rate), "{optimizer}");
    }
}

#[test]
fn a_home_that_the_shell_left_is_put_in_or_refused() {
    let place = Place::new();
    place.succeed(&["run", "t.toml", "--out=~/results"]);
    assert!(place.path("home/results/report/report.html").is_file());
    assert!(!place.path("~").exists());
    place.succeed(&["status", "~/results"]);
    place.refused(&["run", "t.toml", "--out=~bob/results"], &["~bob"]);
    place.refused(&["train", "--trace=~bob/trace", "--data", "synthetic"], &["~bob"]);
}

#[cfg(unix)]
#[test]
fn paths_that_are_not_unicode_work() {
    use std::os::unix::ffi::OsStrExt as _;
    let place = Place::new();
    let out = std::ffi::OsStr::from_bytes(b"out-\xff");
    for command in [&["run", "t.toml", "--json", "--out"][..], &["status"], &["report"]] {
        let output = place.command(command).arg(out).output().unwrap();
        let said = crate::place::Said::of(&output);
        assert_eq!(said.code, 0, "{command:?}: {}", said.err);
    }
    let report = place.path("").join(out).join("report/report.html");
    assert!(report.is_file());
}
