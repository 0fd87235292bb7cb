//! Made-up predictions: calibration, classes, mistakes, power.

use std::collections::BTreeMap;

use plateau_analysis::{
    Arm, ArmPredictions, Comparison, ExperimentFindings, Measure, Mistake, Mistakes, N_BINS,
    PowerEntry, PowerFindings, PredictionFindings, ReliabilityBin,
};
use plateau_record::N_CLASSES;
use plateau_report::ShownImages;

use super::{compare_values, estimate, noise, stream};

const N_MISTAKES: usize = 20;

fn values(seed: u64, mean: f64, spread: f64) -> Vec<f64> {
    let mut stream = stream(seed);
    (0..5).map(|_| mean + spread * noise(&mut stream)).collect()
}

/// A model that is surer than right, by `excess`.
fn arm_predictions(seed: u64, arm: &Arm, excess: f64) -> ArmPredictions {
    let accuracy = estimate(&values(seed, 0.74, 0.004));
    let bins = (1..N_BINS).map(|k| {
        let confidence = (k as f64 + 0.5) / N_BINS as f64;
        let accuracy = values(seed + k as u64, confidence - excess * confidence, 0.01);
        let share = (k as f64 / N_BINS as f64).powi(3) * 0.3;
        ReliabilityBin { confidence, accuracy: estimate(&accuracy), share }
    });
    let classes = (0..N_CLASSES as u64).map(|class| {
        estimate(&values(seed + 50 + class, 0.6 + 0.03 * ((class * 7) % 10) as f64, 0.012))
    });
    ArmPredictions {
        label: arm.label.clone(),
        phase: arm.phase.clone(),
        accuracy,
        confidence: estimate(&values(seed + 1, 0.74 + excess, 0.003)),
        excess: estimate(&values(seed + 3, excess, 0.004)),
        calibration_error: estimate(&values(seed + 2, excess, 0.004)),
        bins: bins.collect(),
        classes: classes.collect(),
    }
}

pub(crate) fn predictions(models: &[&Arm]) -> PredictionFindings {
    let excesses = [0.17, 0.04, 0.09];
    let arms: Vec<ArmPredictions> = models
        .iter()
        .zip(excesses)
        .zip([100, 200, 300])
        .map(|((arm, excess), seed)| arm_predictions(seed, arm, excess))
        .collect();
    let comparisons: Vec<Comparison> = [1, 2]
        .map(|i| {
            let labels = (arms[i].label.as_str(), arms[0].label.as_str());
            let (a, b) =
                (values(100 * i as u64, excesses[i], 0.004), values(9, excesses[0], 0.004));
            compare_values(Measure::CalibrationError, labels, &a, &b)
        })
        .to_vec();
    let surest = (0..N_MISTAKES).map(|i| Mistake {
        image: 7 + 13 * i,
        label: (i % 10) as u8,
        predicted: ((i + 3) % 10) as u8,
        n_agreeing: 5 - i % 2,
        confidence: 0.999 - 0.002 * i as f64,
    });
    PredictionFindings {
        featured: (0..arms.len()).collect(),
        mistakes: Some(Mistakes {
            label: arms[2].label.clone(),
            n_seeds: 5,
            n_images: 10_000,
            n_by_any: 4_100,
            n_by_all: 1_230,
            n_alike: 780,
            surest: surest.collect(),
        }),
        arms,
        comparisons,
    }
}

pub(crate) fn power(experiments: &[ExperimentFindings]) -> PowerFindings {
    let comparisons = experiments.iter().zip(1..).flat_map(|(experiment, number)| {
        let comparisons = match experiment {
            ExperimentFindings::LearningRate(f) => &f.comparisons,
            ExperimentFindings::Regularisation(f) => &f.comparisons,
            ExperimentFindings::GradientFlow(f) => &f.performance,
            ExperimentFindings::Sweep(f) => &f.comparisons,
        };
        comparisons.iter().map(move |comparison| (number, comparison))
    });
    let entry = |(experiment, comparison): (usize, &Comparison)| PowerEntry {
        experiment,
        comparison: comparison.clone(),
        alpha: 0.025,
        detectable: Some(0.0123),
        pairs_needed: (!comparison.significant()).then_some(37),
    };
    PowerFindings { power: 0.8, entries: comparisons.map(entry).collect() }
}

pub(crate) fn shown() -> ShownImages {
    let image = |i: usize| {
        let mut stream = stream(i as u64);
        (7 + 13 * i, (0..3072).map(|_| (stream.uniform() * 255.0) as u8).collect())
    };
    ShownImages { images: (0..N_MISTAKES).map(image).collect::<BTreeMap<_, _>>() }
}
