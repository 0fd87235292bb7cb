//! A small made-up study: numbers that look like results, from a fixed stream. Nothing here was
//! measured.

mod arms;
mod gradients;
mod records;

use std::collections::BTreeMap;

use plateau_analysis::{
    Arm, BestModel, ClassResult, Comparison, Estimate, ExperimentFindings, Findings, Interval,
    LearningRateFindings, Measure, PairMeans, PairedTest, RangeCurve, RangeMinimum,
    RangeTestFindings, RateCheck, RegularisationFindings, RunSummary, Saturation, Setting,
    StudySummary, TestOutcome, TransferFindings, TransferPair, Trend,
};
use plateau_record::{
    Choice, Concern, DataSet, Epoch, N_CLASSES, RunId, RunRecord, ScheduleShape, Seed, Step,
    Stream, StudyRecord,
};
use plateau_report::samples::{SampleClass, SampleImages};

pub(crate) use arms::{ArmSpec, arm};
pub(crate) use records::{provenance, records};

pub(crate) const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];
pub(crate) const EPOCHS: u32 = 15;

/// Everything that a report is made from.
pub(crate) struct MadeUp {
    pub(crate) study: StudyRecord,
    pub(crate) runs: BTreeMap<RunId, RunRecord>,
    pub(crate) findings: Findings,
    pub(crate) samples: SampleImages,
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

pub(crate) fn compare_values(measure: Measure, labels: (&str, &str), a: &[f64], b: &[f64]) -> Comparison {
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let difference = estimate(&differences);
    let sd = difference.sd.unwrap();
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

fn learning_rate() -> LearningRateFindings {
    let rates = [0.001, 0.003, 0.01, 0.03, 0.06];
    let peaks = [0.665, 0.715, 0.748, 0.741, 0.728];
    let arms: Vec<Arm> = rates
        .iter()
        .zip(peaks)
        .map(|(rate, peak)| {
            let spec = ArmSpec { rate: *rate, value: *rate, ..ArmSpec::default() };
            arm(&ArmSpec { label: format!("rate {rate}"), validation: peak, ..spec })
        })
        .collect();
    let scheduled = arm(&ArmSpec {
        label: "cosine from 0.03".to_owned(),
        phase: "scheduler".to_owned(),
        setting: Setting::Nothing,
        rate: 0.03,
        value: 0.0,
        shape: ScheduleShape::Cosine,
        validation: 0.771,
        ..ArmSpec::default()
    });
    let checks = arms.iter().zip(rates).map(|(arm, rate)| {
        let gain = estimate(
            &[0.003, 0.004, 0.002, 0.005, 0.001].map(|g| g + 0.02 * (0.004 / rate - 0.5).max(0.0)),
        );
        let saturated = gain.mean < 0.01;
        let saturation = Saturation { from: 11, to: 15, gain, threshold: 0.01, saturated };
        RateCheck {
            label: arm.label.clone(),
            rate,
            stable: true,
            saturation: Some(saturation),
            passed: saturated,
        }
    });
    let mut noise_stream = stream(90);
    let grid: Vec<f64> = (0..150).map(|i| 1e-5 * 10_f64.powf(f64::from(i) / 149.0 * 4.6)).collect();
    let losses = grid
        .iter()
        .map(|rate| {
            let x = rate.log10();
            let loss =
                1.35 + 0.95 / (1.0 + ((x + 2.7) * 3.0).exp()) + (2.5 * (x + 1.05)).exp() * 0.5;
            let values: Vec<f64> = (0..5).map(|_| loss + 0.02 * noise(&mut noise_stream)).collect();
            estimate(&values)
        })
        .collect();
    LearningRateFindings {
        preliminary: false,
        range_test: Some(RangeTestFindings {
            n_runs: 5,
            n_missing: 0,
            curve: RangeCurve { rates: grid, losses, smoothing: 0.98 },
            minimum: Some(RangeMinimum { rate: 0.0257, loss: 1.52, edge: 0.06, tolerance: 0.05, divisor: 1.0, highest: 0.06 }),
            problem: None,
        }),
        constant_choices: vec![Choice {
            setting: "rate".to_owned(),
            values: rates.to_vec(),
            from: "range".to_owned(),
            rule: "five rates, evenly spaced by factor, up to the rate of the lowest loss".to_owned(),
        }],
        checks: checks.collect(),
        best: Some(2),
        best_rule: Some("rate 0.01 has the highest mean final validation accuracy (74.8 %) among 5 stable rates".to_owned()),
        scheduled_choices: vec![Choice {
            setting: "rate".to_owned(),
            values: vec![0.03],
            from: "constant".to_owned(),
            rule: "three times the best constant rate".to_owned(),
        }],
        comparisons: both(&scheduled, &arms[2]),
        arms,
        scheduled: vec![scheduled],
    }
}

fn dropout_arm(rate: f64, validation: f64, overfit: f64) -> Arm {
    arm(&ArmSpec {
        label: if rate == 0.0 { "no dropout".to_owned() } else { format!("dropout {rate}") },
        phase: "dropout".to_owned(),
        setting: Setting::Dropout,
        dropout: rate,
        value: rate,
        validation,
        overfit,
        ..ArmSpec::default()
    })
}

fn regularisation() -> RegularisationFindings {
    let arms = vec![
        dropout_arm(0.0, 0.705, 1.0),
        dropout_arm(0.15, 0.721, 0.85),
        dropout_arm(0.3, 0.734, 0.65),
        dropout_arm(0.5, 0.738, 0.4),
        dropout_arm(0.7, 0.711, 0.15),
    ];
    let transferred = |dropout: f64, together: usize, validation: f64| {
        let a = arm(&ArmSpec {
            label: if dropout == 0.0 {
                "no dropout, transferred".to_owned()
            } else {
                format!("dropout {dropout}, transferred")
            },
            phase: "transfer".to_owned(),
            setting: Setting::Dropout,
            dropout,
            value: dropout,
            transfer: true,
            validation,
            overfit: 0.7,
            ..ArmSpec::default()
        });
        let measures = [Measure::TestAccuracy, Measure::GeneralisationGap, Measure::TestGap];
        TransferPair {
            dropout,
            comparisons: measures.map(|m| compare(&a, &arms[together], m)).to_vec(),
            transferred: a,
            together: Some(together),
        }
    };
    let pairs = vec![transferred(0.0, 0, 0.862), transferred(0.5, 3, 0.851)];
    RegularisationFindings {
        preliminary: false,
        choices: Vec::new(),
        plain: Some(0),
        best: Some(3),
        best_rule: Some(
            "dropout 0.5 has the highest mean final validation accuracy (73.8 %)".to_owned(),
        ),
        comparisons: arms[1..].iter().flat_map(|a| both(a, &arms[0])).collect(),
        trends: vec![
            Trend {
                measure: Measure::TestAccuracy,
                slope: estimate(&[0.02, 0.03, 0.01, 0.025, 0.02]),
            },
            Trend {
                measure: Measure::GeneralisationGap,
                slope: estimate(&[-0.35, -0.33, -0.36, -0.34, -0.34]),
            },
        ],
        transfer: Some(TransferFindings { preliminary: false, choices: Vec::new(), pairs }),
        arms,
    }
}

fn best_model(arm: &Arm) -> BestModel {
    let mut noise_stream = stream(77);
    let confusion: Vec<Vec<u64>> = (0..N_CLASSES)
        .map(|label| {
            let mut row: Vec<u64> = (0..N_CLASSES)
                .map(|p| {
                    let near = if label.abs_diff(p) == 2
                        || (label == 3 && p == 5)
                        || (label == 5 && p == 3)
                    {
                        5
                    } else {
                        1
                    };
                    u64::from(noise_stream.below(60)) * near
                })
                .collect();
            let others: u64 = row.iter().sum::<u64>() - row[label];
            row[label] = 5000 - others;
            row
        })
        .collect();
    let classes = confusion
        .iter()
        .enumerate()
        .map(|(class_idx, row)| ClassResult {
            class_idx,
            n_images: 5000,
            recall: Some(row[class_idx] as f64 / 5000.0),
            precision: Some(0.75),
            most_confused_with: Some(((class_idx + 2) % N_CLASSES, 200)),
        })
        .collect();
    BestModel { arm: arm.clone(), confusion, classes }
}

fn samples() -> SampleImages {
    let names =
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
    let mut pixels = stream(5);
    let classes = names.iter().enumerate().map(|(class, name)| SampleClass {
        name: (*name).to_owned(),
        n_train_images: 5000,
        images: (0..4)
            .map(|_| {
                let (a, b) = (pixels.below(16), pixels.below(16));
                (0..32 * 32)
                    .flat_map(|i| {
                        let (x, y) = (i % 32, i / 32);
                        let wave = ((x * (class as u32 + 1) + a * 4) / 6 + (y + b * 3) / 5) % 2;
                        [80 + wave * 90, 60 + class as u32 * 15, 200 - wave * 70].map(|v| v as u8)
                    })
                    .collect()
            })
            .collect(),
    });
    SampleImages { classes: classes.collect() }
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
    let learning_rate = learning_rate();
    let regularisation = regularisation();
    let flow = gradients::gradient_flow(&regularisation.arms[0], &regularisation.arms[3]);
    let mut arms: Vec<&Arm> = learning_rate.arms.iter().chain(&learning_rate.scheduled).collect();
    arms.extend(&regularisation.arms);
    let transfer = regularisation.transfer.as_ref().unwrap();
    arms.extend(transfer.pairs.iter().map(|pair| &pair.transferred));
    arms.extend(flow.models.last().map(|model| &model.arm));
    let runs = summaries(&arms);
    let best_model = best_model(&flow.models[2].arm);
    let records = records(&arms);
    let study = StudySummary {
        name: "made-up".to_owned(),
        title: "How small convolutional networks learn: a made-up study".to_owned(),
        data: DataSet::Cifar10,
        synthetic: false,
        preliminary: false,
        seeds: SEEDS.map(Seed).to_vec(),
        pending: Vec::new(),
        n_runs: runs.len(),
        n_stored: runs.len(),
        seconds: 36_000.0,
    };
    MadeUp {
        study: records::study_record(&study),
        runs: records,
        samples: samples(),
        findings: Findings {
            study,
            experiments: vec![
                ExperimentFindings::LearningRate(learning_rate),
                ExperimentFindings::Regularisation(regularisation),
                ExperimentFindings::GradientFlow(flow),
            ],
            best_model: Some(best_model),
            missing: Vec::new(),
            failures: Vec::new(),
            runs,
            provenances: vec![provenance()],
        },
    }
}
