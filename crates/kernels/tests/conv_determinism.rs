//! The same bits, whoever does which part of the work.

mod case;

use case::{Case, Outcome, Random, isas};
use plateau_kernels::conv::{ConvBlock, IMAGES_PER_PART, sum_parts};

/// The whole batch, with parts dealt out to `n_threads`.
fn run(case: &Case, n_threads: usize) -> Outcome {
    let (padded, pooled) = (case.block.padded_len(), case.block.pooled_len());
    let parts: Vec<Case> = case
        .images
        .chunks(IMAGES_PER_PART * padded)
        .zip(case.gradient.chunks(IMAGES_PER_PART * pooled))
        .map(|(images, gradient)| Case {
            n_images: images.len() / padded,
            images: images.to_vec(),
            gradient: gradient.to_vec(),
            ..case.clone()
        })
        .collect();
    let mut outcomes = vec![Outcome::default(); parts.len()];
    let per_thread = parts.len().div_ceil(n_threads);
    std::thread::scope(|scope| {
        for (parts, outcomes) in parts.chunks(per_thread).zip(outcomes.chunks_mut(per_thread)) {
            scope.spawn(move || {
                for (part, outcome) in parts.iter().zip(outcomes) {
                    *outcome = part.kernels();
                }
            });
        }
    });
    let mut whole = Outcome {
        weight_gradient: vec![f32::NAN; case.weights.len()],
        bias_gradient: vec![f32::NAN; case.bias.len()],
        ..Outcome::default()
    };
    let (mut weights, mut biases) = (Vec::new(), Vec::new());
    for outcome in outcomes {
        whole.pooled.extend(outcome.pooled);
        whole.winners.extend(outcome.winners);
        whole.input_gradient.extend(outcome.input_gradient);
        weights.extend(outcome.weight_gradient);
        biases.extend(outcome.bias_gradient);
    }
    sum_parts(&weights, &mut whole.weight_gradient);
    sum_parts(&biases, &mut whole.bias_gradient);
    whole
}

#[test]
fn any_number_of_threads() {
    for isa in isas() {
        for (c_in, c_out, side) in [(3, 9, 8), (9, 16, 4), (16, 40, 6)] {
            let block = ConvBlock::with_isa(isa, c_in, c_out, side, side);
            let mut random = Random(3);
            let case = Case::new(block, 100, |len| random.uniform(len));
            let expected = run(&case, 1);
            for n_threads in [1, 2, 3, 7] {
                assert_eq!(run(&case, n_threads), expected, "{block:?}, {n_threads} threads");
            }
        }
    }
}

/// What an image gives forward and backward doesn't depend on its neighbours.
#[test]
fn any_batch() {
    for isa in isas() {
        let block = ConvBlock::with_isa(isa, 5, 21, 7, 6);
        let mut random = Random(9);
        let case = Case::new(block, 6, |len| random.uniform(len));
        let expected = case.kernels();
        for i in 0..case.n_images {
            let images = i * block.padded_len()..(i + 1) * block.padded_len();
            let pooled = i * block.pooled_len()..(i + 1) * block.pooled_len();
            let alone = Case {
                n_images: 1,
                images: case.images[images.clone()].to_vec(),
                gradient: case.gradient[pooled.clone()].to_vec(),
                ..case.clone()
            }
            .kernels();
            assert_eq!(alone.pooled, expected.pooled[pooled.clone()]);
            assert_eq!(alone.winners, expected.winners[pooled]);
            assert_eq!(alone.input_gradient, expected.input_gradient[images]);
        }
    }
}
