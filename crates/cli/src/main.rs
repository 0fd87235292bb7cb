//! The program `plateau`: arguments, printing, exit codes.
//!
//! # Layout
//! - `args`: the arguments as written, and `values`, their checks
//! - `commands`: one module per command
//! - `checkpoints`: when a run leaves a checkpoint, and from which it goes on
//! - `interrupt`: what Ctrl-C does
//! - `location`: where the data are, and how they get there
//! - `question`: the study that the arguments name
//! - `progress`: bars on a terminal, plain lines elsewhere
//! - `provenance`: program, machine and data of a record
//! - `failure`: errors as text and exit codes
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program prints")]

mod args;
mod checkpoints;
mod commands;
mod failure;
mod interrupt;
mod location;
mod progress;
mod provenance;
mod question;
mod values;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Run(args) => commands::run::run(&args),
        Command::Plan(args) => commands::plan::plan(&args),
        Command::Report(args) => commands::report::report(&args),
        Command::Status(args) => commands::status::status(&args),
        Command::Verify(args) => commands::verify::verify(&args),
        Command::Train(args) => commands::train::train(&args),
        Command::Bench(args) => commands::bench::bench(&args),
        Command::Data(command) => commands::data::data(&command),
        Command::Worker => commands::worker::worker(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            failure.code()
        }
    }
}
