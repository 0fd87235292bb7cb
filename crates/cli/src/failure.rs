//! Errors as text and exit codes: 2 for input that has to be changed, 130 for what was interrupted,
//! 1 for everything else.

use std::process::ExitCode;

use miette::{LabeledSpan, MietteDiagnostic, NamedSource, Report};
use plateau_study::{SpecErrors, StoreError};
use serde_json::{Value, json};

use crate::interrupt::INTERRUPTED;
use crate::output::say;

/// Mistakes in a study file that are shown; a file of the wrong sort may have thousands.
const MAX_SHOWN: usize = 20;

/// Lines of a study file that are shown; a list may be longer than any screen.
const MAX_LINE_BYTES: usize = 200;

/// What ends the program.
#[derive(Debug)]
pub(crate) struct Failure {
    problems: Vec<Problem>,
    code: u8,
    /// Whether the command has given its answer nevertheless.
    has_answered: bool,
}

#[derive(Debug)]
struct Problem {
    message: String,
    help: Option<String>,
    place: Option<Place>,
}

/// A place in a study file.
#[derive(Debug)]
struct Place {
    file: String,
    source: String,
    label: LabeledSpan,
    line: usize,
}

impl Failure {
    fn new(code: u8, message: String, help: Option<&str>) -> Self {
        let problem = Problem { message, help: help.map(str::to_owned), place: None };
        Self { problems: vec![problem], code, has_answered: false }
    }

    /// Something failed.
    pub(crate) fn other(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::new(1, chain(&error), None)
    }

    /// Something is wrong with a study's folder.
    pub(crate) fn store(error: &StoreError) -> Self {
        Self::new(1, error.to_string(), error.advice())
    }

    /// The folder that the user named is not what it should be.
    pub(crate) fn folder(error: &StoreError) -> Self {
        Self::new(2, error.to_string(), error.advice())
    }

    /// Something that the user has to change.
    pub(crate) fn input(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::new(2, chain(&error), None)
    }

    /// The same, in words.
    pub(crate) fn input_text(message: String, help: &str) -> Self {
        Self::new(2, message, Some(help))
    }

    /// Something failed, in words.
    pub(crate) fn text(message: String, help: &str) -> Self {
        Self::new(1, message, Some(help))
    }

    /// The disk took no more, or never let us.
    pub(crate) fn of_the_disk(message: String) -> Self {
        Self::text(message, "make room or give permission, then run the same command again")
    }

    /// Somebody wanted the program to end.
    pub(crate) fn interrupted(message: String, help: &str) -> Self {
        Self::new(INTERRUPTED, message, Some(help))
    }

    /// A worker that has said already why it ends.
    pub(crate) fn silent(code: u8) -> Self {
        Self { problems: Vec::new(), code, has_answered: true }
    }

    /// Mistakes in a study file, each shown at its place.
    pub(crate) fn study(file: &str, source: &str, errors: &SpecErrors) -> Self {
        let problems = errors.iter().map(|error| Problem {
            message: error.message.clone(),
            help: error.help.clone(),
            place: Some(Place {
                file: file.to_owned(),
                source: source.to_owned(),
                label: LabeledSpan::at(error.span.clone(), error.label.clone()),
                line: error.line(source),
            }),
        });
        let mut problems: Vec<Problem> = problems.take(MAX_SHOWN).collect();
        let n_more = errors.iter().count().saturating_sub(problems.len());
        if n_more > 0 {
            let message = format!("{n_more} more mistakes in {file} are not shown");
            problems.push(Problem { message, help: None, place: None });
        }
        Self { problems, code: 2, has_answered: false }
    }

    /// Adds what to do.
    pub(crate) fn add_help(&mut self, help: &str) {
        for problem in &mut self.problems {
            problem.help.get_or_insert_with(|| help.to_owned());
        }
    }

    /// The same, of a command that has given its answer already.
    pub(crate) fn after_answer(self) -> Self {
        Self { has_answered: true, ..self }
    }

    /// Whether standard output has its answer already.
    pub(crate) fn has_answered(&self) -> bool {
        self.has_answered
    }

    /// On standard error.
    pub(crate) fn print(&self) {
        for Problem { message, help, place } in &self.problems {
            let mut diagnostic = MietteDiagnostic::new(message.clone());
            if let Some(help) = help {
                diagnostic = diagnostic.with_help(help.clone());
            }
            let report = match place {
                None => Report::new(diagnostic),
                Some(Place { file, source, label, line }) if has_long_line(source, *line) => {
                    diagnostic.message = format!(
                        "{file}, line {line}: {} ({})",
                        diagnostic.message,
                        label.label().unwrap_or("here")
                    );
                    Report::new(diagnostic)
                }
                Some(Place { file, source, label, .. }) => {
                    Report::new(diagnostic.with_label(label.clone()))
                        .with_source_code(NamedSource::new(file, source.clone()))
                }
            };
            say(format_args!("{report:?}"));
        }
    }

    /// For programs that read the answer.
    pub(crate) fn to_json(&self) -> Value {
        let problems = self.problems.iter().map(|Problem { message, help, place }| {
            let (file, line) = place.as_ref().map(|place| (&place.file, place.line)).unzip();
            json!({ "message": message, "help": help, "file": file, "line": line })
        });
        json!({ "errors": problems.collect::<Vec<_>>(), "exit_code": self.code })
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

/// Whether a line, or one beside it, is too long to be shown.
fn has_long_line(source: &str, line: usize) -> bool {
    let lines = source.lines().skip(line.saturating_sub(2)).take(3);
    lines.into_iter().any(|line| line.len() > MAX_LINE_BYTES)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Many messages already end with their cause's.
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
