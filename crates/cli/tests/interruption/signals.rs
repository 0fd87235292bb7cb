//! Ctrl-C, SIGTERM, vanished parents, two programs at once.

use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::common::plateau;
use crate::process::{Bench, assert_gone, send};
use crate::study::assert_same;

/// What a stop may take.
const PATIENCE: Duration = Duration::from_secs(5);

#[test]
fn ctrl_c_leaves_checkpoints_and_the_same_command_goes_on() {
    let bench = Bench::new();
    let undisturbed = bench.undisturbed();
    for (signal, to_all) in [("INT", true), ("INT", false), ("TERM", true), ("HUP", false)] {
        let study = bench.under_way();
        let workers = study.workers();
        if to_all {
            study.signal_group(signal);
        } else {
            study.signal(signal);
        }
        let ended = study.wait();
        assert_eq!(ended.status.code(), Some(130), "{signal}: {}", ended.stderr);
        assert!(ended.after < PATIENCE, "{signal}: {:?}", ended.after);
        assert!(ended.stderr.contains("the same command goes on"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("without storing"), "{}", ended.stderr);
        assert_gone(&workers, Duration::ZERO);
        let told = bench.finish(&["--jobs", "2"]);
        assert!(told.contains("goes on after step"), "{told}");
        assert_same(&bench.out(), &undisturbed, signal);
    }
}

#[test]
fn what_nohup_ignores_stays_ignored() {
    let bench = Bench::new();
    let program = env!("CARGO_BIN_EXE_plateau");
    let ignoring = format!("trap '' HUP; exec {program} run study.toml --out out");
    let mut study = bench.start(Command::new("bash").args(["-c", &ignoring]));
    study.wait_for(&bench.out(), ".progress.json");
    study.signal_group("HUP");
    let ended = study.wait();
    assert!(ended.status.success(), "{}", ended.stderr);
}

#[test]
fn a_worker_that_somebody_stops_goes_on_later() {
    let bench = Bench::new();
    let undisturbed = bench.undisturbed();
    let study = bench.under_way();
    for worker in study.workers() {
        send("TERM", &worker.to_string());
    }
    let ended = study.wait();
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(!ended.stderr.contains("without storing"), "{}", ended.stderr);
    assert_same(&bench.out(), &undisturbed, "after workers were stopped");
}

#[test]
fn a_second_ctrl_c_ends_it_at_once() {
    let bench = Bench::new();
    let undisturbed = bench.undisturbed();
    let study = bench.under_way();
    let workers = study.workers();
    // Workers that don't move can't leave a checkpoint.
    for worker in &workers {
        send("STOP", &worker.to_string());
    }
    study.signal("INT");
    thread::sleep(Duration::from_millis(300));
    study.signal("INT");
    let ended = study.wait();
    assert_eq!(ended.status.code(), Some(130), "{}", ended.stderr);
    assert!(ended.after < Duration::from_secs(2), "{:?}", ended.after);
    assert_gone(&workers, Duration::ZERO);
    bench.finish(&[]);
    assert_same(&bench.out(), &undisturbed, "after two signals");
}

#[test]
fn workers_that_do_not_stop_are_killed_in_time() {
    let bench = Bench::new();
    let study = bench.under_way();
    let workers = study.workers();
    for worker in &workers {
        send("STOP", &worker.to_string());
    }
    study.signal("TERM");
    let ended = study.wait();
    assert_eq!(ended.status.code(), Some(130), "{}", ended.stderr);
    assert!(ended.after < PATIENCE, "{:?}", ended.after);
    assert_gone(&workers, Duration::ZERO);
}

#[test]
fn workers_whose_parent_vanished_stop_by_themselves() {
    let bench = Bench::new();
    let undisturbed = bench.undisturbed();
    let study = bench.under_way();
    let workers = study.workers();
    assert!(!workers.is_empty());
    study.signal("KILL");
    study.wait();
    assert_gone(&workers, PATIENCE);
    bench.finish(&[]);
    assert_same(&bench.out(), &undisturbed, "after the parent had vanished");
}

#[test]
fn a_second_program_is_refused_and_told_who_is_at_work() {
    let bench = Bench::new();
    let mut study = bench.run(&["--jobs", "1"]);
    study.wait_for(&bench.out(), ".checkpoint");
    let second = plateau(bench.root(), &["run", "study.toml", "--out", "out"]);
    let message = String::from_utf8_lossy(&second.stderr).replace('\n', " ");
    assert_eq!(second.status.code(), Some(1), "{message}");
    assert!(message.contains("is in use by"), "{message}");
    assert!(message.contains(&study.id().to_string()), "{message}");
    let ended = study.wait();
    assert!(ended.status.success(), "{}", ended.stderr);
    // The lock's file is still there, and nobody has it.
    assert!(bench.out().join(".lock").is_file());
    bench.finish(&[]);
}

#[test]
fn after_a_worker_was_killed_there_are_fewer_side_by_side() {
    let bench = Bench::new();
    let undisturbed = bench.undisturbed();
    let study = bench.under_way();
    let victim = study.workers()[0];
    send("KILL", &victim.to_string());
    let ended = study.wait();
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(ended.stderr.contains("was killed (signal 9"), "{}", ended.stderr);
    assert!(ended.stderr.contains("from now on 1 side by side"), "{}", ended.stderr);
    assert_same(&bench.out(), &undisturbed, "after a worker was killed");
}
