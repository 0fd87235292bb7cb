//! Development tasks: `cargo xtask check` runs every check, cheapest first; `cargo xtask tidy`
//! looks for what no compiler finds; `cargo xtask bench peers` measures Plateau beside PyTorch.
//!
//! # Layout
//! - `tidy`: files that grew too long, invariants between crates
//! - `bench`: the comparison with PyTorch
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program prints")]

mod bench;
mod tidy;

use std::process::{Command, ExitCode};

const USAGE: &str = "usage: cargo xtask check | tidy | bench peers [OPTIONS]";

/// Every check, cheapest first.
const CHECKS: [&[&str]; 3] = [
    &["fmt", "--all", "--check"],
    &["clippy", "--workspace", "--all-targets", "--release", "--", "--deny", "warnings"],
    &["test", "--workspace", "--release"],
];

#[expect(clippy::disallowed_methods, reason = "a program reads its arguments")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let passed = match words.as_slice() {
        ["tidy"] => tidy(),
        ["check"] => tidy() && CHECKS.iter().all(|check| cargo(check)),
        ["bench", "peers", options @ ..] => return bench_peers(options),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::disallowed_methods, reason = "a program reads the environment")]
fn bench_peers(options: &[&str]) -> ExitCode {
    let python = std::env::var("PLATEAU_PYTHON").ok();
    match bench::peers(options, python.as_deref()) {
        Ok(bench::Verdict::Complete) => ExitCode::SUCCESS,
        Ok(bench::Verdict::ScenariosFailed) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit_code()
        }
    }
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
