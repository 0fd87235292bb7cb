//! Optimiser steps, in one pass over parameters and state.

use crate::simd::{CHUNK, Chunks, Isa, Kernel, Simd};

/// Stochastic gradient descent with momentum μ (no dampening), learning rate η and weight
/// decay λ: v ← μ·v + g + λ·w; w ← w − η·v.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// η.
    pub learning_rate: f32,
    /// μ.
    pub momentum: f32,
    /// λ.
    pub weight_decay: f32,
}

/// Adam (Kingma & Ba, 2015), the weight decay λ added to the gradient:
/// g ← g + λ·w; m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²;
/// w ← w − η·m̂ / (√v̂ + ε) with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// η.
    pub learning_rate: f32,
    /// β₁ and β₂.
    pub betas: [f32; 2],
    /// ε.
    pub epsilon: f32,
    /// λ.
    pub weight_decay: f32,
}

/// What Adam remembers of each parameter.
#[derive(Debug)]
pub struct AdamMoments<'a> {
    /// m.
    pub first: &'a mut [f32],
    /// v.
    pub second: &'a mut [f32],
}

impl Sgd {
    /// One step; the weights, their gradient and their velocity are of one length.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn step(self, isa: Isa, weights: &mut [f32], gradient: &[f32], velocity: &mut [f32]) {
        assert_eq!(weights.len(), gradient.len(), "the gradient's length");
        assert_eq!(weights.len(), velocity.len(), "the velocity's length");
        isa.run(SgdStep { sgd: self, weights, gradient, velocity });
    }
}

impl Adam {
    /// Step number `step` (t, from 1); all slices are of one length.
    ///
    /// # Panics
    /// If the lengths differ, or at step 0.
    pub fn step(
        self,
        isa: Isa,
        step: u32,
        weights: &mut [f32],
        gradient: &[f32],
        moments: AdamMoments<'_>,
    ) {
        assert!(step > 0, "steps count from 1");
        assert_eq!(weights.len(), gradient.len(), "the gradient's length");
        assert_eq!(weights.len(), moments.first.len(), "the first moments' length");
        assert_eq!(weights.len(), moments.second.len(), "the second moments' length");
        // In f64: 1 − β₂ᵗ has only a few bits in f32 at first.
        let unbias = self.betas.map(|beta| 1.0 - power(f64::from(beta), step));
        let rate = (f64::from(self.learning_rate) / unbias[0]) as f32;
        let root_scale = (1.0 / unbias[1].sqrt()) as f32;
        isa.run(AdamStep { adam: self, rate, root_scale, weights, gradient, moments });
    }
}

/// By squaring: the standard library's `powi` leaves its rounding open.
fn power(base: f64, exponent: u32) -> f64 {
    let (mut result, mut square, mut exponent) = (1.0, base, exponent);
    while exponent > 0 {
        if exponent % 2 == 1 {
            result *= square;
        }
        square *= square;
        exponent /= 2;
    }
    result
}

struct SgdStep<'a> {
    sgd: Sgd,
    weights: &'a mut [f32],
    gradient: &'a [f32],
    velocity: &'a mut [f32],
}

impl Kernel for SgdStep<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { sgd, weights, gradient, velocity } = self;
        let momentum = simd.splat(sgd.momentum);
        let weight_decay = simd.splat(sgd.weight_decay);
        let minus_rate = simd.splat(-sgd.learning_rate);
        for ((w, g), v) in
            weights.chunks_mut(CHUNK).zip(gradient.chunks(CHUNK)).zip(velocity.chunks_mut(CHUNK))
        {
            let weight = simd.load_up_to(w);
            let gradient = simd.mul_add(weight_decay, weight, simd.load_up_to(g));
            let velocity = simd.mul_add(momentum, simd.load_up_to(v), gradient);
            simd.store_up_to(v, velocity);
            simd.store_up_to(w, simd.mul_add(minus_rate, velocity, weight));
        }
    }
}

struct AdamStep<'a> {
    adam: Adam,
    rate: f32,
    root_scale: f32,
    weights: &'a mut [f32],
    gradient: &'a [f32],
    moments: AdamMoments<'a>,
}

impl Kernel for AdamStep<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { adam, rate, root_scale, weights, gradient, moments } = self;
        let betas = adam.betas.map(|beta| simd.splat(beta));
        let complements = adam.betas.map(|beta| simd.splat(1.0 - beta));
        let (weight_decay, epsilon) = (simd.splat(adam.weight_decay), simd.splat(adam.epsilon));
        let (minus_rate, root_scale) = (simd.splat(-rate), simd.splat(root_scale));
        let moments = moments.first.chunks_mut(CHUNK).zip(moments.second.chunks_mut(CHUNK));
        for ((w, g), (m, v)) in weights.chunks_mut(CHUNK).zip(gradient.chunks(CHUNK)).zip(moments) {
            let weight = simd.load_up_to(w);
            let gradient = simd.mul_add(weight_decay, weight, simd.load_up_to(g));
            let first =
                simd.mul_add(betas[0], simd.load_up_to(m), simd.mul(complements[0], gradient));
            let square = simd.mul(gradient, gradient);
            let second =
                simd.mul_add(betas[1], simd.load_up_to(v), simd.mul(complements[1], square));
            let root = simd.mul_add(simd.sqrt(second), root_scale, epsilon);
            simd.store_up_to(m, first);
            simd.store_up_to(v, second);
            simd.store_up_to(w, simd.mul_add(minus_rate, simd.div(first, root), weight));
        }
    }
}
