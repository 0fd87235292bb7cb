use burn::optim::{Optimizer, RecordState, StateSink, StateSource};
use burn::tensor::{Device, Tensor};
use plateau_kernels::Isa;
use plateau_kernels::optimizer::Sgd as Kernel;
use plateau_model::operators::{is_cpu, update};

/// Stochastic gradient descent with momentum: v ← μ·v + g + λ·w; w ← w − η·v. The momentum is
/// not dampened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sgd {
    /// μ.
    pub(super) momentum: f64,
    /// λ.
    pub(super) weight_decay: f64,
}

/// v, of one parameter.
#[derive(Clone, Debug)]
pub(super) struct Velocity<const D: usize>(Tensor<D>);

const VELOCITY: &str = "velocity";

impl<const D: usize> RecordState for Velocity<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        out.push_tensor(prefix, VELOCITY, self.0.clone().into_data());
    }

    fn state_unflatten(prefix: &str, src: &mut StateSource, device: &Device) -> Option<Self> {
        src.take_tensor(prefix, VELOCITY).map(|data| Self(Tensor::from_data(data, device)))
    }
}

impl Optimizer for Sgd {
    type State<const D: usize> = Velocity<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: f64,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<Velocity<D>>,
    ) -> (Tensor<D>, Option<Velocity<D>>) {
        let device = weights.device();
        let velocity = state.map_or_else(|| Tensor::zeros(weights.dims(), &device), |v| v.0);
        if is_cpu(&device) {
            let kernel = Kernel {
                learning_rate: learning_rate as f32,
                momentum: self.momentum as f32,
                weight_decay: self.weight_decay as f32,
            };
            let isa = Isa::detect();
            let [weights, velocity] =
                update([weights, velocity], gradient, |[weights, velocity], gradient| {
                    kernel.step(isa, weights, gradient, velocity);
                });
            return (weights, Some(Velocity(velocity)));
        }
        let gradient = if self.weight_decay > 0.0 {
            gradient + weights.clone().mul_scalar(self.weight_decay)
        } else {
            gradient
        };
        let velocity = velocity.mul_scalar(self.momentum) + gradient;
        (weights - velocity.clone().mul_scalar(learning_rate), Some(Velocity(velocity)))
    }

    fn to_device<const D: usize>(state: Velocity<D>, device: &Device) -> Velocity<D> {
        Velocity(state.0.to_device(device))
    }
}
