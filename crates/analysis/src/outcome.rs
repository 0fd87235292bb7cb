//! How a run ended, as every conclusion sees it.

use plateau_record::{N_CLASSES, Performance, RunRecord, RunStatus, ScheduleShape};

use crate::findings::{FinalMetrics, SeedStatus};

/// A finished run has collapsed if its final training loss is at least this fraction of ln 10,
/// the loss of a network that gives every class the same probability. 2 % below it is far above
/// what any learning network ends with, and above the noise of one whose units are all dead.
pub const COLLAPSE_FRACTION: f64 = 0.98;

/// The training loss from which on a run counts as collapsed, in nats: 0.98 · ln 10 ≈ 2.256.
#[must_use]
pub fn collapse_loss() -> f64 {
    COLLAPSE_FRACTION * (N_CLASSES as f64).ln()
}

/// How a run ended, and what it reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) status: SeedStatus,
    /// There for finished and collapsed runs, except range tests.
    pub(crate) finals: Option<FinalMetrics>,
}

impl Outcome {
    /// Judges a run by its record, or its absence.
    pub(crate) fn of(run: Option<&RunRecord>) -> Self {
        let Some(run) = run else {
            return Self { status: SeedStatus::Missing, finals: None };
        };
        if is_range_test(run) {
            // It is meant to end in divergence, and has no final metrics.
            return Self { status: SeedStatus::Finished, finals: None };
        }
        if let RunStatus::Diverged { .. } = run.result.status {
            return Self { status: SeedStatus::Diverged, finals: None };
        }
        let finals = final_metrics(run);
        let status = match finals {
            Some(finals) if finals.train.loss >= collapse_loss() => SeedStatus::Collapsed,
            Some(_) => SeedStatus::Finished,
            None => SeedStatus::Missing,
        };
        Self { status, finals }
    }
}

/// Whether a run is a learning-rate range test.
pub(crate) fn is_range_test(run: &RunRecord) -> bool {
    matches!(run.config.schedule.shape, ScheduleShape::RangeTest { .. })
}

/// Whether a run can have measured this: a loss that is a number, and a share of images.
pub(crate) fn is_possible(performance: &Performance) -> bool {
    performance.loss.is_finite() && (0.0..=1.0).contains(&performance.accuracy)
}

fn final_metrics(run: &RunRecord) -> Option<FinalMetrics> {
    let train = run.result.train.filter(is_possible)?;
    let validation = run.result.validation.filter(is_possible)?;
    let test = run.result.test.as_ref()?.performance;
    is_possible(&test).then_some(FinalMetrics {
        train,
        validation,
        test,
        gap: train.accuracy - validation.accuracy,
        test_gap: train.accuracy - test.accuracy,
    })
}
