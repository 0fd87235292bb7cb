//! Batch normalisation (Ioffe & Szegedy, 2015).

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use plateau_record::{Activation, BATCH_NORM_EPSILON, RUNNING_STAT_DECAY};

use crate::activation::activate;
use crate::init::Init;
use crate::mode::Mode;
use crate::operators::{
    BatchStatistics, Border, Convolution, Operators, ScaleShift, conv_block, conv_norm_block,
    norm_rows,
};

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
        match mode {
            Mode::Training => {
                let then = (activation, border);
                let (output, statistics) =
                    conv_norm_block(operators, images, convolution, self.scale_shift(), then);
                self.running.follow(&statistics);
                output
            }
            Mode::Evaluation => {
                let convolution = self.fold(convolution);
                conv_block(operators, images, convolution, activation, border)
            }
        }
    }

    /// Batch norm of a fully connected layer's output → activation.
    ///
    /// # Shapes
    /// input and output `[batch, channels]`
    pub fn rows(
        &mut self,
        operators: Operators,
        rows: Tensor<2>,
        activation: Activation,
        mode: Mode,
    ) -> Tensor<2> {
        match mode {
            Mode::Training => {
                let (output, statistics) =
                    norm_rows(operators, rows, self.scale_shift(), activation);
                self.running.follow(&statistics);
                output
            }
            Mode::Evaluation => {
                let [scale, mean] = self.constants(&rows.device());
                let x = (rows - mean.unsqueeze()) * scale.unsqueeze();
                activate(activation, x + self.shift.val().unsqueeze())
            }
        }
    }

    /// In evaluation, batch norm is an affine map of each channel: the convolution takes it in.
    fn fold(&self, convolution: Convolution) -> Convolution {
        let [scale, mean] = self.constants(&convolution.bias.device());
        let n_out = scale.dims()[0];
        Convolution {
            weight: convolution.weight * scale.clone().reshape([n_out, 1, 1, 1]),
            bias: (convolution.bias - mean) * scale + self.shift.val(),
        }
    }

    /// γ / √(variance + ε), and the mean, of the running statistics.
    fn constants(&self, device: &Device) -> [Tensor<1>; 2] {
        let inverse_std: Vec<f32> = self
            .running
            .variance
            .iter()
            .map(|variance| (1.0 / (f64::from(*variance) + BATCH_NORM_EPSILON).sqrt()) as f32)
            .collect();
        let inverse_std = Tensor::<1>::from_floats(inverse_std.as_slice(), device);
        let mean = Tensor::from_floats(self.running.mean.as_slice(), device);
        [self.scale.val() * inverse_std, mean]
    }

    fn scale_shift(&self) -> ScaleShift {
        ScaleShift { scale: self.scale.val(), shift: self.shift.val() }
    }
}

impl RunningStatistics {
    fn follow(&mut self, batch: &BatchStatistics) {
        // With a single value per channel the unbiased variance is undefined; keep the biased.
        let n = batch.n_values;
        let unbias = n as f32 / (n.max(2) - 1) as f32;
        let keep = RUNNING_STAT_DECAY as f32;
        for (running, batch) in self.mean.iter_mut().zip(&batch.mean) {
            *running = keep * *running + (1.0 - keep) * batch;
        }
        for (running, batch) in self.variance.iter_mut().zip(&batch.variance) {
            *running = keep * *running + (1.0 - keep) * batch * unbias;
        }
    }
}
