//! `plateau worker`: trains the run whose job is on standard input, and stores it.

use std::io::{self, BufRead, Write};
use std::time::{Duration, Instant};

use plateau_model::Weights;
use plateau_record::{Epoch, EpochRecord, RunId, Start};
use plateau_study::{Job, Message, Store};
use plateau_train::{Observer, StepReport, fit};

use crate::commands::train::{on_threads, store_run};
use crate::failure::Failure;
use crate::location;
use crate::provenance::provenance;

/// Exit code of a worker whose parent is gone.
const ORPHANED: i32 = 3;

/// Least time between two messages about steps.
const MESSAGE_INTERVAL: Duration = Duration::from_millis(300);

pub(crate) fn worker() -> Result<(), Failure> {
    let mut input = io::BufReader::new(io::stdin());
    let job = Job::read(&mut input).map_err(Failure::input)?;
    std::thread::spawn(move || end_with_the_parent(input));
    let data = location::load(job.config.data.set, job.data.as_deref()).map_err(Failure::other)?;
    let store = Store::at(&job.store);
    let parent = match &job.config.start {
        Start::Fresh => None,
        Start::Transfer { parent } => Some(read_weights(&store, parent)?),
    };
    let mut messages = Messages { of: job.config.epochs, last: None };
    let trained = on_threads(job.threads, || {
        fit(&job.config, &data, parent.as_ref(), &mut messages).map_err(Failure::other)
    })?;
    let provenance = provenance(data.md5);
    store_run(&store, &job.config, &provenance, &trained)?;
    say(&Message::Done { id: job.config.id() }).map_err(Failure::other)
}

/// The parent holds the other end of the input for as long as it wants the run.
fn end_with_the_parent(mut input: impl BufRead) {
    let mut rest = Vec::new();
    // Whether it ended or failed: nobody wants this run any more.
    let _ = input.read_to_end(&mut rest);
    std::process::exit(ORPHANED);
}

fn read_weights(store: &Store, id: &RunId) -> Result<Weights, Failure> {
    let named = |error: &dyn std::error::Error| {
        Failure::text(format!("weights of run {id}: {error}"), "delete that run's folder")
    };
    let bytes = store.read_weights(id).map_err(|error| named(&error))?;
    Weights::from_safetensors(&bytes).map_err(|error| named(&error))
}

struct Messages {
    of: Epoch,
    /// When the last message about a step went out.
    last: Option<Instant>,
}

impl Observer for Messages {
    fn step(&mut self, report: &StepReport<'_>) -> io::Result<()> {
        if self.last.is_some_and(|last| last.elapsed() < MESSAGE_INTERVAL) {
            return Ok(());
        }
        self.last = Some(Instant::now());
        say(&Message::Progress { step: report.step.0, of: report.total_steps })
    }

    fn epoch(&mut self, record: &EpochRecord) -> io::Result<()> {
        say(&Message::Epoch {
            epoch: record.epoch,
            of: self.of,
            images_per_second: record.images_per_second,
            train: record.train,
            validation: record.validation,
        })
    }
}

fn say(message: &Message) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", message.to_line()?)?;
    out.flush()
}
