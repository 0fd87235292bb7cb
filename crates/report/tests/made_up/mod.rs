//! A small made-up study: numbers that look like results, from a fixed stream. Nothing here was
//! measured.

mod arms;
mod experiments;
mod gradients;
mod images;
mod predictions;
mod records;

use std::collections::BTreeMap;

use plateau_analysis::{
    Arm, Comparison, Estimate, ExperimentFindings, Findings, Interval, Measure, PairMeans,
    PairedTest, RunSummary, StudySummary, TestOutcome,
};
use plateau_record::{Concern, DataSet, Epoch, RunId, RunRecord, Seed, Step, Stream, StudyRecord};
use plateau_report::{SampleImages, ShownImages};

pub(crate) use arms::{ArmSpec, arm};
use records::{provenance, records};

pub(crate) const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];
pub(crate) const EPOCHS: u32 = 15;

/// Everything that a report is made from.
pub(crate) struct MadeUp {
    pub(crate) study: StudyRecord,
    pub(crate) runs: BTreeMap<RunId, RunRecord>,
    pub(crate) findings: Findings,
    pub(crate) samples: SampleImages,
    pub(crate) shown: ShownImages,
}

/// Roughly normal noise.
pub(crate) fn noise(stream: &mut Stream) -> f64 {
    let sum: f32 = (0..12).map(|_| stream.uniform()).sum();
    f64::from(sum) - 6.0
}

pub(crate) fn stream(n: u64) -> Stream {
    Stream::new(Seed(n), Concern::Synthetic, Epoch(0), Step(0))
}

/// Mean and 95 % interval for five values.
pub(crate) fn estimate(values: &[f64]) -> Estimate {
    let n = values.len();
    let mean = values.iter().sum::<f64>() / n as f64;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
    let half = 2.776 * (variance / n as f64).sqrt();
    Estimate {
        n,
        mean,
        sd: Some(variance.sqrt()),
        interval: Some(Interval { lower: mean - half, upper: mean + half }),
    }
}

fn single(arm: &Arm, measure: Measure) -> Vec<f64> {
    let finals = arm.seeds.iter().filter_map(|seed| seed.finals);
    finals
        .map(|finals| match measure {
            Measure::GeneralisationGap => finals.gap,
            Measure::TestGap => finals.test_gap,
            _ => finals.test.accuracy,
        })
        .collect()
}

pub(crate) fn compare_values(
    measure: Measure,
    labels: (&str, &str),
    a: &[f64],
    b: &[f64],
) -> Comparison {
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let difference = estimate(&differences);
    let sd = difference.sd.expect("five values");
    let t = difference.mean / (sd / (differences.len() as f64).sqrt());
    // Not the true distribution: made up like the rest.
    let p = (1.0 + t * t / 4.0).powf(-1.8).min(1.0);
    let test = PairedTest {
        t,
        df: 4.0,
        p,
        p_adjusted: (p * 2.0).min(1.0),
        family_size: 2,
        effect_size: difference.mean / sd,
        wilcoxon_p: Some(0.0625),
        significant: p * 2.0 < 0.05,
    };
    Comparison {
        measure,
        a: labels.0.to_owned(),
        b: labels.1.to_owned(),
        n_pairs: differences.len(),
        means: Some(PairMeans { a: estimate(a).mean, b: estimate(b).mean, difference }),
        test: TestOutcome::Tested(test),
    }
}

pub(crate) fn compare(a: &Arm, b: &Arm, measure: Measure) -> Comparison {
    compare_values(measure, (&a.label, &b.label), &single(a, measure), &single(b, measure))
}

fn both(a: &Arm, b: &Arm) -> Vec<Comparison> {
    [Measure::TestAccuracy, Measure::GeneralisationGap].map(|m| compare(a, b, m)).to_vec()
}

fn summaries(arms: &[&Arm]) -> Vec<RunSummary> {
    arms.iter()
        .flat_map(|arm| {
            arm.seeds.iter().map(|seed| RunSummary {
                run: seed.run.clone(),
                phases: vec![arm.phase.clone()],
                label: arm.label.clone(),
                seed: seed.seed,
                schedule: arm.schedule.clone(),
                dropout: arm.dropout,
                batch_norm: arm.batch_norm,
                transfer: arm.transfer,
                range_test: false,
                epochs: arm.epochs,
                status: seed.status,
                finals: seed.finals,
                seconds: seed.seconds,
            })
        })
        .collect()
}

/// The whole made-up study.
pub(crate) fn study() -> MadeUp {
    let learning_rate = experiments::learning_rate();
    let regularisation = experiments::regularisation();
    let flow = gradients::gradient_flow(&regularisation.arms[0], &regularisation.arms[3]);
    let mut arms: Vec<&Arm> = learning_rate.arms.iter().chain(&learning_rate.scheduled).collect();
    arms.extend(&regularisation.arms);
    let transfer = regularisation.transfer.as_ref().expect("made with a transfer");
    arms.extend(transfer.pairs.iter().map(|pair| &pair.transferred));
    arms.extend(flow.models.last().map(|model| &model.arm));
    let runs = summaries(&arms);
    let best_model = images::best_model(&flow.models[2].arm);
    let models: Vec<&Arm> = flow.models.iter().map(|model| &model.arm).collect();
    let predictions = predictions::predictions(&models);
    let records = records(&arms);
    let study = StudySummary {
        name: "made-up".to_owned(),
        title: "How small convolutional networks learn: a made-up study".to_owned(),
        data: DataSet::Cifar10,
        altered: None,
        synthetic: false,
        preliminary: false,
        seeds: SEEDS.map(Seed).to_vec(),
        pending: Vec::new(),
        n_runs: runs.len(),
        n_stored: runs.len(),
        seconds: 36_000.0,
    };
    let experiments = vec![
        ExperimentFindings::LearningRate(learning_rate),
        ExperimentFindings::Regularisation(regularisation),
        ExperimentFindings::GradientFlow(flow),
    ];
    MadeUp {
        study: records::study_record(&study),
        runs: records,
        samples: images::samples(),
        shown: predictions::shown(),
        findings: Findings {
            study,
            predictions: Some(predictions),
            power: predictions::power(&experiments),
            experiments,
            best_model: Some(best_model),
            missing: Vec::new(),
            failures: Vec::new(),
            runs,
            provenances: vec![provenance()],
        },
    }
}
