//! The program `plateau`: arguments, printing, exit codes.
//!
//! # Layout
//! - `args`: the arguments as written, and `values` and `paths`, their checks
//! - `commands`: one module per command
//! - `checkpoints`: when a run leaves a checkpoint, and from which it goes on
//! - `interrupt`: what Ctrl-C does
//! - `location`: where the data are, and how they get there
//! - `question`: the study that the arguments name
//! - `preflight`: what can't work on this machine, before anything trains
//! - `output`: the only way to standard output and standard error
//! - `progress`: bars on a terminal, plain lines elsewhere
//! - `provenance`: program, machine and data of a record
//! - `failure`: errors as text and exit codes

mod args;
mod checkpoints;
mod commands;
mod failure;
mod interrupt;
mod location;
mod output;
mod paths;
mod preflight;
mod progress;
mod provenance;
mod question;
mod values;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use failure::Failure;

fn main() -> ExitCode {
    interrupt::survive_limits();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refused(&error),
    };
    let json = cli.command.wants_json();
    match execute(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            if json && !failure.has_answered() {
                // With an exit code of its own, the failure to print it tells nothing new.
                let _ = output::answer(failure.to_json());
            }
            failure.code()
        }
    }
}

fn execute(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run(args) => commands::run::run(&args),
        Command::Plan(args) => commands::plan::plan(&args),
        Command::Report(args) => commands::report::report(&args),
        Command::Status(args) => commands::status::status(&args),
        Command::Verify(args) => commands::verify::verify(&args),
        Command::Train(args) => commands::train::train(&args),
        Command::Bench(args) => commands::bench::bench(&args),
        Command::Data(command) => commands::data::data(&command),
        Command::Worker => commands::worker::worker(),
    }
}

/// Arguments that can't be read, or `--help`.
fn refused(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        // Nobody may be reading it; the exit code tells.
        let _ = error.print();
        let code = u8::try_from(error.exit_code()).unwrap_or(2);
        let wants_json = std::env::args_os().any(|argument| argument == "--json");
        if wants_json {
            let _ = output::answer(Failure::input_text(error.to_string(), "see --help").to_json());
        }
        return ExitCode::from(code);
    }
    match error.print() {
        Err(failure) if failure.kind() != std::io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}
