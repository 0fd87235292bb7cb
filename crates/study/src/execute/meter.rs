//! How fast an execution goes, and how long it will take.

use std::collections::BTreeMap;
use std::time::Instant;

use plateau_record::RunId;

use crate::plan::PlannedRun;

/// Multiply-adds done here, by what workers report.
#[derive(Debug)]
pub(super) struct Meter {
    started: Instant,
    /// Of runs that ended.
    done: f64,
    running: BTreeMap<RunId, Share>,
}

/// Of a run's steps.
#[derive(Clone, Copy, Debug)]
struct Share {
    /// Done before this worker.
    before: f64,
    /// Done.
    now: f64,
    cost: f64,
}

impl Meter {
    pub(super) fn start() -> Self {
        Self { started: Instant::now(), done: 0.0, running: BTreeMap::new() }
    }

    /// A worker has done `step` of so many steps; `before` of them it has taken over.
    pub(super) fn advance(&mut self, run: &PlannedRun, (step, before): (u64, u64), of: u64) {
        let share = |step: u64| step as f64 / of.max(1) as f64;
        let share = Share { before: share(before), now: share(step), cost: run.cost };
        self.running.insert(run.id.clone(), share);
    }

    /// A worker has ended.
    pub(super) fn end(&mut self, id: &RunId) {
        if let Some(Share { before, now, cost }) = self.running.remove(id) {
            self.done += (now - before).max(0.0) * cost;
        }
    }

    /// Seconds for so many multiply-adds, less what runs under way have done of theirs.
    pub(super) fn seconds_for(&self, cost: f64) -> Option<f64> {
        let shares = || self.running.values();
        let here: f64 = shares().map(|s| (s.now - s.before).max(0.0) * s.cost).sum();
        let under_way: f64 = shares().map(|s| s.now * s.cost).sum();
        let speed = (self.done + here) / self.started.elapsed().as_secs_f64();
        let seconds = (cost - under_way).max(0.0) / speed;
        seconds.is_finite().then_some(seconds)
    }
}
