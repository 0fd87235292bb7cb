use burn::optim::{Optimizer, RecordState, StateSink, StateSource};
use burn::tensor::{Device, Tensor};
use plateau_kernels::Isa;
use plateau_kernels::optimizer::{Adam as Kernel, AdamMoments};
use plateau_model::operators::{is_cpu, update};

/// Adam (Kingma & Ba, 2015): m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²;
/// w ← w − η·m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) at step t.
#[derive(Clone, Copy, Debug)]
pub(super) struct Adam {
    /// β₁ and β₂.
    pub(super) betas: [f64; 2],
    /// ε.
    pub(super) epsilon: f64,
}

/// m, v and t, of one parameter.
#[derive(Clone, Debug)]
pub(super) struct Moments<const D: usize> {
    first: Tensor<D>,
    second: Tensor<D>,
    step: u32,
}

const FIRST: &str = "first";
const SECOND: &str = "second";
const STEP: &str = "step";

impl<const D: usize> RecordState for Moments<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        out.push_tensor(prefix, FIRST, self.first.clone().into_data());
        out.push_tensor(prefix, SECOND, self.second.clone().into_data());
        out.push_scalar(prefix, STEP, u64::from(self.step).into());
    }

    fn state_unflatten(prefix: &str, src: &mut StateSource, device: &Device) -> Option<Self> {
        let step = u64::try_from(src.take_scalar(prefix, STEP)?).ok()?;
        Some(Self {
            first: Tensor::from_data(src.take_tensor(prefix, FIRST)?, device),
            second: Tensor::from_data(src.take_tensor(prefix, SECOND)?, device),
            step: u32::try_from(step).ok()?,
        })
    }
}

impl Optimizer for Adam {
    type State<const D: usize> = Moments<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: f64,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<Moments<D>>,
    ) -> (Tensor<D>, Option<Moments<D>>) {
        let device = weights.device();
        let zeros = || Tensor::zeros(weights.dims(), &device);
        let Moments { first, second, step } =
            state.unwrap_or_else(|| Moments { first: zeros(), second: zeros(), step: 0 });
        let step = step + 1;
        let [beta_1, beta_2] = self.betas;
        if is_cpu(&device) {
            let kernel = Kernel {
                learning_rate: learning_rate as f32,
                betas: self.betas.map(|beta| beta as f32),
                epsilon: self.epsilon as f32,
                weight_decay: 0.0,
            };
            let isa = Isa::detect();
            let [weights, first, second] =
                update([weights, first, second], gradient, |[weights, first, second], gradient| {
                    kernel.step(isa, step, weights, gradient, AdamMoments { first, second });
                });
            return (weights, Some(Moments { first, second, step }));
        }
        let first = first.mul_scalar(beta_1) + gradient.clone().mul_scalar(1.0 - beta_1);
        let second = second.mul_scalar(beta_2) + gradient.powi_scalar(2).mul_scalar(1.0 - beta_2);
        let correction = |beta: f64| 1.0 - beta.powi(step as i32);
        let m = first.clone().div_scalar(correction(beta_1));
        let root = second.clone().div_scalar(correction(beta_2)).sqrt().add_scalar(self.epsilon);
        (weights - m.div(root).mul_scalar(learning_rate), Some(Moments { first, second, step }))
    }

    fn to_device<const D: usize>(state: Moments<D>, device: &Device) -> Moments<D> {
        Moments {
            first: state.first.to_device(device),
            second: state.second.to_device(device),
            step: state.step,
        }
    }
}
