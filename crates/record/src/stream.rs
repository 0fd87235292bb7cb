//! Random streams: one per concern, keyed by seed, epoch and step, so that no draw depends on
//! what was drawn before it elsewhere, and a resumed run needs no stored random state.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::units::{Epoch, Seed, Step};

/// What a stream is used for. The numbers are part of the stored format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Concern {
    /// Initial weights of a fresh run.
    Initialisation = 1,
    /// Order of the training images.
    Order = 2,
    /// Dropout masks.
    Dropout = 3,
    /// Division of the training images.
    Split = 4,
    /// Initial weights of the re-initialised layers of a transfer run.
    Reinitialisation = 5,
    /// Generated images.
    Synthetic = 6,
}

/// Bytes that [`Stream::fill`] draws at a time.
const FILL_BYTES: usize = 1024;

/// A portable stream of random numbers (ChaCha with 8 rounds; Bernstein, 2008).
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of one concern. Concerns without an epoch or a step pass 0; `step` is also
    /// used for other counters (a layer, a class, an image).
    #[must_use]
    pub fn new(seed: Seed, concern: Concern, epoch: Epoch, step: Step) -> Self {
        let mut key = [0_u8; 32];
        let words = [seed.0, concern as u64, u64::from(epoch.0), step.0];
        for (chunk, word) in key.chunks_exact_mut(8).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// 32 random bits.
    pub fn bits(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// Fills `words` with the numbers that as many calls of [`bits`](Self::bits) would give;
    /// several times as fast.
    pub fn fill(&mut self, words: &mut [u32]) {
        let mut bytes = [0_u8; FILL_BYTES];
        for words in words.chunks_mut(FILL_BYTES / size_of::<u32>()) {
            let bytes = &mut bytes[..size_of_val(words)];
            self.0.fill_bytes(bytes);
            for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
                *word = u32::from_le_bytes(*bytes);
            }
        }
    }

    /// Uniform in [0, 1), a multiple of 2⁻²⁴.
    pub fn uniform(&mut self) -> f32 {
        (self.bits() >> 8) as f32 * (1.0 / (1 << 24) as f32)
    }

    /// Uniform among 0 … `n` − 1, without bias (Lemire, 2019).
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn below(&mut self, n: u32) -> u32 {
        assert!(n > 0, "nothing to choose from");
        let threshold = n.wrapping_neg() % n;
        loop {
            let product = u64::from(self.bits()) * u64::from(n);
            if product as u32 >= threshold {
                return (product >> 32) as u32;
            }
        }
    }

    /// Puts the items in a random order (Fisher–Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let bound = u32::try_from(last + 1).expect("fewer than 2³² items");
            items.swap(last, self.below(bound) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(seed: u64, concern: Concern, epoch: u32, step: u64) -> Stream {
        Stream::new(Seed(seed), concern, Epoch(epoch), Step(step))
    }

    #[test]
    fn first_words_are_pinned() {
        let mut order = stream(0, Concern::Order, 1, 0);
        assert_eq!([order.bits(), order.bits()], [1_433_437_448, 2_611_188_740]);
    }

    #[test]
    fn filling_draws_the_same_words_as_one_by_one() {
        let (mut one, mut many) =
            (stream(4, Concern::Dropout, 2, 9), stream(4, Concern::Dropout, 2, 9));
        for n in [1, 3, 256, 257, 1000] {
            let mut words = vec![0; n];
            many.fill(&mut words);
            assert_eq!(words, (0..n).map(|_| one.bits()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn streams_differ_in_every_part_of_the_key() {
        let first = |mut s: Stream| [s.bits(), s.bits()];
        let base = first(stream(1, Concern::Order, 1, 1));
        assert_ne!(base, first(stream(2, Concern::Order, 1, 1)));
        assert_ne!(base, first(stream(1, Concern::Dropout, 1, 1)));
        assert_ne!(base, first(stream(1, Concern::Order, 2, 1)));
        assert_ne!(base, first(stream(1, Concern::Order, 1, 2)));
        assert_eq!(base, first(stream(1, Concern::Order, 1, 1)));
    }

    #[test]
    fn below_is_unbiased_within_four_standard_errors() {
        let mut s = stream(3, Concern::Order, 0, 0);
        let mut counts = [0_u32; 7];
        for _ in 0..70_000 {
            counts[s.below(7) as usize] += 1;
        }
        for count in counts {
            assert!((f64::from(count) - 10_000.0).abs() < 4.0 * 92.6, "{counts:?}");
        }
    }

    #[test]
    fn shuffle_is_a_permutation() {
        let mut items: Vec<u32> = (0..1000).collect();
        stream(0, Concern::Order, 1, 0).shuffle(&mut items);
        assert_ne!(items[..5], [0, 1, 2, 3, 4]);
        items.sort_unstable();
        assert_eq!(items, (0..1000).collect::<Vec<_>>());
    }
}
