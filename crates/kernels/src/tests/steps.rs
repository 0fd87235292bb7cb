//! Optimisers, statistics of gradients, assembly of batches.

use super::{SIZES, Stream, assert_close, bits, isas};
use crate::optimizer::{Adam, AdamMoments, Sgd};
use crate::scalar;
use crate::statistics::Sums;

#[test]
fn sgd_matches_its_twin_over_several_steps() {
    let rule = Sgd { learning_rate: 0.03, momentum: 0.9, weight_decay: 5e-4 };
    for isa in isas() {
        for n in SIZES.into_iter().chain([0]) {
            let mut stream = Stream::new(n as u64);
            let mut weights = stream.floats(n);
            let mut velocity = vec![0.0; n];
            let mut expected: Vec<_> = weights.iter().map(|&w| (0.0, f64::from(w))).collect();
            for _ in 0..5 {
                let gradient = stream.floats(n);
                rule.step(isa, &mut weights, &gradient, &mut velocity);
                for ((v, w), &g) in expected.iter_mut().zip(&gradient) {
                    (*v, *w) = scalar::optimizer::sgd(rule, *w, f64::from(g), *v);
                }
            }
            let (v, w): (Vec<_>, Vec<_>) = expected.into_iter().unzip();
            assert_close(&velocity, &v, 1e-6, "velocity");
            assert_close(&weights, &w, 1e-6, "weights");
        }
    }
}

#[test]
fn adam_matches_its_twin_over_several_steps() {
    let rule = Adam { learning_rate: 1e-3, betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.01 };
    for isa in isas() {
        for n in SIZES {
            let mut stream = Stream::new(n as u64);
            let mut weights = stream.floats(n);
            let (mut first, mut second) = (vec![0.0; n], vec![0.0; n]);
            let mut expected: Vec<_> = weights.iter().map(|&w| (0.0, 0.0, f64::from(w))).collect();
            for step in 1..=20 {
                let gradient = stream.floats(n);
                let moments = AdamMoments { first: &mut first, second: &mut second };
                rule.step(isa, step, &mut weights, &gradient, moments);
                for ((m, v, w), &g) in expected.iter_mut().zip(&gradient) {
                    (*m, *v, *w) =
                        scalar::optimizer::adam(rule, step, (*w, f64::from(g)), (*m, *v));
                }
            }
            let w: Vec<_> = expected.iter().map(|&(_, _, w)| w).collect();
            assert_close(&weights, &w, 2e-6, "weights");
        }
    }
}

#[test]
fn steps_go_value_by_value() {
    for isa in isas() {
        let gradient = Stream::new(1).floats(100);
        let rule = Sgd { learning_rate: 0.1, momentum: 0.9, weight_decay: 0.1 };
        let (mut together, mut velocity) = (vec![1.0; 100], vec![0.5; 100]);
        rule.step(isa, &mut together, &gradient, &mut velocity);
        for n in [1, 3, 8, 33] {
            let (mut apart, mut velocity) = (vec![1.0; 100], vec![0.5; 100]);
            let parts = apart.chunks_mut(n).zip(gradient.chunks(n)).zip(velocity.chunks_mut(n));
            parts.for_each(|((w, g), v)| rule.step(isa, w, g, v));
            assert_eq!(bits(&apart), bits(&together));
        }
    }
}

#[test]
fn sums_match_and_are_the_same_on_every_instruction_set() {
    for n in SIZES.into_iter().chain([0, 1000]) {
        let values = Stream::new(n as u64).floats(n);
        let [sums, portable] = isas().map(|isa| Sums::of(isa, &values));
        assert_eq!(sums, portable);
        let wide = scalar::widen(&values);
        assert_eq!(sums.count, n as u64);
        assert!((sums.sum - wide.iter().sum::<f64>()).abs() < 1e-12);
        assert!((sums.abs - wide.iter().map(|g| g.abs()).sum::<f64>()).abs() < 1e-12);
        assert!((sums.squares - wide.iter().map(|g| g * g).sum::<f64>()).abs() < 1e-12);
    }
    for isa in isas() {
        assert!(Sums::of(isa, &[0.0, f32::NAN]).sum.is_nan());
        assert_eq!(Sums::of(isa, &[f32::NEG_INFINITY; 3]).abs, f64::INFINITY);
    }
}

/// All that settings may be, at their bounds.
const RATES: [f32; 3] = [1e-12, 1e-3, 1e6];
const DECAYS: [f32; 4] = [0.0, 1e-12, 0.9, 0.999_999];

#[test]
fn without_a_gradient_no_setting_moves_a_weight() {
    for isa in isas() {
        for learning_rate in RATES {
            for momentum in DECAYS {
                let (mut weights, mut velocity) = ([1.5_f32, 0.0, -1e-30], [0.0; 3]);
                let rule = Sgd { learning_rate, momentum, weight_decay: 0.0 };
                rule.step(isa, &mut weights, &[0.0; 3], &mut velocity);
                assert_eq!(weights, [1.5, 0.0, -1e-30], "{rule:?}");
                for beta in DECAYS {
                    for (epsilon, step) in [(1e-30, 1), (1e-30, u32::MAX), (1.0, 1)] {
                        let betas = [momentum, beta];
                        let rule = Adam { learning_rate, betas, epsilon, weight_decay: 0.0 };
                        let (mut first, mut second) = ([0.0; 3], [0.0; 3]);
                        let moments = AdamMoments { first: &mut first, second: &mut second };
                        rule.step(isa, step, &mut weights, &[0.0; 3], moments);
                        assert_eq!(weights, [1.5, 0.0, -1e-30], "{rule:?}");
                    }
                }
            }
        }
    }
}

/// Adam's first step is η·g / (|g| + ε). Squares of small gradients underflow: with an ε below
/// 10⁻¹⁹ there would be nothing to divide by but ε, and the step would be too large by orders of
/// magnitude.
#[test]
fn adams_first_step_is_no_longer_than_the_rate_from_an_epsilon_of_1e_19() {
    let gradients: Vec<f32> = (-30..=18).map(|power| 10_f64.powi(power) as f32).collect();
    let longest = |rule: Adam, isa| {
        let mut weights = vec![0.0; gradients.len()];
        let (mut first, mut second) = (weights.clone(), weights.clone());
        let moments = AdamMoments { first: &mut first, second: &mut second };
        rule.step(isa, 1, &mut weights, &gradients, moments);
        weights.iter().fold(0.0_f32, |longest, step| longest.max(step.abs())) / rule.learning_rate
    };
    for isa in isas() {
        for learning_rate in RATES {
            for beta_1 in DECAYS {
                for beta_2 in DECAYS {
                    let betas = [beta_1, beta_2];
                    let rule = |epsilon| Adam { learning_rate, betas, epsilon, weight_decay: 0.0 };
                    let sound = longest(rule(1e-19), isa);
                    assert!((0.5..1.1).contains(&sound), "{sound} for {:?}", rule(1e-19));
                }
                let betas = [beta_1, 0.999];
                let unsound = Adam { learning_rate, betas, epsilon: 1e-30, weight_decay: 0.0 };
                assert!(longest(unsound, isa) > 1e6, "what the bound is for");
            }
        }
    }
}
