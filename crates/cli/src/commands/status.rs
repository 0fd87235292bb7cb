//! `plateau status`: how far a study is.

use std::collections::{BTreeMap, BTreeSet};

use plateau_record::{RunId, RunStatus, StudyRecord};
use plateau_study::Store;
use plateau_study::store::progress::BlockedPhase;
use plateau_study::store::{Progress, UnreadableRun};
use serde::Serialize;

use crate::args::StatusArgs;
use crate::commands::report::stored_study;
use crate::failure::Failure;
use crate::output::{answer, count};
use crate::progress::duration;

pub(crate) fn status(args: &StatusArgs) -> Result<(), Failure> {
    let store = Store::at(&args.folder);
    let study = stored_study(&store)?;
    let status = Status::of(&store, &study)?;
    if args.json {
        answer(serde_json::to_string(&status).map_err(Failure::other)?)
    } else {
        answer(status.text())
    }
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
    /// Those of them whose settings can't be chosen from the results there are, and why not.
    blocked: Vec<BlockedPhase>,
    /// Runs whose files have other line ends than were stored; their content is the same.
    other_line_ends: usize,
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
        let read = store.runs().map_err(|error| Failure::store(&error))?;
        let stored: BTreeSet<&RunId> = read.runs.keys().collect();
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
        let done = read.runs.iter().filter(|(id, _)| phase_of.contains_key(id));
        let diverged = done.clone().filter(|(_, run)| run.result.status != RunStatus::Finished);
        let damaged = read.unreadable.into_iter().map(|UnreadableRun { id, error }| {
            let advice = error.advice().map(|advice| format!(": {advice}"));
            Failed { reason: format!("{error}{}", advice.unwrap_or_default()), id }
        });
        let executed_by = store.lock_holder();
        let Progress { running, failed, blocked, seconds_left } =
            store.progress().unwrap_or_default();
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
        let not_of_the_study = stored.iter().copied().filter(|id| !phase_of.contains_key(id));
        Ok(Self {
            study: study.name.clone(),
            runs: phase_of.len(),
            done: done.count(),
            waiting: waiting.count(),
            // While phases wait, their runs may be stored already.
            not_of_the_study: not_of_the_study
                .filter(|_| study.pending.is_empty())
                .cloned()
                .collect(),
            pending: study.pending.clone(),
            blocked: blocked.into_iter().filter(|b| study.pending.contains(&b.phase)).collect(),
            other_line_ends: read.n_other_line_ends,
            seconds_left: seconds_left.filter(|_| executed_by.is_some()),
            executed_by,
            diverged: diverged.map(|(id, _)| id.clone()).collect(),
            running,
            failed,
            damaged: damaged.collect(),
            phases,
        })
    }

    fn text(&self) -> String {
        let Self { study, runs, done, waiting, .. } = self;
        let mut lines = vec![format!(
            "{study}: {done} of {runs} runs done ({} diverged), {} running, {waiting} waiting, {} \
             failed",
            self.diverged.len(),
            self.running.len(),
            self.failed.len()
        )];
        lines.push(match &self.executed_by {
            Some(holder) => format!("executed by {holder}"),
            None if self.is_complete() => "complete".to_owned(),
            None if !self.blocked.is_empty() => {
                "not being executed; a phase can't be run from the results there are".to_owned()
            }
            None => "not being executed; `plateau run` goes on with it".to_owned(),
        });
        lines.extend(self.seconds_left.map(|s| format!("about {} left", duration(s))));
        let width = self.phases.iter().map(|phase| phase.name.len()).max().unwrap_or(0);
        for Phase { name, runs, done } in &self.phases {
            lines.push(format!("  {name:width$}  {done} of {runs}"));
        }
        for name in &self.pending {
            let blocked = self.blocked.iter().find(|blocked| blocked.phase == *name);
            lines.push(match blocked {
                Some(blocked) => format!("  {name:width$}  cannot be run: {}", blocked.reason),
                None => format!("  {name:width$}  waits for another phase's results"),
            });
        }
        for Running { id, phase, step, of } in &self.running {
            lines.push(format!("running  {id}  {phase}, step {step} of {of}"));
        }
        lines.extend(self.diverged.iter().map(|id| format!("diverged {id}")));
        for (word, failed) in [("failed  ", &self.failed), ("damaged ", &self.damaged)] {
            lines.extend(
                failed.iter().map(|Failed { id, reason }| format!("{word} {id}  {reason}")),
            );
        }
        if !self.damaged.is_empty() {
            lines.push("`plateau run` keeps what is damaged aside, and makes it again".to_owned());
        }
        if self.other_line_ends > 0 {
            lines.push(other_line_ends(self.other_line_ends));
        }
        lines.extend(self.not_of_the_study.iter().map(|id| format!("not part of the study  {id}")));
        lines.join("\n")
    }

    fn is_complete(&self) -> bool {
        self.done == self.runs && self.pending.is_empty() && self.damaged.is_empty()
    }
}

/// What git did to a study's folder.
pub(crate) fn other_line_ends(n_runs: usize) -> String {
    format!(
        "{} with other line ends than were stored (git's core.autocrlf makes them); \
         what they say is the same",
        count(n_runs, "run")
    )
}
