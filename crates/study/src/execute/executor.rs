//! The loop over what happens: start what is ready, listen, reap, plan anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use plateau_record::{RunId, RunStatus, Step, StudyRecord};

use super::event::{Event, Exit, FailedRun, Failure, Outcome};
use super::job::{Job, Message};
use super::meter::Meter;
use super::stop::Urgency;
use super::worker::{Heard, Worker, WorkerId};
use super::{ExecuteError, GRACE, Options, WorkerCommand, queue};
use crate::plan::{PhaseState, Plan, PlannedRun, Results};
use crate::spec::Study;
use crate::store::progress::{self, GivenUp, Progress, RunningRun};
use crate::store::{Store, StoreError};

/// How often a run is tried.
const N_ATTEMPTS: u32 = 2;

/// How often the wish to stop is looked at.
const TICK: Duration = Duration::from_millis(100);

/// Least time between two accounts of how far it is, unless a run begins or ends.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);

/// The signal that the system kills with when memory runs out.
const KILLED: i32 = 9;

pub(super) struct Executor<'a> {
    pub(super) study: &'a Study,
    pub(super) store: &'a Store,
    command: &'a WorkerCommand,
    options: &'a Options,
    pub(super) observer: &'a mut dyn FnMut(Event<'_>),
    pub(super) plan: Plan,
    pub(super) results: Results,
    pub(super) n_reused: usize,
    pub(super) n_ran: usize,
    running: BTreeMap<WorkerId, Running>,
    /// Runs side by side at most: fewer than asked for after a worker was killed.
    jobs: usize,
    attempts: BTreeMap<RunId, u32>,
    pub(super) failed: Vec<FailedRun>,
    /// Runs that are made again for their weights; once.
    renewed: BTreeSet<RunId>,
    n_started: u64,
    /// When workers that were asked to stop are killed.
    pub(super) deadline: Option<Instant>,
    /// Why the disk took no more.
    disk_failure: Option<String>,
    meter: Meter,
    /// When others were last told how far it is.
    pub(super) told: Option<Instant>,
    /// Kept, so that listening to no worker is no error.
    tell: Sender<(WorkerId, Heard)>,
    hear: Receiver<(WorkerId, Heard)>,
}

struct Running {
    run: PlannedRun,
    worker: Worker,
    /// Steps that were done before this worker.
    before: u64,
    step: u64,
    of: u64,
    /// It says that it was stopped.
    stopped: bool,
}

