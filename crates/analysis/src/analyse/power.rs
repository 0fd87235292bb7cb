//! How many seeds the comparisons would have needed.

use crate::findings::{Comparison, ExperimentFindings, PowerEntry, PowerFindings};
use crate::stats::{ALPHA, detectable_effect, pairs_needed};

/// The probability with which an effect shall be found: the usual one (Cohen, 1988).
const POWER: f64 = 0.8;

pub(super) fn analyse(experiments: &[ExperimentFindings]) -> PowerFindings {
    let entries = experiments.iter().zip(1..).flat_map(|(experiment, number)| {
        experiment.comparisons().into_iter().filter_map(move |c| entry(number, c))
    });
    PowerFindings { power: POWER, entries: entries.collect() }
}

fn entry(experiment: usize, comparison: &Comparison) -> Option<PowerEntry> {
    let test = comparison.tested()?;
    let sd = comparison.means?.difference.sd?;
    let alpha = ALPHA / test.family_size.max(1) as f64;
    let n_pairs = u32::try_from(comparison.n_pairs).ok()?;
    let most = comparison.measure.possible_difference().most;
    let detectable = detectable_effect(n_pairs, alpha, POWER).map(|effect| effect * sd);
    Some(PowerEntry {
        experiment,
        comparison: comparison.clone(),
        alpha,
        detectable: detectable.filter(|difference| *difference <= most),
        pairs_needed: pairs_needed(test.effect_size, alpha, POWER),
    })
}
