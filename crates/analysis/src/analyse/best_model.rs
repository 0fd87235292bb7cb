//! The best model of a study, and which classes it confuses.

use plateau_record::{N_CLASSES, RunRecord};

use super::arms::is_eligible;
use super::records::Phase;
use crate::findings::{Arm, BestModel, ClassResult};

/// See [`BestModel`] for the rule.
pub(super) fn best_model(phases: &[Phase<'_>]) -> Option<BestModel> {
    let mut best: Option<(f64, &Arm, &[Option<&RunRecord>])> = None;
    for (arm, runs) in phases.iter().flat_map(|phase| phase.arms.iter().zip(&phase.runs)) {
        let Some(finals) = &arm.finals else { continue };
        let accuracy = finals.validation_accuracy.mean;
        let is_better = best.is_none_or(|(highest, ..)| accuracy > highest);
        if is_eligible(arm) && !arm.transfer && is_better {
            best = Some((accuracy, arm, runs));
        }
    }
    let (_, arm, runs) = best?;
    let confusion = summed_confusion(runs);
    let classes = (0..N_CLASSES).map(|class_idx| class_result(&confusion, class_idx)).collect();
    Some(BestModel { arm: arm.clone(), confusion, classes })
}

fn summed_confusion(runs: &[Option<&RunRecord>]) -> Vec<Vec<u64>> {
    let mut sum = vec![vec![0; N_CLASSES]; N_CLASSES];
    let tests = runs.iter().flatten().filter_map(|run| run.result.test.as_ref());
    for test in tests {
        for (row, counts) in sum.iter_mut().zip(&test.confusion) {
            for (cell, count) in row.iter_mut().zip(counts) {
                *cell += u64::from(*count);
            }
        }
    }
    sum
}

fn class_result(confusion: &[Vec<u64>], class_idx: usize) -> ClassResult {
    let row = &confusion[class_idx];
    let n_images: u64 = row.iter().sum();
    let n_predicted: u64 = confusion.iter().map(|row| row[class_idx]).sum();
    let fraction = |of: u64| (of > 0).then(|| row[class_idx] as f64 / of as f64);
    let mistakes = row.iter().copied().enumerate().filter(|(other, _)| *other != class_idx);
    // Of equals, the first class: `max_by_key` would take the last.
    let most = mistakes.filter(|(_, count)| *count > 0).rev().max_by_key(|(_, count)| *count);
    ClassResult {
        class_idx,
        n_images,
        recall: fraction(n_images),
        precision: fraction(n_predicted),
        most_confused_with: most,
    }
}
