//! Settings that follow from results.

use crate::scenario::{Reached, Setup, collapsed, diverged, finished, range_test};
use plateau_analysis::choose::{
    Among, Candidate, ChooseError, best_of, largest_stable, propose_rates, schedule_start,
};
use plateau_record::RunRecord;
use proptest::prelude::*;

fn config(seed: u64) -> plateau_record::RunConfig {
    Setup::default().config(seed)
}

/// Falls to 1.4 at a rate of 0.01, stays level to 0.1, then rises: 10 % at 0.1 · 10^0.1.
fn bathtub(rate: f64) -> f64 {
    let decades = rate.log10();
    1.4 * (1.0 + 0.2 * (-2.0 - decades).max(0.0) + (decades + 1.0).max(0.0))
}

#[test]
fn rates_follow_from_the_edge_of_the_range_test() {
    let runs = [range_test(config(0), 1.0, bathtub), range_test(config(1), 0.6, bathtub)];
    let proposal = propose_rates(&runs.each_ref(), 5, 2.0).unwrap();
    let minimum = proposal.minimum;
    assert!((1.4..1.41).contains(&minimum.loss), "{minimum:?}");
    // The moving average lags behind by a tenth of a decade.
    let edge = 0.1 * 10_f64.powf(0.1);
    assert!(minimum.edge > edge && minimum.edge < 1.4 * edge, "{minimum:?}");
    assert_eq!(proposal.rates.last(), Some(&minimum.highest));
    assert_eq!(proposal.rates.len(), 5);
    for pair in proposal.rates.windows(2) {
        assert!((pair[1] / pair[0] - 2.0).abs() < 0.15, "{:?}", proposal.rates);
    }
    // No rate beyond what every test reached.
    assert!(*proposal.curve.rates.last().unwrap() <= 0.6);
    assert!(proposal.curve.losses.iter().all(|loss| loss.n == 2));
    assert!(proposal.rule.contains("averaged over 2 range tests"), "{}", proposal.rule);
}

#[test]
fn a_loss_that_never_rises_leaves_the_highest_rate_as_the_edge() {
    let run = range_test(config(0), 0.05, |rate| 2.0 - rate);
    let proposal = propose_rates(&[&run], 1, 2.0).unwrap();
    assert_eq!(Some(&proposal.minimum.edge), proposal.curve.rates.last());
    assert!(proposal.rule.contains("the highest rate that every test reached"));
}

#[test]
fn tests_on_different_grids_are_interpolated() {
    let mut shifted = range_test(config(1), 1.0, |_| 0.0);
    for record in &mut shifted.range {
        record.learning_rate *= 1.003;
        record.loss = bathtub(record.learning_rate);
    }
    let run = range_test(config(0), 1.0, bathtub);
    let both = propose_rates(&[&run, &shifted], 5, 2.0).unwrap();
    let one = propose_rates(&[&run], 5, 2.0).unwrap();
    assert!((both.minimum.edge / one.minimum.edge - 1.0).abs() < 0.03);
}

#[test]
fn unusable_range_tests_are_errors() {
    assert_eq!(propose_rates(&[], 5, 2.0), Err(ChooseError::NoRange { n_runs: 0 }));
    let empty = range_test(config(0), 0.0, bathtub);
    assert_eq!(propose_rates(&[&empty], 5, 2.0), Err(ChooseError::NoRange { n_runs: 1 }));
    let rising = range_test(config(0), 1.0, |rate| 1.0 + rate);
    assert_eq!(propose_rates(&[&rising], 5, 2.0), Err(ChooseError::NoFall { from: 1e-4 }));
    let good = range_test(config(0), 1.0, bathtub);
    assert_eq!(propose_rates(&[&good], 5, 1.0), Err(ChooseError::Factor { factor: 1.0 }));
    assert!(propose_rates(&[&good], 5, f64::NAN).is_err());
    let mut far = range_test(config(1), 1.0, bathtub);
    far.range.iter_mut().for_each(|record| record.learning_rate *= 1e6);
    assert_eq!(propose_rates(&[&good, &far], 5, 2.0), Err(ChooseError::NoCommonRange));
}

