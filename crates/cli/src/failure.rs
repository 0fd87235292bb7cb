//! Errors as text and exit codes: 2 for input that has to be changed, 130 for what was interrupted,
//! 1 for everything else.

use std::process::ExitCode;

use miette::{LabeledSpan, MietteDiagnostic, NamedSource, Report};
use plateau_study::SpecErrors;

use crate::interrupt::INTERRUPTED;

/// What ends the program.
#[derive(Debug)]
pub(crate) struct Failure {
    reports: Vec<Report>,
    code: u8,
}

impl Failure {
    /// Something failed.
    pub(crate) fn other(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { reports: vec![chain(&error)], code: 1 }
    }

    /// Something that the user has to change.
    pub(crate) fn input(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { reports: vec![chain(&error)], code: 2 }
    }

    /// The same, in words.
    pub(crate) fn input_text(message: String, help: &str) -> Self {
        let diagnostic = MietteDiagnostic::new(message).with_help(help);
        Self { reports: vec![Report::new(diagnostic)], code: 2 }
    }

    /// Something failed, in words.
    pub(crate) fn text(message: String, help: &str) -> Self {
        Self { code: 1, ..Self::input_text(message, help) }
    }

    /// The disk took no more, or never let us.
    pub(crate) fn of_the_disk(message: String) -> Self {
        Self::text(message, "make room or give permission, then run the same command again")
    }

    /// Somebody wanted the program to end.
    pub(crate) fn interrupted(message: String, help: &str) -> Self {
        Self { code: INTERRUPTED, ..Self::input_text(message, help) }
    }

    /// A worker that has said already why it ends.
    pub(crate) fn silent(code: u8) -> Self {
        Self { reports: Vec::new(), code }
    }

    /// Mistakes in a study file, each shown at its place.
    pub(crate) fn study(file: &str, source: &str, errors: &SpecErrors) -> Self {
        let reports = errors.iter().map(|error| {
            let label = LabeledSpan::at(error.span.clone(), error.label.clone());
            let mut diagnostic = MietteDiagnostic::new(error.message.clone()).with_label(label);
            if let Some(help) = &error.help {
                diagnostic = diagnostic.with_help(help.clone());
            }
            Report::new(diagnostic).with_source_code(NamedSource::new(file, source.to_owned()))
        });
        Self { reports: reports.collect(), code: 2 }
    }

    /// On standard error.
    pub(crate) fn print(&self) {
        for report in &self.reports {
            eprintln!("{report:?}");
        }
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

fn chain(error: &dyn std::error::Error) -> Report {
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
    Report::new(MietteDiagnostic::new(text))
}
