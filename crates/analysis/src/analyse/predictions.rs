//! Calibration, per-class accuracy, and the mistakes that the models are surest of.

use plateau_record::{N_CLASSES, Predictions, RunRecord, Seed};

use super::compare::{Sides, adjust, compare_pairs};
use super::records::Phase;
use crate::findings::{
    Arm, ArmPredictions, BestModel, Comparison, ExperimentFindings, Measure, Mistake, Mistakes,
    N_BINS, N_SUREST, PredictionFindings, ReliabilityBin,
};
use crate::stats::{Possible, estimate_within};

/// None if no run was tested.
pub(super) fn analyse(
    phases: &[Phase<'_>],
    experiments: &[ExperimentFindings],
    best: Option<&BestModel>,
) -> Option<PredictionFindings> {
    let tested: Vec<Tested<'_>> = phases
        .iter()
        .flat_map(|phase| phase.arms.iter().zip(&phase.runs))
        .filter_map(|(arm, runs)| Tested::of(arm, runs))
        .collect();
    // By its runs: an experiment may call an arm by another name.
    let is_arm = |t: &Tested<'_>, arm: &Arm| t.arm.phase == arm.phase && t.arm.seeds == arm.seeds;
    let position = |arm: &Arm| tested.iter().position(|t| is_arm(t, arm));
    let models = experiments.iter().find_map(|experiment| match experiment {
        ExperimentFindings::GradientFlow(f) if !f.models.is_empty() => Some(&f.models),
        _ => None,
    });
    let close: Vec<(&Arm, usize)> = match models {
        Some(models) => models.iter().filter_map(|m| Some((&m.arm, position(&m.arm)?))).collect(),
        None => best.iter().filter_map(|best| Some((&best.arm, position(&best.arm)?))).collect(),
    };
    let mut arms: Vec<ArmPredictions> =
        tested.iter().map(Tested::summary).collect::<Option<_>>()?;
    if arms.is_empty() {
        return None;
    }
    for (arm, position) in &close {
        arms[*position].label.clone_from(&arm.label);
    }
    let featured: Vec<usize> = close.iter().map(|(_, position)| *position).collect();
    let mut comparisons: Vec<Comparison> = match featured.split_first() {
        Some((&first, others)) => others
            .iter()
            .map(|&other| {
                let sides = Sides {
                    measure: Measure::CalibrationError,
                    a: &arms[other].label,
                    b: &arms[first].label,
                };
                compare_pairs(&sides, &pairs(&tested[other], &tested[first]))
            })
            .collect(),
        None => Vec::new(),
    };
    adjust(&mut comparisons);
    let mistakes = best.and_then(|best| tested[position(&best.arm)?].mistakes());
    Some(PredictionFindings { arms, featured, comparisons, mistakes })
}

/// An arm with the predictions of its tested runs.
struct Tested<'a> {
    arm: &'a Arm,
    runs: Vec<(Seed, &'a Predictions)>,
}

impl<'a> Tested<'a> {
    fn of(arm: &'a Arm, runs: &[Option<&'a RunRecord>]) -> Option<Self> {
        let tested = arm.seeds.iter().zip(runs).filter_map(|(seed, run)| {
            let predictions = (*run)?.predictions.as_ref()?;
            (!predictions.is_empty()).then_some((seed.seed, predictions))
        });
        let runs: Vec<_> = tested.collect();
        (!runs.is_empty()).then_some(Self { arm, runs })
    }

    fn summary(&self) -> Option<ArmPredictions> {
        let over_seeds = |possible: Possible, of: fn(&Predictions) -> f64| {
            let values: Vec<f64> =
                self.runs.iter().map(|(_, predictions)| of(predictions)).collect();
            estimate_within(possible, &values)
        };
        let share = |of| over_seeds(Possible::SHARE, of);
        Some(ArmPredictions {
            label: self.arm.label.clone(),
            phase: self.arm.phase.clone(),
            accuracy: share(accuracy)?,
            confidence: share(mean_confidence)?,
            excess: over_seeds(Possible::SHARE_DIFFERENCE, |predictions| {
                mean_confidence(predictions) - accuracy(predictions)
            })?,
            calibration_error: share(calibration_error)?,
            bins: self.bins(),
            classes: (0..N_CLASSES as u8).filter_map(|class| self.recall(class)).collect(),
        })
    }

    fn bins(&self) -> Vec<ReliabilityBin> {
        let by_seed: Vec<[Bin; N_BINS]> = self.runs.iter().map(|(_, p)| bins(p)).collect();
        let n_images: usize = self.runs.iter().map(|(_, p)| p.len()).sum();
        let bin = |k: usize| {
            let filled: Vec<&Bin> = by_seed.iter().map(|b| &b[k]).filter(|b| b.n > 0).collect();
            let n: usize = filled.iter().map(|bin| bin.n).sum();
            let confidence: f64 = filled.iter().map(|bin| bin.confidence).sum();
            let accuracies: Vec<f64> = filled.iter().map(|bin| bin.accuracy()).collect();
            Some(ReliabilityBin {
                confidence: confidence / n as f64,
                accuracy: estimate_within(Possible::SHARE, &accuracies)?,
                share: n as f64 / n_images as f64,
            })
        };
        (0..N_BINS).filter_map(bin).collect()
    }

    fn recall(&self, class: u8) -> Option<crate::findings::Estimate> {
        let recalls = self.runs.iter().filter_map(|(_, predictions)| {
            let of_class: Vec<bool> = predictions
                .iter()
                .filter(|(label, ..)| *label == class)
                .map(|(label, predicted, _)| label == predicted)
                .collect();
            fraction(of_class.iter().filter(|right| **right).count(), of_class.len())
        });
        estimate_within(Possible::SHARE, &recalls.collect::<Vec<_>>())
    }

    /// None if the runs were not tested on the same images.
    fn mistakes(&self) -> Option<Mistakes> {
        let (_, first) = self.runs.first()?;
        if self.runs.iter().any(|(_, predictions)| predictions.label != first.label) {
            return None;
        }
        let n_seeds = self.runs.len();
        let (mut n_by_any, mut n_alike) = (0, 0);
        let mut by_all: Vec<Mistake> = Vec::new();
        for (image, &label) in first.label.iter().enumerate() {
            let wrong: Vec<(u8, f32)> = self
                .runs
                .iter()
                .filter_map(|(_, p)| Some((*p.predicted.get(image)?, *p.confidence.get(image)?)))
                .filter(|(predicted, _)| *predicted != label)
                .collect();
            n_by_any += usize::from(!wrong.is_empty());
            if wrong.len() < n_seeds {
                continue;
            }
            let votes =
                |class: u8| wrong.iter().filter(|(predicted, _)| *predicted == class).count();
            let classes = (0..N_CLASSES as u8).rev();
            let predicted = classes.max_by_key(|class| votes(*class)).unwrap_or_default();
            let confidence = wrong.iter().map(|(_, p)| f64::from(*p)).sum::<f64>() / n_seeds as f64;
            let n_agreeing = votes(predicted);
            n_alike += usize::from(n_agreeing == n_seeds);
            by_all.push(Mistake { image, label, predicted, n_agreeing, confidence });
        }
        let n_by_all = by_all.len();
        by_all.sort_by(|a, b| {
            b.confidence.total_cmp(&a.confidence).then_with(|| a.image.cmp(&b.image))
        });
        by_all.truncate(N_SUREST);
        Some(Mistakes {
            label: self.arm.label.clone(),
            n_seeds,
            n_images: first.len(),
            n_by_any,
            n_by_all,
            n_alike,
            surest: by_all,
        })
    }
}