proptest! {
    #[test]
    fn proposed_rates_ascend_in_two_digits(factor in 1.1..10.0_f64, scale in 0.1..1.0_f64) {
        let run = range_test(config(0), 1.0, |rate| bathtub(rate / scale));
        let rates = propose_rates(&[&run], 8, factor).unwrap().rates;
        prop_assert_eq!(rates.len(), 8);
        prop_assert!(rates.is_sorted_by(|a, b| a < b), "{:?}", rates);
        for rate in rates {
            let digits = format!("{rate:e}").split('e').next().map(str::len);
            prop_assert!(digits <= Some(3), "{}", rate);
        }
    }
}

/// Two seeds with the given validation accuracies.
fn runs(accuracies: [f64; 2]) -> Vec<RunRecord> {
    let run = |(validation, seed)| {
        finished(config(seed), Reached { validation, test: 1.0 - validation, ..Reached::default() })
    };
    accuracies.into_iter().zip(0..).map(run).collect()
}

fn candidate(value: f64, runs: &[RunRecord]) -> Candidate<'_> {
    Candidate { value, runs: runs.iter().map(Some).collect() }
}

#[test]
fn best_is_chosen_by_validation_and_not_by_test_accuracy() {
    let (low, high, between) = (runs([0.6, 0.7]), runs([0.7, 0.8]), runs([0.7, 0.7]));
    let candidates = [candidate(0.0, &low), candidate(0.1, &high), candidate(0.2, &between)];
    let best = best_of(&candidates, Among::All).unwrap();
    assert_eq!((best.value, best.index), (0.1, 1));
    assert_eq!(best.runner_up.unwrap().value, 0.2);
    assert_eq!(
        best.rule,
        "the highest final validation accuracy, averaged over seeds: 0.1 with 75.00 % (n = 2), \
         before 0.2 with 70.00 %"
    );
}

#[test]
fn of_equals_the_smaller_value_is_best_whatever_the_order() {
    // The same accuracies, summed in another order.
    let (one, two) = (runs([0.1, 0.7]), runs([0.7, 0.1]));
    for order in [[0.3, 0.2], [0.2, 0.3]] {
        let candidates = [candidate(order[0], &one), candidate(order[1], &two)];
        assert_eq!(best_of(&candidates, Among::All).unwrap().value, 0.2);
    }
}

#[test]
fn failed_and_missing_runs_make_a_value_ineligible() {
    let (good, best) = (runs([0.6, 0.6]), runs([0.9, 0.9]));
    let divergent = [best[0].clone(), diverged(config(1))];
    let dead = [best[0].clone(), collapsed(config(1))];
    let mut absent = candidate(0.4, &best);
    absent.runs[1] = None;
    let candidates = [
        candidate(0.1, &good),
        candidate(0.2, &divergent),
        candidate(0.3, &dead),
        absent,
        candidate(0.5, &[]),
    ];
    let best = best_of(&candidates, Among::All).unwrap();
    assert_eq!(best.value, 0.1);
    assert!(
        best.rule.ends_with(
            "not eligible: 0.2 (1 of 2 runs diverged), 0.3 (1 of 2 runs collapsed), 0.4 (1 of 2 \
             runs missing), 0.5 (no runs)"
        ),
        "{}",
        best.rule
    );
    assert_eq!(largest_stable(&candidates), Ok(0.1));
    let none = best_of(&candidates[1..], Among::All).unwrap_err();
    assert!(none.to_string().starts_with("no value is eligible; not eligible: 0.2 ("), "{none}");
}

#[test]
fn zero_can_be_left_out() {
    let (good, best) = (runs([0.6, 0.6]), runs([0.9, 0.9]));
    let candidates = [candidate(0.0, &best), candidate(0.5, &good)];
    assert_eq!(best_of(&candidates, Among::NonZero).unwrap().value, 0.5);
    assert!(best_of(&candidates[..1], Among::NonZero).is_err());
}

#[test]
fn a_schedule_starts_above_the_best_rate_but_not_above_a_stable_one() {
    let (best, good) = (runs([0.8, 0.8]), runs([0.7, 0.7]));
    let bad = [diverged(config(0)), diverged(config(1))];
    let candidates = [candidate(0.01, &best), candidate(0.03, &good), candidate(0.1, &bad)];
    let start = schedule_start(&candidates, 2.0).unwrap();
    assert_eq!((start.rate, start.best.value, start.largest_stable), (0.02, 0.01, 0.03));
    let capped = schedule_start(&candidates, 4.0).unwrap();
    assert_eq!(capped.rate, 0.03);
    assert!(capped.rule.contains("4 times that is 0.04, more than"), "{}", capped.rule);
    assert!(schedule_start(&candidates[2..], 2.0).is_err());
}
