//! What was achieved, in the end.

use plateau_record::RunId;

use super::ExecuteError;
use super::event::{BlockedPhase, BlockedRun, Outcome};
use super::executor::Executor;
use crate::plan::{PhaseState, PlannedPhase};

impl Executor<'_> {
    pub(super) fn outcome(mut self) -> Result<Outcome, ExecuteError> {
        self.told = None;
        self.tell_progress()?;
        let others = self.others()?;
        let stopped = self.deadline.is_some()
            && (self.plan.missing(&self.results).next().is_some()
                || self.plan.unresolved().next().is_some());
        let is_failed = |id: &RunId| self.failed.iter().any(|failed| failed.run.id == *id);
        let blocked_runs = self.plan.missing(&self.results).filter(|run| !is_failed(&run.id));
        let blocked_runs = blocked_runs.filter_map(|run| {
            run.parent().map(|parent| BlockedRun { run: run.clone(), parent: parent.clone() })
        });
        let blocked_runs = blocked_runs.collect();
        let blocked_phases = self.plan.unresolved().map(blocked_phase).collect();
        Ok(Outcome {
            stopped,
            others,
            blocked_runs,
            blocked_phases,
            plan: self.plan,
            results: self.results,
            n_reused: self.n_reused,
            n_ran: self.n_ran,
            failed: self.failed,
        })
    }
}

fn blocked_phase(phase: &PlannedPhase) -> BlockedPhase {
    let (reason, advice) = match &phase.state {
        PhaseState::Blocked { reason, advice } => (reason.clone(), Some(advice.clone())),
        PhaseState::Pending { waits_for } => {
            (format!("follows from {}, which could not be finished", waits_for.join(" and ")), None)
        }
        PhaseState::Resolved(_) => (String::new(), None),
    };
    BlockedPhase { name: phase.name.clone(), reason, advice }
}