/// Calibration errors of the seeds that were tested in both.
fn pairs(a: &Tested<'_>, b: &Tested<'_>) -> Vec<(f64, f64)> {
    let pair = |(seed, of_a): &(Seed, &Predictions)| {
        let (_, of_b) = b.runs.iter().find(|(of_b, _)| of_b == seed)?;
        Some((calibration_error(of_a), calibration_error(of_b)))
    };
    a.runs.iter().filter_map(pair).collect()
}

fn accuracy(predictions: &Predictions) -> f64 {
    let right = predictions.iter().filter(|(label, predicted, _)| label == predicted).count();
    right as f64 / predictions.len() as f64
}

fn mean_confidence(predictions: &Predictions) -> f64 {
    predictions.confidence.iter().map(|p| f64::from(*p)).sum::<f64>() / predictions.len() as f64
}

fn calibration_error(predictions: &Predictions) -> f64 {
    let misses = bins(predictions);
    misses.iter().map(Bin::weighted_miss).sum::<f64>() / predictions.len() as f64
}

/// One run's predictions within a range of confidence.
#[derive(Clone, Copy, Default)]
struct Bin {
    n: usize,
    n_right: usize,
    /// Summed.
    confidence: f64,
}

impl Bin {
    fn accuracy(&self) -> f64 {
        self.n_right as f64 / self.n as f64
    }

    /// n · |accuracy − mean confidence|.
    fn weighted_miss(&self) -> f64 {
        (self.n_right as f64 - self.confidence).abs()
    }
}

/// Bin k holds the confidences in (k/15, (k+1)/15].
fn bins(predictions: &Predictions) -> [Bin; N_BINS] {
    let mut bins = [Bin::default(); N_BINS];
    for (label, predicted, confidence) in predictions.iter() {
        let confidence = f64::from(confidence);
        let k = (confidence * N_BINS as f64).ceil() as usize;
        let bin = &mut bins[k.clamp(1, N_BINS) - 1];
        bin.n += 1;
        bin.n_right += usize::from(label == predicted);
        bin.confidence += confidence;
    }
    bins
}

fn fraction(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predictions(of: &[(u8, u8, f32)]) -> Predictions {
        let mut predictions = Predictions::default();
        for (label, predicted, confidence) in of {
            predictions.label.push(*label);
            predictions.predicted.push(*predicted);
            predictions.confidence.push(*confidence);
        }
        predictions
    }

    #[test]
    fn calibration_error_is_the_mean_distance_of_accuracy_from_confidence() {
        // Half right at 0.9, all right at 0.5: 0.5·|0.5 − 0.9| + 0.5·|1 − 0.5|.
        let half = [(0, 0, 0.9), (1, 0, 0.9), (2, 2, 0.5), (3, 3, 0.5)];
        assert!((calibration_error(&predictions(&half)) - 0.45).abs() < 1e-7);
        let perfect = predictions(&[(1, 1, 1.0), (2, 2, 1.0)]);
        assert_eq!(calibration_error(&perfect), 0.0);
    }

    #[test]
    fn a_confidence_on_an_edge_belongs_to_the_lower_bin() {
        let bins = bins(&predictions(&[(0, 0, 0.2), (0, 0, 0.21), (0, 0, 0.0), (0, 0, 1.0)]));
        let filled: Vec<usize> = (0..N_BINS).filter(|k| bins[*k].n > 0).collect();
        // 0.2 as an f32 is above 3/15.
        assert_eq!(filled, [0, 3, N_BINS - 1]);
        assert_eq!(bins[3].n, 2);
    }
}
