//! Development tasks: `cargo xtask check` runs every check, cheapest first; `cargo xtask tidy`
//! looks for what no compiler finds.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program prints")]

mod tidy;

use std::process::{Command, ExitCode};

const USAGE: &str = "usage: cargo xtask check | tidy";

/// Every check, cheapest first.
const CHECKS: [&[&str]; 3] = [
    &["fmt", "--all", "--check"],
    &["clippy", "--workspace", "--all-targets", "--release", "--", "--deny", "warnings"],
    &["test", "--workspace", "--release"],
];

#[expect(clippy::disallowed_methods, reason = "a program reads its arguments")]
fn main() -> ExitCode {
    let task = std::env::args().nth(1);
    let passed = match task.as_deref() {
        Some("tidy") => tidy(),
        Some("check") => tidy() && CHECKS.iter().all(|check| cargo(check)),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tidy() -> bool {
    let complaints = tidy::complaints();
    for complaint in &complaints {
        eprintln!("tidy: {complaint}");
    }
    complaints.is_empty()
}

fn cargo(arguments: &[&str]) -> bool {
    println!("cargo {}", arguments.join(" "));
    match Command::new(env!("CARGO")).args(arguments).status() {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("cargo can't be started: {error}");
            false
        }
    }
}
