//! Disks that fill up, or can't be written to any more, in the middle of a study.

use std::path::Path;
use std::process::Command;

use crate::process::{Bench, Study};
use crate::study::assert_same;

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// A file system in memory of its own, where the system lets us.
struct Mount<'a>(&'a Path);

impl<'a> Mount<'a> {
    fn new(place: &'a Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(place).unwrap();
        let options = format!("size={size}");
        let place_text = place.to_str().unwrap();
        succeeds("mount", &["-t", "tmpfs", "-o", &options, "tmpfs", place_text])
            .then_some(Self(place))
    }

    fn grow(&self, size: &str) {
        let options = format!("remount,size={size}");
        assert!(succeeds("mount", &["-o", &options, self.0.to_str().unwrap()]), "{options}");
    }

    /// Whoever opens a file from now on finds it read-only. (To remount the file system itself
    /// is refused for as long as a file in it is open for writing, as the lock's is.)
    fn cover_read_only(&self) {
        let place = self.0.to_str().unwrap();
        assert!(succeeds("mount", &["--bind", place, place]));
        assert!(succeeds("mount", &["-o", "remount,bind,ro", place]));
    }

    fn uncover(&self) {
        assert!(succeeds("umount", &["-l", self.0.to_str().unwrap()]));
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        succeeds("umount", &["-l", self.0.to_str().unwrap()]);
    }
}

/// Ends with the path and the reason, and nothing under way.
fn assert_stopped_for(study: Study, reason: &str) -> String {
    let ended = study.wait();
    // As it was before it was broken into lines.
    let message = ended.stderr.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(ended.status.code(), Some(1), "{message}");
    assert!(message.contains(reason), "{message}");
    let actions = ["create", "write", "rename", "remove"];
    let names_path = |action: &&str| message.contains(&format!("cannot {action} out/"));
    assert!(actions.iter().any(names_path), "{message}");
    assert!(message.contains("run the same command again"), "{message}");
    message
}

#[test]
fn a_disk_that_fills_up_stops_the_study_which_goes_on_once_there_is_room() {
    let bench = Bench::new();
    let undisturbed = bench.undisturbed();
    let out = bench.out();
    std::fs::remove_dir_all(&out).unwrap();
    // Room for two or three of the runs.
    if let Some(mount) = Mount::new(&out, "500k") {
        assert_stopped_for(bench.run(&["--jobs", "2"]), "No space left on device");
        mount.grow("64m");
        bench.finish(&["--jobs", "2"]);
        assert_same(&out, &undisturbed, "after the disk was full");
        drop(mount);
    }
    let _ = std::fs::remove_dir_all(&out);
    let mut study = bench.run(&["--jobs", "1"]);
    study.wait_for(&out, ".checkpoint");
    study.signal("TERM");
    study.wait();
    // No file may be longer than a few kilobytes: checkpoints are.
    let program = env!("CARGO_BIN_EXE_plateau");
    let limited = format!(
        "trap '' XFSZ; ulimit -f 16; exec {program} run study.toml --out out \
         --checkpoint-seconds 0.02"
    );
    let mut command = Command::new("bash");
    let stopped = bench.start(command.args(["-c", &limited]));
    let message = assert_stopped_for(stopped, "File too large");
    // A line may be broken within the path.
    let unbroken = message.replace(' ', "");
    assert!(unbroken.contains("out/checkpoints/"), "{message}");
    bench.finish(&[]);
    assert_same(&out, &undisturbed, "after files were too large");
}

#[test]
fn a_folder_that_becomes_read_only_stops_the_study() {
    let bench = Bench::new();
    let undisturbed = bench.undisturbed();
    let out = bench.out();
    std::fs::remove_dir_all(&out).unwrap();
    if let Some(mount) = Mount::new(&out, "64m") {
        let mut study = bench.run(&["--jobs", "2"]);
        study.wait_for(&out, ".checkpoint");
        mount.cover_read_only();
        assert_stopped_for(study, "Read-only file system");
        mount.uncover();
        bench.finish(&["--jobs", "2"]);
        assert_same(&out, &undisturbed, "after the folder was read-only");
        drop(mount);
        return;
    }
    // Without mounting: a folder without permission, which holds for everybody but root.
    let mut study = bench.run(&["--jobs", "2"]);
    study.wait_for(&out, ".checkpoint");
    let folders = [out.join("runs"), out.join("checkpoints"), out.clone()];
    let mode = |mode: &str| {
        for folder in &folders {
            assert!(succeeds("chmod", &[mode, folder.to_str().unwrap()]), "{mode}");
        }
    };
    mode("a-w");
    if std::fs::File::create(out.join("probe")).is_ok() {
        // Nothing is read-only for this user.
        return;
    }
    assert_stopped_for(study, "Permission denied");
    mode("u+w");
    bench.finish(&["--jobs", "2"]);
    assert_same(&out, &undisturbed, "after the folder was read-only");
}
