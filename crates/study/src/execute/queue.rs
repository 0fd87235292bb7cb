//! Which run is next: the longest of those that can begin.

use plateau_record::RunId;

use crate::plan::{Plan, PlannedRun, Results};

/// The runs that can begin, given a test for those that are under way or given up: their
/// parents, if they have any, are finished.
pub(super) fn ready<'a>(
    plan: &'a Plan,
    results: &'a Results,
    is_taken: impl Fn(&RunId) -> bool,
) -> Vec<&'a PlannedRun> {
    plan.missing(results)
        .filter(|run| !is_taken(&run.id))
        .filter(|run| run.parent().is_none_or(|parent| results.contains_key(parent)))
        .collect()
}

/// The longest first, so that no long run is left to the end, when other cores are idle. Of
/// equals the first in the plan.
pub(super) fn longest<'a>(ready: &[&'a PlannedRun]) -> Option<&'a PlannedRun> {
    ready.iter().rev().max_by(|a, b| a.cost.total_cmp(&b.cost)).copied()
}

/// Threads for one of `n_runs` that are under way or ready, of which `jobs` run at a time.
pub(super) fn threads_each(threads: usize, jobs: usize, n_runs: usize) -> usize {
    (threads / jobs.min(n_runs).max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_runs_get_one_thread_each_and_few_share_them_all() {
        assert_eq!(threads_each(8, 8, 70), 1);
        assert_eq!(threads_each(8, 8, 3), 2);
        assert_eq!(threads_each(8, 2, 70), 4);
        assert_eq!(threads_each(2, 8, 70), 1);
        assert_eq!(threads_each(2, 2, 1), 2);
    }
}
