//! `plateau status`: how far a study is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use plateau_record::{RunId, RunStatus, StudyRecord};
use plateau_study::Store;
use plateau_study::store::Progress;
use serde::Serialize;

use crate::args::StatusArgs;
use crate::commands::report::stored_study;
use crate::failure::Failure;
use crate::progress::duration;

pub(crate) fn status(args: &StatusArgs) -> Result<(), Failure> {
    let store = Store::at(&args.folder);
    let study = stored_study(&store)?;
    let status = Status::of(&store, &study)?;
    if args.json {
        println!("{}", serde_json::to_string(&status).map_err(Failure::other)?);
    } else {
        status.print();
    }
    Ok(())
}

/// How far a study is.
#[derive(Debug, Serialize)]
struct Status {
    study: String,
    /// Who executes it now, if somebody does.
    executed_by: Option<String>,
    /// Known runs, each once.
    runs: usize,
    done: usize,
    diverged: Vec<RunId>,
    running: Vec<Running>,
    waiting: usize,
    failed: Vec<Failed>,
    /// Runs that are stored, and can't be read: what is wrong with each.
    damaged: Vec<Failed>,
    phases: Vec<Phase>,
    /// Phases that wait for others' results: more runs to come.
    pending: Vec<String>,
    /// Stored runs that no phase asks for.
    not_of_the_study: Vec<RunId>,
    seconds_left: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Running {
    id: RunId,
    phase: String,
    step: u64,
    of: u64,
}

#[derive(Debug, Serialize)]
struct Failed {
    id: RunId,
    reason: String,
}

#[derive(Debug, Serialize)]
struct Phase {
    name: String,
    runs: usize,
    done: usize,
}

impl Status {
    fn of(store: &Store, study: &StudyRecord) -> Result<Self, Failure> {
        let stored: BTreeSet<RunId> =
            store.run_ids().map_err(Failure::other)?.into_iter().collect();
        let mut phase_of: BTreeMap<&RunId, &str> = BTreeMap::new();
        let mut phases = Vec::new();
        for phase in &study.phases {
            let ids: Vec<&RunId> =
                phase.groups.iter().flat_map(|group| &group.runs).map(|run| &run.id).collect();
            phases.push(Phase {
                name: phase.name.clone(),
                runs: ids.len(),
                done: ids.iter().filter(|id| stored.contains(**id)).count(),
            });
            for id in ids {
                phase_of.entry(id).or_insert(&phase.name);
            }
        }
        let (mut diverged, mut damaged) = (Vec::new(), Vec::new());
        let done: Vec<&RunId> = stored.iter().filter(|id| phase_of.contains_key(id)).collect();
        for id in &done {
            match store.load(id) {
                Ok(run) if run.result.status != RunStatus::Finished => diverged.push(run.id),
                Ok(_) => {}
                Err(error) => {
                    damaged.push(Failed { id: (*id).clone(), reason: error.to_string() });
                }
            }
        }
        let executed_by = store.lock_holder();
        let Progress { running, failed, seconds_left } =
            store.progress().map_err(Failure::other)?.unwrap_or_default();
        // What a dead execution was at doesn't run any more.
        let running =
            running.into_iter().filter(|run| executed_by.is_some() && !stored.contains(&run.id));
        let running = running.map(|run| Running {
            phase: phase_of.get(&run.id).copied().unwrap_or_default().to_owned(),
            step: run.step.0,
            of: run.of,
            id: run.id,
        });
        let running: Vec<Running> = running.collect();
        let failed = failed.into_iter().filter(|failed| !stored.contains(&failed.id));
        let failed: Vec<Failed> =
            failed.map(|failed| Failed { id: failed.id, reason: failed.reason }).collect();
        let is_under_way = |id: &RunId| running.iter().any(|run| run.id == *id);
        let waiting = phase_of.keys().filter(|id| {
            !stored.contains(**id)
                && !is_under_way(id)
                && !failed.iter().any(|failed| failed.id == ***id)
        });
        let not_of_the_study = stored.iter().filter(|id| !phase_of.contains_key(id));
        Ok(Self {
            study: study.name.clone(),
            runs: phase_of.len(),
            done: done.len(),
            waiting: waiting.count(),
            // While phases wait, their runs may be stored already.
            not_of_the_study: not_of_the_study
                .filter(|_| study.pending.is_empty())
                .cloned()
                .collect(),
            pending: study.pending.clone(),
            seconds_left: seconds_left.filter(|_| executed_by.is_some()),
            executed_by,
            diverged,
            running,
            failed,
            damaged,
            phases,
        })
    }

    fn print(&self) {
        let Self { study, runs, done, waiting, .. } = self;
        println!(
            "{study}: {done} of {runs} runs done ({} diverged), {} running, {waiting} waiting, {} \
             failed",
            self.diverged.len(),
            self.running.len(),
            self.failed.len()
        );
        match &self.executed_by {
            Some(holder) => println!("executed by {holder}"),
            None if self.is_complete() => println!("complete"),
            None => println!("not being executed; `plateau run` goes on with it"),
        }
        if let Some(seconds) = self.seconds_left {
            println!("about {} left", duration(Duration::from_secs_f64(seconds.clamp(0.0, 1e9))));
        }
        let width = self.phases.iter().map(|phase| phase.name.len()).max().unwrap_or(0);
        for Phase { name, runs, done } in &self.phases {
            println!("  {name:width$}  {done} of {runs}");
        }
        for name in &self.pending {
            println!("  {name:width$}  waits for another phase's results");
        }
        for Running { id, phase, step, of } in &self.running {
            println!("running  {id}  {phase}, step {step} of {of}");
        }
        for id in &self.diverged {
            println!("diverged {id}");
        }
        for Failed { id, reason } in &self.failed {
            println!("failed   {id}  {reason}");
        }
        for Failed { id, reason } in &self.damaged {
            println!("damaged  {id}  {reason}");
        }
        for id in &self.not_of_the_study {
            println!("not part of the study  {id}");
        }
    }

    fn is_complete(&self) -> bool {
        self.done == self.runs && self.pending.is_empty() && self.damaged.is_empty()
    }
}
