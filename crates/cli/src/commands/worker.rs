//! `plateau worker`: trains the run whose job is on standard input, and stores it.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use plateau_model::Weights;
use plateau_record::{Epoch, EpochRecord, RunId, Start, Step};
use plateau_study::{Job, Message, Store, StoreError, wait_for_end};
use plateau_train::{Checkpoint, Observer, StepReport, TrainError};

use crate::checkpoints::{Saver, Told, maker};
use crate::commands::train::{on_threads, store_run};
use crate::failure::Failure;
use crate::interrupt::Listening;
use crate::location;
use crate::progress::seconds;
use crate::provenance::provenance;

/// Exit code of a worker that was told to end, past a checkpoint.
const STOPPED: u8 = 4;
/// Exit code of a worker that was told to end, and had no time for a checkpoint.
const LATE: i32 = 3;
/// Exit code of a worker that couldn't store what it had.
const DISK: u8 = 5;

/// Time to leave a checkpoint in; the executor waits a little longer.
const GRACE: Duration = Duration::from_millis(3500);

/// Least time between two messages about steps.
const MESSAGE_INTERVAL: Duration = Duration::from_millis(300);

pub(crate) fn worker() -> Result<(), Failure> {
    let mut input = io::BufReader::new(io::stdin());
    let job = Job::read(&mut input).map_err(Failure::input)?;
    // Ctrl-C in a terminal reaches workers, too.
    let listening = Listening::start()?;
    let told = listening.stop.clone();
    let wait = move || {
        wait_for_end(&mut input);
        told.ask();
        std::thread::sleep(GRACE);
        std::process::exit(LATE);
    };
    std::thread::Builder::new().spawn(wait).map_err(Failure::other)?;
    let of = &job.config.data;
    let data = location::load(of.set, job.data.as_deref(), of.altered.as_deref());
    let data = data.map_err(Failure::other)?;
    let store = Store::at(&job.store);
    let parent = match &job.config.start {
        Start::Fresh => None,
        Start::Transfer { parent } => Some(read_weights(&store, parent)?),
    };
    let provenance = provenance(data.md5.clone());
    let (checkpoints, maker) = (store.checkpoints(&job.config.id()), maker(&provenance));
    let interval = seconds(job.checkpoint_seconds);
    let saver = Saver::new(checkpoints.clone(), maker.clone(), interval, listening.stop.clone());
    let mut watch = Watch { of: job.config.epochs, last: None, saver };
    let trained = on_threads(job.threads, || {
        let run = (&job.config, &data, parent.as_ref());
        Saver::train(&checkpoints, &maker, run, &mut watch)
    })?;
    let trained = trained.map_err(|error| match error {
        TrainError::Stopped => {
            // If nobody listens any more, nobody waits for it.
            let _ = say(&Message::Stopped);
            Failure::silent(STOPPED)
        }
        TrainError::Observer(error) => observer_failure(error),
        error => Failure::other(error),
    })?;
    let stored = store_run(&store, &job.config, &provenance, &trained)
        .and_then(|()| checkpoints.keep_last());
    stored.map_err(store_failure)?;
    say(&Message::Done { id: job.config.id() }).map_err(Failure::other)
}

fn observer_failure(error: io::Error) -> Failure {
    match error.downcast::<StoreError>() {
        Ok(error) => store_failure(error),
        Err(error) => Failure::other(error),
    }
}

fn store_failure(error: StoreError) -> Failure {
    if !error.is_of_the_disk() {
        return Failure::other(error);
    }
    match say(&Message::DiskFailed { reason: error.to_string() }) {
        Ok(()) => Failure::silent(DISK),
        Err(_) => Failure::other(error),
    }
}

fn read_weights(store: &Store, id: &RunId) -> Result<Weights, Failure> {
    let named = |error: &dyn std::error::Error| {
        Failure::text(format!("weights of run {id}: {error}"), "delete that run's folder")
    };
    let bytes = store.read_weights(id).map_err(|error| named(&error))?;
    Weights::from_safetensors(&bytes).map_err(|error| named(&error))
}

/// Tells the executor how far the run is, and leaves checkpoints.
struct Watch {
    of: Epoch,
    /// When the last message about a step went out.
    last: Option<Instant>,
    saver: Saver,
}

impl Observer for Watch {
    fn step(&mut self, report: &StepReport<'_>) -> io::Result<()> {
        if self.last.is_some_and(|last| last.elapsed() < MESSAGE_INTERVAL) {
            return Ok(());
        }
        self.last = Some(Instant::now());
        self.tell(&Message::Progress { step: report.step.0, of: report.total_steps });
        Ok(())
    }

    fn epoch(&mut self, record: &EpochRecord) -> io::Result<()> {
        self.tell(&Message::Epoch {
            epoch: record.epoch,
            of: self.of,
            images_per_second: record.images_per_second,
            train: record.train,
            validation: record.validation,
        });
        Ok(())
    }

    fn wants_stop(&self) -> bool {
        self.saver.wants_stop()
    }

    fn wants_pause(&self) -> bool {
        self.saver.wants_pause()
    }

    fn wants_checkpoint(&self, n_left: u32) -> bool {
        self.saver.wants_checkpoint(n_left)
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> io::Result<()> {
        self.saver.save(checkpoint)
    }
}

impl Told for Watch {
    fn resumed(&mut self, step: Step) {
        self.tell(&Message::Resumed { step: step.0 });
    }

    fn notice(&mut self, text: &str) {
        self.tell(&Message::Notice { text: text.to_owned() });
    }
}

impl Watch {
    /// If nobody listens any more, the input will end, too, and with it the run.
    fn tell(&self, message: &Message) {
        let _ = say(message);
    }
}

fn say(message: &Message) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", message.to_line()?)?;
    out.flush()
}
