//! Batch normalisation (Ioffe & Szegedy, 2015) with ReLU, and with 2×2 max-pool where it
//! follows a convolution.
//!
//! x̂ = (x − mean) / √(variance + ε), y = γ·x̂ + β, per channel, over a batch's N values.
//!
//! # Layout
//!
//! - `moments`: [`Moments`], a batch's mean and variance.
//! - `pool_winners`: [`pool_winners`], all that must be read of a convolution's output before
//!   the statistics are known. `best` tells who wins.
//! - `pool`: [`pool_normalize`], the rest of the forward pass; [`pool_forward`], both in one;
//!   [`pool_evaluate`].
//! - `pool_backward`: [`pool_gradient_sums`], [`pool_input_gradient`].
//! - `rows`: the same without a pool, after a fully connected layer.
//!
//! # The backward pass
//!
//! With g the gradient of y, Σg is β's gradient, Σg·x̂ is γ's, and that of x is
//! γ / √(variance + ε) · (g − Σg / N − x̂ · Σ(g·x̂) / N). After a pool g is zero but at winners, so
//! the sums visit those only: the forward pass keeps their x̂. The gradient of x itself is dense. The
//! pool leaves out an odd last row or column, whose x count in all sums nonetheless.
//!
//! # Threads
//!
//! Both passes need sums over the batch before they can go on. Cut it into parts of a fixed
//! number of images; take [`Moments`] and [`GradientSums`] of each part, and merge them in
//! order. All else goes image by image.

mod best;
mod moments;
mod pool;
mod pool_backward;
mod pool_winners;
mod rows;

pub use moments::{GradientSums, Moments};
pub use pool::{pool_evaluate, pool_forward, pool_normalize};
pub use pool_backward::{PooledGradient, pool_gradient_sums, pool_input_gradient};
pub use pool_winners::{Winners, WinnersMut, pool_winners};
pub use rows::{rows_forward, rows_gradient_sums, rows_input_gradient};

use crate::simd::{CHUNK, Chunks, Simd};

/// What normalises: each slice has one entry per channel.
#[derive(Clone, Copy, Debug)]
pub struct Normalizer<'a> {
    /// The batch's, or the running one.
    pub mean: &'a [f32],
    /// 1 / √(variance + ε): see [`inverse_std`].
    pub inverse_std: &'a [f32],
    /// γ.
    pub scale: &'a [f32],
    /// β.
    pub shift: &'a [f32],
}

/// 1 / √(variance + ε).
#[must_use]
pub fn inverse_std(variance: f64, epsilon: f64) -> f32 {
    (1.0 / (variance + epsilon).sqrt()) as f32
}

impl Normalizer<'_> {
    fn check(&self, n_channels: usize) {
        for slice in [self.mean, self.inverse_std, self.scale, self.shift] {
            assert_eq!(slice.len(), n_channels, "one entry per channel");
        }
    }
}

/// A [`Normalizer`]'s entries for one chunk of channels.
struct Channels<S: Simd> {
    mean: S::Vector,
    inverse_std: S::Vector,
    scale: S::Vector,
    shift: S::Vector,
}

impl<S: Simd> Channels<S> {
    #[inline(always)]
    fn load(simd: S, normalizer: &Normalizer<'_>, first: usize) -> Self {
        let load = |slice: &[f32]| simd.load_up_to(&slice[first..slice.len().min(first + CHUNK)]);
        Self {
            mean: load(normalizer.mean),
            inverse_std: load(normalizer.inverse_std),
            scale: load(normalizer.scale),
            shift: load(normalizer.shift),
        }
    }

    /// For each chunk of channels.
    #[inline(always)]
    fn all(simd: S, normalizer: &Normalizer<'_>) -> Vec<Self> {
        let mut all = Vec::with_capacity(normalizer.mean.len().div_ceil(CHUNK));
        for first in (0..normalizer.mean.len()).step_by(CHUNK) {
            all.push(Self::load(simd, normalizer, first));
        }
        all
    }

    #[inline(always)]
    fn x_hat(&self, simd: S, x: S::Vector) -> S::Vector {
        simd.mul(simd.sub(x, self.mean), self.inverse_std)
    }

    #[inline(always)]
    fn affine(&self, simd: S, x_hat: S::Vector) -> S::Vector {
        simd.mul_add(x_hat, self.scale, self.shift)
    }
}

/// The gradient of x as a·g + b·x + c, for one chunk of channels.
struct InputGradient<S: Simd> {
    a: S::Vector,
    b: S::Vector,
    c: S::Vector,
}

impl<S: Simd> InputGradient<S> {
    #[inline(always)]
    fn load(
        simd: S,
        normalizer: &Normalizer<'_>,
        (sums, values_per_image): (&GradientSums, usize),
        first: usize,
    ) -> Self {
        let mut constants = [[0.0; CHUNK]; 3];
        let n = (sums.n_images() * values_per_image) as f64;
        for i in 0..CHUNK.min(normalizer.mean.len() - first) {
            let channel = first + i;
            let inverse_std = f64::from(normalizer.inverse_std[channel]);
            let a = f64::from(normalizer.scale[channel]) * inverse_std;
            let b = -a * inverse_std * sums.scale_gradient()[channel] / n;
            let c = -a * sums.shift_gradient()[channel] / n;
            // b is rounded, and must be the same in both terms: they may almost cancel.
            let c = c - f64::from(b as f32) * f64::from(normalizer.mean[channel]);
            let of_channel = [a as f32, b as f32, c as f32];
            constants.iter_mut().zip(of_channel).for_each(|(chunk, x)| chunk[i] = x);
        }
        let [a, b, c] = &constants;
        let load = |chunk| simd.load_chunk(chunk);
        Self { a: load(a), b: load(b), c: load(c) }
    }

    /// For each chunk of channels.
    #[inline(always)]
    fn all(simd: S, normalizer: &Normalizer<'_>, sums: (&GradientSums, usize)) -> Vec<Self> {
        let mut all = Vec::with_capacity(normalizer.mean.len().div_ceil(CHUNK));
        for first in (0..normalizer.mean.len()).step_by(CHUNK) {
            all.push(Self::load(simd, normalizer, sums, first));
        }
        all
    }

    /// The share of all pixels.
    #[inline(always)]
    fn dense(&self, simd: S, x: S::Vector) -> S::Vector {
        simd.mul_add(x, self.b, self.c)
    }
}
