//! Dropout (Srivastava et al., 2014) with masks from keyed random streams.

use burn::tensor::{Device, Tensor};
use plateau_record::{Concern, Epoch, Seed, Step, Stream};

use crate::operators::Buffer;

/// Sizes of the two layers whose inputs are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadShape {
    /// Inputs of the hidden layer.
    pub n_features: usize,
    /// Inputs of the output layer.
    pub n_hidden: usize,
}

/// One step's masks: 0 for dropped inputs, 1 / (1 − rate) for kept ones ("inverted dropout", so
/// that evaluation needs no scaling).
#[derive(Clone, Debug)]
pub struct DropoutMasks {
    /// `[batch, features]`, on the inputs of the hidden layer.
    pub features: Tensor<2>,
    /// `[batch, hidden]`, on the inputs of the output layer.
    pub hidden: Tensor<2>,
}

/// Which step the masks are for.
#[derive(Clone, Copy, Debug)]
pub struct MaskKey {
    /// The run's seed.
    pub seed: Seed,
    /// The epoch under way, from 1.
    pub epoch: Epoch,
    /// The step, from 1.
    pub step: Step,
}

impl DropoutMasks {
    /// Draws the masks of one step; `None` if nothing is dropped.
    ///
    /// # Panics
    /// If `rate` is not in [0, 1): configurations are checked before.
    #[must_use]
    pub fn draw(
        rate: f64,
        key: MaskKey,
        n_images: usize,
        shape: HeadShape,
        device: &Device,
    ) -> Option<Self> {
        assert!((0.0..1.0).contains(&rate), "dropout rate {rate} is not in [0, 1)");
        if rate == 0.0 {
            return None;
        }
        let mut stream = Stream::new(key.seed, Concern::Dropout, key.epoch, key.step);
        let mut mask = |width: usize| {
            let mut mask = Buffer::any(n_images * width);
            draw_mask(rate, &mut stream, &mut mask);
            mask.into_tensor([n_images, width], device)
        };
        Some(Self { features: mask(shape.n_features), hidden: mask(shape.n_hidden) })
    }
}

/// Random words that are drawn at a time.
const WORDS: usize = 256;

fn draw_mask(rate: f64, stream: &mut Stream, mask: &mut [f32]) {
    let keep = (1.0 / (1.0 - rate)) as f32;
    // P(bits < threshold) = rate, to within 2⁻³².
    let threshold = (rate * 2.0_f64.powi(32)) as u32;
    let mut words = [0; WORDS];
    for mask in mask.chunks_mut(WORDS) {
        let words = &mut words[..mask.len()];
        stream.fill(words);
        for (mask, word) in mask.iter_mut().zip(words) {
            *mask = if *word < threshold { 0.0 } else { keep };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask_values(rate: f64, n: usize, stream: &mut Stream) -> Vec<f32> {
        let mut mask = vec![-1.0; n];
        draw_mask(rate, stream, &mut mask);
        mask
    }

    fn stream(step: u64) -> Stream {
        Stream::new(Seed(1), Concern::Dropout, Epoch(1), Step(step))
    }

    #[test]
    fn drops_the_given_share_and_keeps_the_mean() {
        for rate in [0.1, 0.5, 0.9] {
            let n = 100_000;
            let mask = mask_values(rate, n, &mut stream(1));
            let dropped = mask.iter().filter(|m| **m == 0.0).count() as f64 / n as f64;
            let mean = mask.iter().map(|m| f64::from(*m)).sum::<f64>() / n as f64;
            assert!((dropped - rate).abs() < 0.01, "rate {rate}: dropped {dropped}");
            assert!((mean - 1.0).abs() < 0.05, "rate {rate}: mean {mean}");
        }
    }

    #[test]
    fn masks_differ_between_steps_and_repeat_for_the_same_step() {
        assert_eq!(mask_values(0.5, 64, &mut stream(1)), mask_values(0.5, 64, &mut stream(1)));
        assert_ne!(mask_values(0.5, 64, &mut stream(1)), mask_values(0.5, 64, &mut stream(2)));
    }
}
