use burn::tensor::Tensor;
use plateau_kernels::Isa;
use plateau_kernels::optimizer::{Adam as Kernel, AdamMoments};
use plateau_model::operators::{is_cpu, update};

use super::{Now, Rule, Values, exactly};

/// Adam (Kingma & Ba, 2015): m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²;
/// w ← w − η·m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) at step t.
#[derive(Clone, Copy, Debug)]
pub(super) struct Adam {
    /// β₁ and β₂.
    pub(super) betas: [f64; 2],
    /// ε.
    pub(super) epsilon: f64,
}

impl Rule for Adam {
    /// m and v.
    fn n_means(&self) -> usize {
        2
    }

    fn step(&self, now: Now, values: Values) -> (Tensor<1>, Vec<Tensor<1>>) {
        let Values { weights, gradient, means } = values;
        let [first, second] = exactly(means);
        let [beta_1, beta_2] = self.betas;
        if is_cpu(&weights.device()) {
            let kernel = Kernel {
                learning_rate: now.rate as f32,
                betas: self.betas.map(|beta| beta as f32),
                epsilon: self.epsilon as f32,
                weight_decay: 0.0,
            };
            let isa = Isa::detect();
            let [weights, first, second] =
                update([weights, first, second], gradient, |[weights, first, second], gradient| {
                    kernel.step(isa, now.updates, weights, gradient, AdamMoments { first, second });
                });
            return (weights, vec![first, second]);
        }
        let first = first.mul_scalar(beta_1) + gradient.clone().mul_scalar(1.0 - beta_1);
        let second = second.mul_scalar(beta_2) + gradient.powi_scalar(2).mul_scalar(1.0 - beta_2);
        let updates = i32::try_from(now.updates).unwrap_or(i32::MAX);
        let correction = |beta: f64| 1.0 - beta.powi(updates);
        let m = first.clone().div_scalar(correction(beta_1));
        let root = second.clone().div_scalar(correction(beta_2)).sqrt().add_scalar(self.epsilon);
        (weights - m.div(root).mul_scalar(now.rate), vec![first, second])
    }
}