impl<'a> Executor<'a> {
    pub(super) fn new(
        study: &'a Study,
        store: &'a Store,
        command: &'a WorkerCommand,
        options: &'a Options,
        observer: &'a mut dyn FnMut(Event<'_>),
    ) -> Result<Self, ExecuteError> {
        let (tell, hear) = mpsc::channel();
        let results = Results::new();
        let plan = Plan::new(study, &results);
        let mut executor = Self {
            study,
            store,
            command,
            options,
            observer,
            plan,
            results,
            n_reused: 0,
            n_ran: 0,
            running: BTreeMap::new(),
            jobs: options.jobs.get(),
            attempts: BTreeMap::new(),
            failed: Vec::new(),
            renewed: BTreeSet::new(),
            n_started: 0,
            deadline: None,
            disk_failure: None,
            meter: Meter::start(),
            told: None,
            tell,
            hear,
        };
        executor.load_stored()?;
        executor.set_strays_aside()?;
        let record = executor.record()?;
        executor.write_study(&record)?;
        (executor.observer)(Event::Planned { plan: &executor.plan, results: &executor.results });
        Ok(executor)
    }

    pub(super) fn run(mut self) -> Result<Outcome, ExecuteError> {
        loop {
            self.heed_stop();
            if self.deadline.is_none() {
                self.start_ready()?;
            }
            self.tell_progress()?;
            if self.running.is_empty() {
                return match self.disk_failure.take() {
                    Some(reason) => Err(ExecuteError::Disk { reason }),
                    None => self.outcome(),
                };
            }
            match self.hear.recv_timeout(TICK) {
                Ok((id, Heard::Message(message))) => self.pass_on(id, message),
                Ok((id, Heard::Silence)) => self.reap(id)?,
                // `tell` is ours: there is always somebody to listen to.
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        }
    }

    /// Asks workers to stop once somebody wants it, or the disk has failed, and kills them when
    /// their time is up.
    fn heed_stop(&mut self) {
        let urgency = self.options.stop.urgency();
        if self.deadline.is_none() && (urgency > Urgency::GoOn || self.disk_failure.is_some()) {
            self.deadline = Some(Instant::now() + GRACE);
            for running in self.running.values_mut() {
                running.worker.ask_to_stop();
            }
            (self.observer)(Event::Stopping);
        }
        let late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if late || urgency == Urgency::Now {
            for running in self.running.values_mut() {
                running.worker.kill();
            }
        }
    }

    /// Tells others how far it is, now and then.
    pub(super) fn tell_progress(&mut self) -> Result<(), ExecuteError> {
        if self.told.is_some_and(|told| told.elapsed() < PROGRESS_INTERVAL) {
            return Ok(());
        }
        self.told = Some(Instant::now());
        // A disk that has failed once would only fail again.
        if self.disk_failure.is_some() {
            return Ok(());
        }
        let running = self.running.values().map(|Running { run, step, of, .. }| RunningRun {
            id: run.id.clone(),
            step: Step(*step),
            of: *of,
        });
        let failed = self.failed.iter().map(|failed| GivenUp {
            id: failed.run.id.clone(),
            reason: failed.failure.to_string(),
        });
        let blocked = self.plan.unresolved().filter_map(|phase| match &phase.state {
            PhaseState::Blocked { reason, .. } => {
                Some(progress::BlockedPhase { phase: phase.name.clone(), reason: reason.clone() })
            }
            PhaseState::Pending { .. } | PhaseState::Resolved(_) => None,
        });
        let progress = Progress {
            running: running.collect(),
            failed: failed.collect(),
            blocked: blocked.collect(),
            seconds_left: self.meter.seconds_for(self.plan.remaining_cost(&self.results)),
        };
        let told = self.store.write_progress(&progress);
        self.or_stop(told)
    }

    /// A disk that fails stops the study as it does when a worker meets it.
    fn or_stop(&mut self, outcome: Result<(), StoreError>) -> Result<(), ExecuteError> {
        match outcome {
            Err(error) if error.is_of_the_disk() => {
                self.disk_failure = Some(error.to_string());
                Ok(())
            }
            outcome => Ok(outcome?),
        }
    }

    fn write_study(&mut self, record: &StudyRecord) -> Result<(), StoreError> {
        if let Some(place) = self.store.write_study(record)? {
            (self.observer)(Event::Kept { place: &place });
        }
        Ok(())
    }

    /// The study as resolved so far, with the stored runs that aren't part of it.
    fn record(&self) -> Result<StudyRecord, ExecuteError> {
        Ok(StudyRecord { others: self.others()?, ..self.plan.record(self.study) })
    }

    fn start_ready(&mut self) -> Result<(), ExecuteError> {
        while self.running.len() < self.jobs {
            let ready = queue::ready(&self.plan, &self.results, |id| self.is_taken(id));
            let Some(run) = queue::longest(&ready) else { return Ok(()) };
            let n_runs = self.running.len() + ready.len();
            let run = run.clone();
            self.start(run, n_runs)?;
        }
        Ok(())
    }

    pub(super) fn is_taken(&self, id: &RunId) -> bool {
        self.running.values().any(|running| running.run.id == *id)
            || self.failed.iter().any(|failed| failed.run.id == *id)
    }

    fn start(&mut self, run: PlannedRun, n_runs: usize) -> Result<(), ExecuteError> {
        if let Some(parent) = run.parent().cloned()
            && let Err(error) = self.store.read_weights(&parent)
        {
            if !self.renewed.insert(parent.clone()) {
                self.give_up(run, Failure::NoParentWeights { parent, error });
                return Ok(());
            }
            // Trained again, it leaves the same weights.
            self.set_aside(&parent, error)?;
            self.results.remove(&parent);
            self.n_reused = self.n_reused.saturating_sub(1);
            return self.plan_anew();
        }
        let (threads, jobs) = (self.options.threads.get(), self.jobs);
        let job = Job {
            config: run.config.clone(),
            store: self.store.dir().to_owned(),
            data: self.options.data.clone(),
            threads: queue::threads_each(threads, jobs, n_runs),
            checkpoint_seconds: self.options.checkpoint_seconds,
        };
        let line = job.to_line().map_err(ExecuteError::Job)?;
        let id = WorkerId(self.n_started);
        self.n_started += 1;
        // By us alone, who hold the lock: a worker might take a successor's file for stale.
        self.store.checkpoints(&run.id).remove_stale()?;
        let worker = Worker::start(self.command, id, &line, &self.tell)?;
        let attempt = self.attempts.entry(run.id.clone()).or_insert(0);
        *attempt += 1;
        (self.observer)(Event::RunStarted { run: &run, attempt: *attempt, threads: job.threads });
        let of = run.config.total_steps();
        self.running.insert(id, Running { run, worker, before: 0, step: 0, of, stopped: false });
        self.told = None;
        Ok(())
    }

    fn pass_on(&mut self, id: WorkerId, message: Message) {
        let Some(running) = self.running.get_mut(&id) else { return };
        let Running { run, before, step: done, of: all, stopped, .. } = running;
        match message {
            Message::Progress { step, of } => {
                (*done, *all) = (step, of);
                self.meter.advance(run, (step, *before), of);
                (self.observer)(Event::Progress { run, step, of });
            }
            Message::Epoch { epoch, of, images_per_second, train, validation } => {
                let event = Event::Epoch { run, epoch, of, images_per_second, train, validation };
                (self.observer)(event);
            }
            Message::Resumed { step } => {
                (*before, *done) = (step, step);
                (self.observer)(Event::RunResumed { run, step });
            }
            Message::Notice { text } => (self.observer)(Event::Notice { run, text: &text }),
            Message::Stopped => *stopped = true,
            Message::DiskFailed { reason } => self.disk_failure = Some(reason),
            // The store will tell.
            Message::Done { .. } => {}
        }
    }

    fn reap(&mut self, id: WorkerId) -> Result<(), ExecuteError> {
        let Some(Running { run, worker, stopped, .. }) = self.running.remove(&id) else {
            return Ok(());
        };
        let (exit, last_lines) = worker.reap();
        self.meter.end(&run.id);
        self.told = None;
        if self.store.has(&run.id) {
            return match self.store.load(&run.id) {
                Ok(record) => {
                    let diverged = record.result.status != RunStatus::Finished;
                    let seconds = record.result.seconds;
                    self.n_ran += 1;
                    self.results.insert(run.id.clone(), record);
                    (self.observer)(Event::RunFinished { run: &run, diverged, seconds });
                    self.plan_anew()
                }
                Err(error) => {
                    self.give_up(run, Failure::Unreadable(error));
                    Ok(())
                }
            };
        }
        // Asked to stop, by us or by somebody else, it is expected to end; and it is not to blame
        // for the disk.
        if stopped || self.deadline.is_some() || self.disk_failure.is_some() {
            self.attempts.remove(&run.id);
            return Ok(());
        }
        let killed = exit == Exit::Signal(KILLED);
        let failure = Failure::Worker { exit, last_lines };
        if killed && self.jobs > 1 {
            // As a rule for want of memory: with fewer beside it, it may have enough.
            self.jobs -= 1;
            self.attempts.remove(&run.id);
            (self.observer)(Event::RunRetried { run: &run, failure: &failure });
            (self.observer)(Event::FewerJobs { jobs: self.jobs });
        } else if self.attempts.get(&run.id).is_some_and(|&attempts| attempts >= N_ATTEMPTS) {
            self.give_up(run, failure);
        } else {
            (self.observer)(Event::RunRetried { run: &run, failure: &failure });
        }
        Ok(())
    }

    fn give_up(&mut self, run: PlannedRun, failure: Failure) {
        (self.observer)(Event::RunFailed { run: &run, failure: &failure });
        self.failed.push(FailedRun { run, failure });
    }

    fn plan_anew(&mut self) -> Result<(), ExecuteError> {
        let before = std::mem::replace(&mut self.plan, Plan::new(self.study, &self.results));
        self.load_stored()?;
        if self.plan == before {
            return Ok(());
        }
        let record = self.record()?;
        let written = self.write_study(&record);
        self.or_stop(written)?;
        for (old, new) in before.phases.iter().zip(&self.plan.phases) {
            if let (None, Some(phase)) = (old.record(), new.record()) {
                (self.observer)(Event::PhaseResolved { phase });
            }
        }
        (self.observer)(Event::Planned { plan: &self.plan, results: &self.results });
        Ok(())
    }
}
