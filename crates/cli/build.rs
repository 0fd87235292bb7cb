//! Passes the commit that the program is built from to the compiler.

use std::process::Command;

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn main() {
    let commit = git(&["rev-parse", "--short=12", "HEAD"]).map(|commit| {
        let changed = git(&["status", "--porcelain", "--untracked-files=no"]);
        if changed.is_some_and(|files| !files.is_empty()) {
            format!("{commit}-dirty")
        } else {
            commit
        }
    });
    println!("cargo::rustc-env=PLATEAU_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
    // Of any crate: whether the tree is as it was committed.
    println!("cargo::rerun-if-changed=..");
    if let Some(folder) = git(&["rev-parse", "--git-dir"]) {
        println!("cargo::rerun-if-changed={folder}/HEAD");
        println!("cargo::rerun-if-changed={folder}/index");
    }
}
