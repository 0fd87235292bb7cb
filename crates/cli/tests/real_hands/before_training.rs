//! What can't work is said before anything trains, by `plan` and `run` alike.

use std::time::Instant;

use crate::place::{Place, STUDY};

/// Refused by both, with these words, and nothing made.
fn refused(place: &Place, study: &str, words: &[&str]) {
    assert_ne!(study, STUDY, "{words:?}");
    place.write("bad.toml", study);
    for command in [&["plan", "bad.toml"][..], &["run", "bad.toml", "--out", "OUT"]] {
        place.refused(command, words);
    }
    assert!(!place.path("OUT").exists());
}

#[test]
fn studies_that_cannot_work_are_refused_at_their_line() {
    let place = Place::new();
    let phase = |more: &str| STUDY.replace("dropout = [0.0, 0.3]", more);
    let second = "\n[[experiment]]\nkind = \"sweep\"\nphase = \"d\"\n";
    refused(&place, &format!("{STUDY}{second}"), &["bad.toml:20", "twice"]);
    let regularisation = "\n[[experiment]]\nkind = \"regularisation\"\ndropout = \"d\"\n";
    let doubled = format!("{STUDY}{regularisation}{regularisation}");
    refused(&place, &doubled, &["one experiment of this kind"]);
    refused(&place, &STUDY.replace("[phase.d]", &format!("[phase.{}]", "p".repeat(240))), &["60"]);
    refused(&place, &phase("dropout = 0.3\n[phase.D]\ndropout = 0.0"), &["capital letters"]);
    refused(&place, &STUDY.replace("0.02", "1e300"), &["rate", "1e-12 to 1e6"]);
    refused(&place, &STUDY.replace("0.02", "1e-60"), &["rate", "1e-12 to 1e6"]);
    refused(&place, &STUDY.replace("epochs = 1", "epochs = 4294967295"), &["epochs", "100000"]);
    let norm = phase("batch_norm = true\nbatch_size = 1");
    refused(&place, &norm, &["batch norm", "batches of one"]);
    let range = phase("range_test = { from = 1e-4, to = 1.0, epochs = 1 }\nbatch_size = 200");
    refused(&place, &range, &["range test", "10 steps"]);
    let wide = STUDY.replace("[4]", "[8192, 8192, 8192, 8192, 8192]").replace("= 8\n", "= 8192\n");
    refused(&place, &wide, &["of memory", "narrower"]);
}

#[test]
fn sizes_that_cannot_be_had_are_refused_by_every_command() {
    let place = Place::new();
    let cases: [(&[&str], &[&str]); 6] = [
        (&["bench", "--channels", "8192", "--hidden", "8192", "--batch", "100000"], &["memory"]),
        (&["train", "--data", "synthetic", "--channels", "8192,8192,8192"], &["memory"]),
        (&["train", "--data", "synthetic", "--threads", "100000"], &["1024"]),
        (&["run", "t.toml", "--jobs", "100000"], &["1024"]),
        (&["bench", "--batch", "1000000000"], &["1000000"]),
        (&["train", "--data", "synthetic", "--batch-norm", "--batch", "1"], &["batches of one"]),
    ];
    for (arguments, words) in cases {
        place.refused(arguments, words);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_limit_on_memory_is_known_beforehand() {
    let place = Place::new();
    let program = env!("CARGO_BIN_EXE_plateau");
    let limited = |arguments: &str| {
        let mut shell = std::process::Command::new("sh");
        shell.arg("-c").arg(format!("ulimit -v 3000000; exec {program} {arguments}"));
        shell.current_dir(place.path("")).env("PLATEAU_CACHE", "no-cache").env("HOME", "home");
        crate::place::Said::of(&shell.output().unwrap())
    };
    let said = limited("bench --batch 1000000");
    assert_eq!(said.code, 2, "{}", said.err);
    said.contains(&["memory"]);
    assert_eq!(limited("run t.toml --out OUT --jobs 1").code, 0);
}

#[test]
fn the_memory_of_a_run_and_what_is_left_out_are_said_by_plan() {
    let place = Place::new();
    let source = STUDY
        .replace("dropout = [0.0, 0.3]", "batch_norm = true")
        .replace("batch_size = 32", "batch_size = 3")
        .replace("train = 200", "train = 100");
    place.write("norm.toml", source);
    let said = place.succeed(&["plan", "norm.toml"]);
    for part in ["100 images in batches of 3", "left out", "of memory"] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    place.succeed(&["run", "norm.toml", "--out", "OUT"]).contains(&["left out"]);
    let text = place.read("OUT/report/report.md");
    assert!(text.contains("left out"), "{text}");
}

#[test]
fn large_studies_are_planned_in_seconds_or_refused_at_once() {
    let place = Place::new();
    let rates: Vec<String> = (1..=10).map(|i| format!("0.{i}1")).collect();
    let source = |n_phases: usize| {
        let phases: String = (0..n_phases)
            .map(|i| format!("[phase.p{i}]\nrate = [{}]\nepochs = {}\n", rates.join(", "), i + 1))
            .collect();
        let head = STUDY.split("[phase.d]").next().unwrap().replace("rate = 0.02\n", "");
        let seeds = format!("seeds = {}", 1000 / n_phases.min(100));
        head.replace("seeds = 2", &seeds) + &phases
    };
    for n_phases in [1, 10, 100] {
        place.write("large.toml", source(n_phases));
        let started = Instant::now();
        let said = place.succeed(&["plan", "large.toml"]);
        assert!(said.out.contains("10000 runs"), "{}", &said.out[said.out.len() - 200..]);
        assert!(started.elapsed().as_secs_f64() < 4.0, "{n_phases}: {:?}", started.elapsed());
    }
    let list: Vec<String> = (1..=1_000_000).map(|i| format!("{i}e-6")).collect();
    let started = Instant::now();
    refused(&place, &STUDY.replace("[0.0, 0.3]", &format!("[{}]", list.join(","))), &["10000"]);
    refused(&place, &source(101).replace("seeds = 10", "seeds = 1000"), &["10000 at most"]);
    assert!(started.elapsed().as_secs_f64() < 10.0, "{:?}", started.elapsed());
}

#[test]
fn study_files_are_read_in_the_encodings_of_windows() {
    let place = Place::new();
    let utf16: Vec<u8> = std::iter::once(0xfeff_u16)
        .chain(STUDY.replace('\n', "\r\n").encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    place.write("utf16.toml", utf16);
    place.write("mark.toml", format!("\u{feff}{STUDY}"));
    for name in ["utf16.toml", "mark.toml"] {
        place.succeed(&["plan", name]);
    }
    place.write(
        "latin.toml",
        STUDY.replace("Does", "D\u{f6}es").chars().map(|c| c as u8).collect::<Vec<_>>(),
    );
    place.refused(&["run", "latin.toml"], &["latin.toml", "line 2", "0xf6", "UTF-8"]);
    place.refused(&["run", "/dev/zero"], &["more than"]);
    place.write("seeds.toml", STUDY.replace("seeds = 2", "seeds = [18446744073709551615, 1]"));
    place.succeed(&["run", "seeds.toml", "--out", "OUT"]);
    place.succeed(&["report", "OUT"]);
}
