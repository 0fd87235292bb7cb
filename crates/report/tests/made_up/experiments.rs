//! Made-up findings on learning rates, dropout and transfer.

use plateau_analysis::{
    Arm, LearningRateFindings, Measure, RangeCurve, RangeMinimum, RangeTestFindings, RateCheck,
    RegularisationFindings, Saturation, Setting, TransferFindings, TransferPair, Trend,
};
use plateau_record::{Choice, ScheduleShape};

use super::{ArmSpec, arm, both, compare, estimate, noise, stream};

pub(crate) fn learning_rate() -> LearningRateFindings {
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
            minimum: Some(RangeMinimum {
                rate: 0.0257,
                loss: 1.52,
                edge: 0.06,
                tolerance: 0.05,
                divisor: 1.0,
                highest: 0.06,
            }),
            problem: None,
        }),
        constant_choices: vec![Choice {
            setting: "rate".to_owned(),
            values: rates.to_vec(),
            from: "range".to_owned(),
            rule: "five rates, evenly spaced by factor, up to the rate of the lowest loss"
                .to_owned(),
        }],
        checks: checks.collect(),
        best: Some(2),
        best_rule: Some(
            "the highest final validation accuracy, averaged over seeds: 0.01 with 74.80 % (n = 5)"
                .to_owned(),
        ),
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

pub(crate) fn regularisation() -> RegularisationFindings {
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
            "the highest final validation accuracy, averaged over seeds among the values other than 0: 0.5 with 73.80 % (n = 5)".to_owned(),
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
