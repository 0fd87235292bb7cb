//! What both kinds of batch norm share, and the one after a fully connected layer.

use std::sync::{Arc, OnceLock};

use burn::backend::TensorMetadata;
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use burn::tensor::module::batch_norm_train;
use plateau_kernels::Isa;
use plateau_kernels::batch_norm::{
    Moments, Normalizer, inverse_std, rows_forward, rows_gradient_sums, rows_input_gradient,
};
use plateau_record::{Activation, BATCH_NORM_EPSILON};

use super::Operators;
use super::buffer::{Buffer, Contents, reclaim};
use super::graph::{Operator, apply, floats, input, with_values};
use super::profile::Work;
use crate::activation::activate;

/// What a batch norm multiplies by and adds, per channel.
#[derive(Clone, Debug)]
pub struct ScaleShift {
    /// γ.
    pub scale: Tensor<1>,
    /// β.
    pub shift: Tensor<1>,
}

/// A batch's statistics, per channel.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchStatistics {
    /// Means.
    pub mean: Vec<f32>,
    /// Biased variances.
    pub variance: Vec<f32>,
    /// Values per channel.
    pub n_values: usize,
}

impl BatchStatistics {
    pub(super) fn of(moments: &Moments) -> Self {
        Self {
            mean: moments.mean().iter().map(|mean| *mean as f32).collect(),
            variance: moments.variance().iter().map(|variance| *variance as f32).collect(),
            n_values: moments.n_values(),
        }
    }
}

/// A [`Normalizer`]'s numbers.
#[derive(Clone, Debug)]
pub(super) struct Normalised {
    mean: Vec<f32>,
    inverse_std: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Normalised {
    pub(super) fn by(moments: &Moments, scale: &[f32], shift: &[f32]) -> Self {
        let variance = moments.variance();
        let inverse_std = variance.iter().map(|v| inverse_std(*v, BATCH_NORM_EPSILON));
        Self {
            mean: moments.mean().iter().map(|mean| *mean as f32).collect(),
            inverse_std: inverse_std.collect(),
            scale: scale.to_vec(),
            shift: shift.to_vec(),
        }
    }

    pub(super) fn by_channel(&self) -> Normalizer<'_> {
        Normalizer {
            mean: &self.mean,
            inverse_std: &self.inverse_std,
            scale: &self.scale,
            shift: &self.shift,
        }
    }
}

pub(super) fn host(tensor: &Tensor<1>) -> Vec<f32> {
    with_values(tensor, <[f32]>::to_vec)
}

/// Batch norm of a fully connected layer's output by the batch's statistics → activation, and
/// those statistics.
///
/// # Shapes
/// input and output `[batch, channels]`
#[must_use]
pub fn norm_rows(
    operators: Operators,
    rows: Tensor<2>,
    affine: ScaleShift,
    activation: Activation,
) -> (Tensor<2>, BatchStatistics) {
    if operators == Operators::Fused
        && activation == Activation::Relu
        && let (Some(x), Some(scale), Some(shift)) =
            (input(&rows), input(&affine.scale), input(&affine.shift))
    {
        drop(rows);
        let statistics = Arc::new(OnceLock::new());
        let operator = NormRows { statistics: statistics.clone() };
        let output = apply(operator, [x, scale, shift]);
        let statistics = statistics.get().cloned();
        return (output, statistics.expect("the forward pass has run"));
    }
    let n_values = rows.dims()[0];
    let result = batch_norm_train(rows, affine.scale, affine.shift, BATCH_NORM_EPSILON);
    let statistics =
        BatchStatistics { mean: host(&result.mean), variance: host(&result.variance), n_values };
    (activate(activation, result.output), statistics)
}

/// The fused operator; its inputs are rows, scale and shift.
#[derive(Clone, Debug)]
struct NormRows {
    statistics: Arc<OnceLock<BatchStatistics>>,
}

#[derive(Clone, Debug)]
struct Saved {
    rows: FlexTensor,
    output: FlexTensor,
    normalised: Normalised,
}

impl Operator<3> for NormRows {
    type Saved = Saved;

    fn work(&self, [rows, ..]: &[FlexTensor; 3]) -> Work {
        let [_, n_channels] = rows.shape().dims();
        Work { name: format!("batch norm {n_channels}, ReLU"), flop: 0.0 }
    }

    fn forward(self, [rows, scale, shift]: [FlexTensor; 3]) -> (FlexTensor, Saved) {
        let shape: [usize; 2] = rows.shape().dims();
        let isa = Isa::detect();
        let moments = Moments::of(isa, floats(&rows), shape[1]);
        let _ = self.statistics.set(BatchStatistics::of(&moments));
        let normalised = Normalised::by(&moments, floats(&scale), floats(&shift));
        let mut output = Buffer::any(floats(&rows).len());
        rows_forward(isa, floats(&rows), normalised.by_channel(), &mut output);
        let output = output.into_flex(shape);
        (output.clone(), Saved { rows, output, normalised })
    }

    fn evaluate(self, inputs: [FlexTensor; 3]) -> FlexTensor {
        self.forward(inputs).0
    }

    fn backward(saved: Saved, gradient: FlexTensor, _: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let Saved { rows, output, normalised } = saved;
        let isa = Isa::detect();
        let shape: [usize; 2] = rows.shape().dims();
        let (x, by) = (floats(&rows), normalised.by_channel());
        let after = (floats(&output), floats(&gradient));
        let sums = rows_gradient_sums(isa, x, by, after);
        let mut rows_gradient = Buffer::any(x.len());
        rows_input_gradient(isa, x, (by, &sums), after, &mut rows_gradient);
        for tensor in [rows, output, gradient] {
            reclaim(Contents::Any, tensor);
        }
        [
            Some(rows_gradient.into_flex(shape)),
            Some(Buffer::from_f64(sums.scale_gradient()).into_flex([shape[1]])),
            Some(Buffer::from_f64(sums.shift_gradient()).into_flex([shape[1]])),
        ]
    }
}
