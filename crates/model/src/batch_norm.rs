//! Batch normalisation (Ioffe & Szegedy, 2015).

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::module::{batch_norm, batch_norm_train};
use plateau_record::{Activation, BATCH_NORM_EPSILON, RUNNING_STAT_DECAY};

use crate::activation::activate;
use crate::init::Init;
use crate::mode::Mode;
use crate::operators::{Border, Convolution, Operators};

/// y = γ·(x − mean) / √(variance + ε) + β, per channel.
///
/// In training the batch's mean and biased variance are used; the running statistics follow
/// them with the unbiased variance, as PyTorch does.
#[derive(Module, Debug)]
pub struct BatchNorm {
    /// γ, one per channel.
    pub scale: Param<Tensor<1>>,
    /// β, one per channel.
    pub shift: Param<Tensor<1>>,
    /// Statistics for evaluation. On the host: they are tiny, and never differentiated.
    #[module(skip)]
    pub running: RunningStatistics,
}

/// Exponential moving averages of the batches' statistics.
#[derive(Clone, Debug, PartialEq)]
pub struct RunningStatistics {
    /// One per channel.
    pub mean: Vec<f32>,
    /// Unbiased, one per channel.
    pub variance: Vec<f32>,
}

impl BatchNorm {
    /// γ = 1, β = 0, running mean 0, running variance 1.
    #[must_use]
    pub fn init(n_channels: usize, init: &Init<'_>) -> Self {
        Self {
            scale: init.constant(1.0, n_channels),
            shift: init.constant(0.0, n_channels),
            running: RunningStatistics {
                mean: vec![0.0; n_channels],
                variance: vec![1.0; n_channels],
            },
        }
    }

    /// Convolution → batch norm → activation → 2×2 max-pool.
    ///
    /// # Shapes
    /// - images `[batch, height + 2, width + 2, in]`
    /// - output `[batch, height / 2, width / 2, out]`, and what the border adds
    pub fn conv_block(
        &mut self,
        operators: Operators,
        images: Tensor<4>,
        convolution: Convolution,
        (activation, border): (Activation, Border),
        mode: Mode,
    ) -> Tensor<4> {
        let _ = operators;
        let x = crate::operators::conv2d_same(images, convolution);
        crate::operators::pool(activate(activation, self.forward(x, mode)), border)
    }

    /// Normalises over all dimensions but the second.
    ///
    /// # Shapes
    /// input and output `[batch, channels, ...]`
    pub fn forward<const D: usize>(&mut self, input: Tensor<D>, mode: Mode) -> Tensor<D> {
        match mode {
            Mode::Training => self.forward_training(input),
            Mode::Evaluation => self.forward_evaluation(input),
        }
    }

    /// Normalises by the running statistics.
    ///
    /// # Shapes
    /// input and output `[batch, channels, ...]`
    #[must_use]
    pub fn forward_evaluation<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        let device = input.device();
        let mean = Tensor::from_floats(self.running.mean.as_slice(), &device);
        let variance = Tensor::from_floats(self.running.variance.as_slice(), &device);
        batch_norm(input, self.scale.val(), self.shift.val(), mean, variance, BATCH_NORM_EPSILON)
    }

    fn forward_training<const D: usize>(&mut self, input: Tensor<D>) -> Tensor<D> {
        let dims = input.dims();
        let per_channel = dims.iter().product::<usize>() / dims[1];
        let result =
            batch_norm_train(input, self.scale.val(), self.shift.val(), BATCH_NORM_EPSILON);
        let mean = host(result.mean);
        let variance = host(result.variance);
        // With a single value per channel the unbiased variance is undefined; keep the biased.
        let unbias = per_channel as f32 / (per_channel.max(2) - 1) as f32;
        let keep = RUNNING_STAT_DECAY as f32;
        for (running, batch) in self.running.mean.iter_mut().zip(mean) {
            *running = keep * *running + (1.0 - keep) * batch;
        }
        for (running, batch) in self.running.variance.iter_mut().zip(variance) {
            *running = keep * *running + (1.0 - keep) * batch * unbias;
        }
        result.output
    }
}

fn host(tensor: Tensor<1>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("the statistics are 32-bit floats")
}
