//! Softmax and cross-entropy.

use crate::exp::exp;
use crate::simd::{CHUNK, Chunks, Isa, Kernel, Simd};

/// Loss of each image, `−ln pₗ` with `p = softmax(logits)` and its label l, and the gradient of
/// `scale` · their sum: `scale · (p − onehot(l))`. For the mean over a batch, `scale` is
/// 1 / batch.
///
/// A logit that is infinite or NaN makes its image's loss and gradient NaN.
///
/// # Shapes
/// - logits and gradient `[n_images, n_classes]`
/// - labels and losses `[n_images]`
///
/// # Panics
/// If a length doesn't fit, or a label is no class.
pub fn cross_entropy(
    isa: Isa,
    logits: &[f32],
    labels: &[u8],
    scale: f32,
    losses: &mut [f32],
    gradient: &mut [f32],
) {
    assert_eq!(labels.len(), losses.len(), "the losses' length");
    assert_eq!(logits.len(), gradient.len(), "the gradient's length");
    let n_classes = logits.len().checked_div(labels.len()).unwrap_or(0);
    assert_eq!(logits.len(), n_classes * labels.len(), "the logits' length");
    assert!(labels.iter().all(|&label| usize::from(label) < n_classes), "a label is no class");
    isa.run(CrossEntropy { logits, labels, n_classes, scale, losses, gradient });
}

/// Sum of the losses in 64 bits, in order: the same bits however they were computed.
#[must_use]
pub fn sum_losses(losses: &[f32]) -> f64 {
    losses.iter().fold(0.0, |sum, &loss| sum + f64::from(loss))
}

struct CrossEntropy<'a> {
    logits: &'a [f32],
    labels: &'a [u8],
    n_classes: usize,
    scale: f32,
    losses: &'a mut [f32],
    gradient: &'a mut [f32],
}

impl Kernel for CrossEntropy<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { logits, labels, n_classes, scale, losses, gradient } = self;
        let rows = logits.chunks_exact(n_classes.max(1));
        for (to, row) in gradient.chunks_exact_mut(n_classes.max(1)).zip(rows.clone()) {
            let max = max(row);
            to.iter_mut().zip(row).for_each(|(to, logit)| *to = logit - max);
        }
        for chunk in gradient.chunks_mut(CHUNK) {
            simd.store_up_to(chunk, exp(simd, simd.load_up_to(chunk)));
        }
        for (((row, gradient), &label), loss) in
            rows.zip(gradient.chunks_exact_mut(n_classes.max(1))).zip(labels).zip(losses)
        {
            let label = usize::from(label);
            if !row.iter().all(|logit| logit.is_finite()) {
                *loss = f32::NAN;
                gradient.fill(f32::NAN);
                continue;
            }
            let sum = gradient.iter().fold(0.0, |sum, &exp| sum + f64::from(exp));
            *loss = (sum.ln() - (f64::from(row[label]) - f64::from(max(row)))) as f32;
            let to_probability = (f64::from(scale) / sum) as f32;
            gradient.iter_mut().for_each(|exp| *exp *= to_probability);
            gradient[label] -= scale;
        }
    }
}

#[inline(always)]
fn max(row: &[f32]) -> f32 {
    row.iter().fold(f32::NEG_INFINITY, |max, &logit| if logit > max { logit } else { max })
}
