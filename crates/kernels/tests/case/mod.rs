//! One block with its data, run by the kernels and by their scalar twins.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "a module of several tests, each of which uses its part"
)]

use plateau_kernels::{
    Isa,
    conv::{
        ConvBlock, ForwardMethod, ForwardWeights, InputGradientWeights, Placement, Pooled,
        PooledMut,
    },
    scalar,
};

/// Extents around the edges of vectors and tiles.
pub const CHANNELS: [usize; 13] = [1, 2, 3, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33];
pub const SIDES: [usize; 9] = [1, 2, 3, 4, 5, 7, 8, 9, 16];

pub fn isas() -> Vec<Isa> {
    let mut isas = vec![Isa::portable(), Isa::detect()];
    isas.dedup();
    isas
}

/// xorshift64.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % n
    }

    /// Whole numbers from −2 to 2: all sums are exact, and many are equal or 0.
    pub fn whole(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| self.below(5) as f32 - 2.0).collect()
    }

    pub fn uniform(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| self.below(1 << 24) as f32 / (1 << 23) as f32 - 1.0).collect()
    }
}

#[derive(Clone)]
pub struct Case {
    pub block: ConvBlock,
    pub n_images: usize,
    pub images: Vec<f32>,
    pub weights: Vec<f32>,
    pub bias: Vec<f32>,
    /// Of the pooled activations, dense.
    pub gradient: Vec<f32>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    pub pooled: Vec<f32>,
    pub winners: Vec<u8>,
    pub weight_gradient: Vec<f32>,
    pub bias_gradient: Vec<f32>,
    pub input_gradient: Vec<f32>,
}

impl Case {
    pub fn new(
        block: ConvBlock,
        n_images: usize,
        mut values: impl FnMut(usize) -> Vec<f32>,
    ) -> Self {
        let mut images = values(n_images * block.padded_len());
        for image in images.chunks_exact_mut(block.padded_len()) {
            for (i, pixel) in image.chunks_exact_mut(block.c_in()).enumerate() {
                let (y, x) = (i / (block.width() + 2), i % (block.width() + 2));
                if y == 0 || x == 0 || y > block.height() || x > block.width() {
                    pixel.fill(0.0);
                }
            }
        }
        let weights = values(block.weight_len());
        let bias = values(block.c_out());
        let gradient = values(n_images * block.pooled_len());
        Self { block, n_images, images, weights, bias, gradient }
    }

    pub fn kernels(&self) -> Outcome {
        let block = self.block;
        let mut outcome = Outcome {
            pooled: vec![f32::NAN; self.gradient.len()],
            winners: vec![99; self.gradient.len()],
            weight_gradient: vec![f32::NAN; self.weights.len()],
            bias_gradient: vec![f32::NAN; self.bias.len()],
            input_gradient: vec![f32::NAN; self.images.len()],
        };
        let placement = Placement::dense(&block);
        let weights =
            ForwardWeights::pack(&block, ForwardMethod::Direct, &self.weights, &self.bias);
        let pooled = PooledMut { data: &mut outcome.pooled, placement };
        block.forward(&weights, &self.images, pooled, &mut outcome.winners);
        self.backward(&mut outcome);
        outcome
    }

    pub fn backward(&self, outcome: &mut Outcome) {
        let placement = Placement::dense(&self.block);
        let gradient = (Pooled { data: &self.gradient, placement }, &outcome.winners[..]);
        self.block.backward_weights(
            &self.images,
            gradient,
            &mut outcome.weight_gradient,
            &mut outcome.bias_gradient,
        );
        let weights = InputGradientWeights::pack(&self.block, &self.weights);
        self.block.backward_input(&weights, gradient, &mut outcome.input_gradient);
    }

    pub fn twins(&self) -> Outcome {
        let block = &self.block;
        let mut outcome = Outcome {
            weight_gradient: vec![0.0; self.weights.len()],
            bias_gradient: vec![0.0; self.bias.len()],
            ..Outcome::default()
        };
        for i in 0..self.n_images {
            let image = &self.images[i * block.padded_len()..][..block.padded_len()];
            let gradient = &self.gradient[i * block.pooled_len()..][..block.pooled_len()];
            let (pooled, winners) = scalar::conv_forward(block, &self.weights, &self.bias, image);
            let mut input_gradient = vec![0.0; image.len()];
            scalar::conv_backward_weights(
                block,
                image,
                (gradient, &winners),
                &mut outcome.weight_gradient,
                &mut outcome.bias_gradient,
            );
            scalar::conv_backward_input(
                block,
                &self.weights,
                (gradient, &winners),
                &mut input_gradient,
            );
            outcome.pooled.extend(pooled);
            outcome.winners.extend(winners);
            outcome.input_gradient.extend(input_gradient);
        }
        outcome
    }
}

/// Equal to the last bit, except that −0 is 0 and NaN is NaN.
pub fn assert_same(found: &Outcome, expected: &Outcome, context: &str) {
    let same = |found: &[f32], expected: &[f32], name: &str| {
        assert_eq!(found.len(), expected.len(), "{name}, {context}");
        for (i, (a, b)) in found.iter().zip(expected).enumerate() {
            let equal = a == b || (a.is_nan() && b.is_nan());
            assert!(equal, "{name}[{i}] = {a}, expected {b}: {context}");
        }
    };
    same(&found.pooled, &expected.pooled, "pooled");
    assert_eq!(found.winners, expected.winners, "winners, {context}");
    same(&found.weight_gradient, &expected.weight_gradient, "weight_gradient");
    same(&found.bias_gradient, &expected.bias_gradient, "bias_gradient");
    same(&found.input_gradient, &expected.input_gradient, "input_gradient");
}
