//! What a setting's number may be: for study files and the command line alike.
//!
//! Runs compute in single precision. A number that would become 0, 1 or infinite there is not
//! the number that was asked for, and is refused where it is read.

use std::fmt;

/// The numbers that a setting may have.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    accepts: fn(f64) -> bool,
    words: &'static str,
}

/// Learning rates.
pub const RATE: Bounds =
    Bounds { accepts: |x| (1e-12..=1e6).contains(&x), words: "a number from 1e-12 to 1e6" };

/// Shares that may be 0 but not 1: dropout, momentum, Adam's decays.
pub const SHARE: Bounds = Bounds {
    accepts: |x| x == 0.0 || (1e-12..=MAX_SHARE).contains(&x),
    words: "0, or a number from 1e-12 to 0.999999",
};

/// A share nearer to 1 would be 1 in single precision, or leave too few digits of 1 − x.
const MAX_SHARE: f64 = 0.999_999;

/// What a step schedule multiplies by.
pub const STEP_FACTOR: Bounds = Bounds {
    accepts: |x| (1e-6..=MAX_SHARE).contains(&x),
    words: "a number from 1e-6 to 0.999999",
};

/// L2 penalties.
pub const PENALTY: Bounds = Bounds {
    accepts: |x| x == 0.0 || (1e-12..=1e6).contains(&x),
    words: "0, or a number from 1e-12 to 1e6",
};

/// Adam's ε. The squares of gradients below about 1e-20 vanish, and ε alone divides there: a smaller
/// one would make steps of more than the rate.
pub const EPSILON: Bounds =
    Bounds { accepts: |x| (1e-18..=1.0).contains(&x), words: "a number from 1e-18 to 1" };

/// Ratio of neighbouring rates: nearer ones could be equal once they are rounded to two digits.
pub const RATE_RATIO: Bounds =
    Bounds { accepts: |x| (1.1..=1e3).contains(&x), words: "a number from 1.1 to 1000" };

/// Factor on a rate that did best.
pub const TIMES: Bounds =
    Bounds { accepts: |x| (1e-3..=1e3).contains(&x), words: "a number from 0.001 to 1000" };

/// Passes over the training images.
pub const MAX_EPOCHS: u32 = 100_000;

/// Images per step: more than any data set has.
pub const MAX_BATCH: u32 = 1_000_000;

/// Seeds of a study: more than any study of means and intervals has use for.
pub const MAX_SEEDS: u32 = 1_000;

/// Units or channels of a layer: this is about small networks.
pub const MAX_UNITS: u32 = 8_192;

/// Blocks of convolution and pooling: 32 pixels can be halved five times.
pub const MAX_BLOCKS: usize = 5;

/// Runs of a study.
pub const MAX_RUNS: usize = 10_000;

/// Letters in the name of a study or phase: they become parts of file names.
pub const MAX_NAME: usize = 60;

/// Threads, and runs side by side.
pub const MAX_THREADS: u32 = 1_024;

impl Bounds {
    /// The number, if the setting may have it. −0 is 0: configurations that are equal must have
    /// one id.
    #[must_use]
    pub fn check(self, number: f64) -> Option<f64> {
        Some(number + 0.0).filter(|x| (self.accepts)(*x))
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_is_itself_in_single_precision() {
        for x in [1e-12, 0.03, 1e4, 1e6] {
            assert!(RATE.check(x).is_some_and(|x| (x as f32).is_normal()), "{x}");
        }
        for x in [0.0, -0.1, 1e300, 1e-50, f64::NAN, f64::INFINITY] {
            assert_eq!(RATE.check(x), None, "{x}");
        }
        assert_eq!(SHARE.check(0.999_999).map(|x| (x as f32) < 1.0), Some(true));
        assert_eq!(SHARE.check(0.999_999_999_9), None);
        assert_eq!(SHARE.check(-0.0).map(f64::is_sign_positive), Some(true));
        assert_eq!(PENALTY.check(1e-60), None);
        assert_eq!(EPSILON.check(1e-50), None);
    }
}
