use burn::tensor::Tensor;
use plateau_kernels::Isa;
use plateau_kernels::optimizer::Sgd as Kernel;
use plateau_model::operators::{is_cpu, update};

use super::{Now, Rule, Values, exactly};

/// Stochastic gradient descent with momentum: v ← μ·v + g + λ·w; w ← w − η·v. The momentum is
/// not dampened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sgd {
    /// μ.
    pub(super) momentum: f64,
    /// λ.
    pub(super) weight_decay: f64,
}

impl Rule for Sgd {
    /// v.
    fn n_means(&self) -> usize {
        1
    }

    fn step(&self, now: Now, values: Values) -> (Tensor<1>, Vec<Tensor<1>>) {
        let Values { weights, gradient, means } = values;
        let [velocity] = exactly(means);
        if is_cpu(&weights.device()) {
            let kernel = Kernel {
                learning_rate: now.rate as f32,
                momentum: self.momentum as f32,
                weight_decay: self.weight_decay as f32,
            };
            let isa = Isa::detect();
            let [weights, velocity] =
                update([weights, velocity], gradient, |[weights, velocity], gradient| {
                    kernel.step(isa, weights, gradient, velocity);
                });
            return (weights, vec![velocity]);
        }
        let gradient = if self.weight_decay > 0.0 {
            gradient + weights.clone().mul_scalar(self.weight_decay)
        } else {
            gradient
        };
        let velocity = velocity.mul_scalar(self.momentum) + gradient;
        (weights - velocity.clone().mul_scalar(now.rate), vec![velocity])
    }
}
