use std::sync::Arc;

use burn::backend::TensorMetadata;
use burn::backend::flex::FlexTensor;
use burn::tensor::loss::cross_entropy_with_logits;
use burn::tensor::{Tensor, TensorData};
use plateau_kernels::Isa;
use plateau_kernels::cross_entropy::{cross_entropy as kernel, sum_losses};

use super::Operators;
use super::buffer::{Buffer, Contents, reclaim};
use super::graph::{Operator, apply, floats, input};
use super::profile::Work;

/// Mean over the batch of −ln pₗ, with p = softmax(logits) and the image's label l.
///
/// # Shapes
/// - logits `[batch, classes]`
/// - labels: one per image, below the number of classes
/// - output `[1]`
///
/// # Panics
/// If the number of labels differs from the batch's, or a label is no class.
#[must_use]
pub fn cross_entropy(operators: Operators, logits: Tensor<2>, labels: &[u8]) -> Tensor<1> {
    if operators == Operators::Fused
        && let Some(input) = input(&logits)
    {
        return apply(CrossEntropy { labels: labels.into() }, [input]);
    }
    let [n_images, n_classes] = logits.dims();
    assert_eq!(labels.len(), n_images, "one label per image");
    let mut one_hot = vec![0.0_f32; n_images * n_classes];
    for (row, label) in one_hot.chunks_exact_mut(n_classes).zip(labels) {
        row[usize::from(*label)] = 1.0;
    }
    let device = logits.device();
    let targets = Tensor::from_data(TensorData::new(one_hot, [n_images, n_classes]), &device);
    cross_entropy_with_logits(logits, targets)
}

/// The fused operator; its input are the logits.
#[derive(Clone, Debug)]
struct CrossEntropy {
    labels: Arc<[u8]>,
}

impl CrossEntropy {
    /// The loss, and its gradient with respect to the logits.
    fn run(&self, logits: &FlexTensor) -> (FlexTensor, FlexTensor) {
        let [n_images, n_classes] = logits.shape().dims();
        let mut losses = vec![0.0; n_images];
        let mut gradient = Buffer::any(n_images * n_classes);
        let scale = 1.0 / n_images as f32;
        kernel(Isa::detect(), floats(logits), &self.labels, scale, &mut losses, &mut gradient);
        let mean = sum_losses(&losses) / n_images as f64;
        let loss = FlexTensor::from_data(TensorData::new(vec![mean as f32], [1]));
        (loss, gradient.into_flex([n_images, n_classes]))
    }
}

impl Operator<1> for CrossEntropy {
    /// The gradient, once for all.
    type Saved = FlexTensor;

    fn work(&self, _: &[FlexTensor; 1]) -> Work {
        Work { name: "softmax, cross-entropy".to_owned(), flop: 0.0 }
    }

    fn forward(self, [logits]: [FlexTensor; 1]) -> (FlexTensor, FlexTensor) {
        self.run(&logits)
    }

    fn evaluate(self, [logits]: [FlexTensor; 1]) -> FlexTensor {
        let (loss, gradient) = self.run(&logits);
        reclaim(Contents::Any, gradient);
        loss
    }

    fn backward(saved: FlexTensor, gradient: FlexTensor, _: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let scale = floats(&gradient)[0];
        if scale == 1.0 {
            return [Some(saved)];
        }
        let mut scaled = Buffer::any(floats(&saved).len());
        for (scaled, gradient) in scaled.iter_mut().zip(floats(&saved)) {
            *scaled = scale * gradient;
        }
        let shape: [usize; 2] = saved.shape().dims();
        [Some(scaled.into_flex(shape))]
    }
}
