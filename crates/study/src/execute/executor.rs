//! The loop over what happens: start what is ready, listen, reap, plan anew.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, Sender};

use plateau_record::{RunId, RunStatus};

use super::event::{BlockedPhase, BlockedRun, Event, FailedRun, Failure, Outcome};
use super::job::{Job, Message};
use super::worker::{Heard, Worker, WorkerId};
use super::{ExecuteError, Options, WorkerCommand, queue};
use crate::plan::{PhaseState, Plan, PlannedPhase, PlannedRun, Results};
use crate::spec::Study;
use crate::store::Store;

/// How often a run is tried.
const N_ATTEMPTS: u32 = 2;

pub(super) struct Executor<'a> {
    study: &'a Study,
    store: &'a Store,
    command: &'a WorkerCommand,
    options: &'a Options,
    observer: &'a mut dyn FnMut(Event<'_>),
    plan: Plan,
    results: Results,
    n_reused: usize,
    n_ran: usize,
    running: BTreeMap<WorkerId, (PlannedRun, Worker)>,
    attempts: BTreeMap<RunId, u32>,
    failed: Vec<FailedRun>,
    n_started: u64,
    /// Kept, so that listening to no worker is no error.
    tell: Sender<(WorkerId, Heard)>,
    hear: Receiver<(WorkerId, Heard)>,
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
            attempts: BTreeMap::new(),
            failed: Vec::new(),
            n_started: 0,
            tell,
            hear,
        };
        executor.load_stored()?;
        executor.store.write_study(&executor.plan.record(study))?;
        (executor.observer)(Event::Planned { plan: &executor.plan, results: &executor.results });
        Ok(executor)
    }

    pub(super) fn run(mut self) -> Result<Outcome, ExecuteError> {
        loop {
            self.start_ready()?;
            if self.running.is_empty() {
                return Ok(self.outcome());
            }
            let Ok((id, heard)) = self.hear.recv() else { return Ok(self.outcome()) };
            match heard {
                Heard::Message(message) => self.pass_on(id, &message),
                Heard::Silence => self.reap(id)?,
            }
        }
    }

    /// Plans anew with the runs that the store has, until there are no more: stored runs may
    /// resolve phases whose runs are stored as well.
    fn load_stored(&mut self) -> Result<(), ExecuteError> {
        loop {
            // What is under way may be stored already; it is counted when its worker ends.
            let stored = self.plan.missing(&self.results);
            let stored = stored.filter(|run| !self.is_taken(&run.id) && self.store.has(&run.id));
            let ids: Vec<RunId> = stored.map(|run| run.id.clone()).collect();
            if ids.is_empty() {
                return Ok(());
            }
            for id in ids {
                let run = self.store.load(&id)?;
                self.results.insert(id, run);
                self.n_reused += 1;
            }
            self.plan = Plan::new(self.study, &self.results);
        }
    }

    fn start_ready(&mut self) -> Result<(), ExecuteError> {
        while self.running.len() < self.options.jobs.get() {
            let ready = queue::ready(&self.plan, &self.results, |id| self.is_taken(id));
            let Some(run) = queue::longest(&ready) else { return Ok(()) };
            let n_runs = self.running.len() + ready.len();
            let run = run.clone();
            self.start(run, n_runs)?;
        }
        Ok(())
    }

    fn is_taken(&self, id: &RunId) -> bool {
        self.running.values().any(|(run, _)| run.id == *id)
            || self.failed.iter().any(|failed| failed.run.id == *id)
    }

    fn start(&mut self, run: PlannedRun, n_runs: usize) -> Result<(), ExecuteError> {
        if let Some(parent) = run.parent()
            && self.store.weights(parent).is_none()
        {
            let failure = Failure::NoParentWeights { parent: parent.clone() };
            self.give_up(run, failure);
            return Ok(());
        }
        let (threads, jobs) = (self.options.threads.get(), self.options.jobs.get());
        let job = Job {
            config: run.config.clone(),
            store: self.store.dir().to_owned(),
            data: self.options.data.clone(),
            threads: queue::threads_each(threads, jobs, n_runs),
        };
        let line = job.to_line().map_err(ExecuteError::Job)?;
        let id = WorkerId(self.n_started);
        self.n_started += 1;
        let worker = Worker::start(self.command, id, &line, &self.tell)?;
        let attempt = self.attempts.entry(run.id.clone()).or_insert(0);
        *attempt += 1;
        (self.observer)(Event::RunStarted { run: &run, attempt: *attempt, threads: job.threads });
        self.running.insert(id, (run, worker));
        Ok(())
    }

    fn pass_on(&mut self, id: WorkerId, message: &Message) {
        let Some((run, _)) = self.running.get(&id) else { return };
        match *message {
            Message::Progress { step, of } => (self.observer)(Event::Progress { run, step, of }),
            Message::Epoch { epoch, of, images_per_second, train, validation } => {
                let event = Event::Epoch { run, epoch, of, images_per_second, train, validation };
                (self.observer)(event);
            }
            // The store will tell.
            Message::Done { .. } => {}
        }
    }

    fn reap(&mut self, id: WorkerId) -> Result<(), ExecuteError> {
        let Some((run, worker)) = self.running.remove(&id) else { return Ok(()) };
        let (exit, last_lines) = worker.reap();
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
        let failure = Failure::Worker { exit, last_lines };
        if self.attempts.get(&run.id).is_some_and(|&attempts| attempts >= N_ATTEMPTS) {
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
        self.store.write_study(&self.plan.record(self.study))?;
        for (old, new) in before.phases.iter().zip(&self.plan.phases) {
            if let (None, Some(phase)) = (old.record(), new.record()) {
                (self.observer)(Event::PhaseResolved { phase });
            }
        }
        (self.observer)(Event::Planned { plan: &self.plan, results: &self.results });
        Ok(())
    }

    fn outcome(self) -> Outcome {
        let is_failed = |id: &RunId| self.failed.iter().any(|failed| failed.run.id == *id);
        let blocked_runs = self.plan.missing(&self.results).filter(|run| !is_failed(&run.id));
        let blocked_runs = blocked_runs.filter_map(|run| {
            run.parent().map(|parent| BlockedRun { run: run.clone(), parent: parent.clone() })
        });
        let blocked_runs = blocked_runs.collect();
        let blocked_phases = self.plan.unresolved().map(blocked_phase).collect();
        Outcome {
            blocked_runs,
            blocked_phases,
            plan: self.plan,
            results: self.results,
            n_reused: self.n_reused,
            n_ran: self.n_ran,
            failed: self.failed,
        }
    }
}

fn blocked_phase(phase: &PlannedPhase) -> BlockedPhase {
    let reason = match &phase.state {
        PhaseState::Blocked { reason } => reason.clone(),
        PhaseState::Pending { waits_for } => {
            format!("follows from {}, which could not be finished", waits_for.join(" and "))
        }
        PhaseState::Resolved(_) => String::new(),
    };
    BlockedPhase { name: phase.name.clone(), reason }
}
