//! Loss, accuracy and confusion in evaluation mode.

use burn::tensor::Device;
use plateau_data::{Normalisation, TestImages};
use plateau_model::operators::with_values;
use plateau_model::{Cnn, Mode};
use plateau_record::{N_CLASSES, Performance, Predictions, TestRecord};

use crate::examples::{EVALUATION_BATCH, Examples, ImageExamples};
use crate::trainable::Trainable;

/// Metrics and confusion on one set of examples.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Mean loss and accuracy; the loss is not finite if any logit is NaN.
    pub performance: Performance,
    /// `confusion[label][prediction]`.
    pub confusion: [[u32; N_CLASSES]; N_CLASSES],
}

/// Evaluates without gradients, dropout off, running statistics; none once `go_on` says no.
pub fn evaluate<M: Trainable>(
    model: &M,
    examples: &dyn Examples,
    device: &Device,
    go_on: &dyn Fn() -> bool,
) -> Option<Evaluation> {
    evaluate_in_batches(model, examples, device, EVALUATION_BATCH, go_on)
}

/// [`evaluate`], with so many images at a time.
pub(crate) fn evaluate_in_batches<M: Trainable>(
    model: &M,
    examples: &dyn Examples,
    device: &Device,
    batch_size: usize,
    go_on: &dyn Fn() -> bool,
) -> Option<Evaluation> {
    let mut tally = Tally::default();
    let add = |logits: &[f32; N_CLASSES], label| tally.add(logits, label);
    each_logits(model, examples, device, (batch_size, go_on), add)?;
    Some(tally.finish())
}

/// Calls `see` with every example's logits and label, in order; gives up, with none, between
/// two batches where `go_on` says no.
fn each_logits<M: Trainable>(
    model: &M,
    examples: &dyn Examples,
    device: &Device,
    (batch_size, go_on): (usize, &dyn Fn() -> bool),
    mut see: impl FnMut(&[f32; N_CLASSES], u8),
) -> Option<()> {
    let mut model = model.valid();
    let positions: Vec<u32> = (0..examples.len() as u32).collect();
    for chunk in positions.chunks(batch_size) {
        if !go_on() {
            return None;
        }
        let batch = examples.gather(chunk);
        let input = model.input(batch.inputs, device);
        let logits = model.logits(input, None, Mode::Evaluation);
        with_values(&logits, |logits| {
            let (rows, _) = logits.as_chunks::<N_CLASSES>();
            for (row, label) in rows.iter().zip(&batch.labels) {
                see(row, *label);
            }
        });
    }
    Some(())
}

/// The one look at the test images, with a finished run's weights: the only function that
/// takes them.
pub fn test(
    cnn: &Cnn,
    images: &TestImages,
    normalisation: &Normalisation,
    device: &Device,
) -> (TestRecord, Predictions) {
    let examples = ImageExamples { view: images, normalisation };
    let mut tally = Tally::default();
    let mut predictions = Predictions::default();
    // Nothing that could be saved is lost if it doesn't end.
    let to_the_end = (EVALUATION_BATCH, &(|| true) as &dyn Fn() -> bool);
    let _ = each_logits(cnn, &examples, device, to_the_end, |logits, label| {
        tally.add(logits, label);
        predictions.label.push(label);
        predictions.predicted.push(arg_max(logits) as u8);
        predictions.confidence.push(confidence(logits));
    });
    let Evaluation { performance, confusion } = tally.finish();
    let confusion = confusion.iter().map(|row| row.to_vec()).collect();
    (TestRecord { performance, confusion }, predictions)
}

#[derive(Default)]
struct Tally {
    loss: f64,
    n: u64,
    confusion: [[u32; N_CLASSES]; N_CLASSES],
}

impl Tally {
    fn add(&mut self, logits: &[f32; N_CLASSES], label: u8) {
        let label = usize::from(label);
        self.loss += cross_entropy(logits, label);
        self.confusion[label][arg_max(logits)] += 1;
        self.n += 1;
    }

    fn finish(self) -> Evaluation {
        let n = self.n.max(1) as f64;
        let correct: u32 = (0..N_CLASSES).map(|class| self.confusion[class][class]).sum();
        let performance = Performance { loss: self.loss / n, accuracy: f64::from(correct) / n };
        Evaluation { performance, confusion: self.confusion }
    }
}

/// log Σ exp(zⱼ) − z_label, in double precision; NaN if any logit is.
fn cross_entropy(logits: &[f32; N_CLASSES], label: usize) -> f64 {
    let (largest, sum) = soft_sum(logits);
    sum.ln() + largest - f64::from(logits[label])
}

/// The largest softmax probability, 1 / Σ exp(zⱼ − max z); NaN if any logit is.
fn confidence(logits: &[f32; N_CLASSES]) -> f32 {
    soft_sum(logits).1.recip() as f32
}

/// max z and Σ exp(zⱼ − max z).
fn soft_sum(logits: &[f32; N_CLASSES]) -> (f64, f64) {
    let largest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    (largest, logits.iter().map(|z| (f64::from(*z) - largest).exp()).sum())
}

/// The first of the largest.
fn arg_max(logits: &[f32; N_CLASSES]) -> usize {
    let mut best = 0;
    for (class, z) in logits.iter().enumerate() {
        if *z > logits[best] {
            best = class;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_logits_cost_ln_10_and_predict_the_first_class() {
        let mut tally = Tally::default();
        tally.add(&[0.5; N_CLASSES], 3);
        tally.add(&[0.5; N_CLASSES], 0);
        let evaluation = tally.finish();
        assert!((evaluation.performance.loss - 10.0_f64.ln()).abs() < 1e-12);
        assert_eq!(evaluation.performance.accuracy, 0.5);
        assert_eq!(evaluation.confusion[3][0], 1);
    }

    #[test]
    fn a_nan_stays_visible_in_the_loss() {
        let mut row = [0.0; N_CLASSES];
        row[7] = f32::NAN;
        assert!(cross_entropy(&row, 2).is_nan());
        assert!(confidence(&row).is_nan());
        row[7] = f32::INFINITY;
        assert!(!cross_entropy(&row, 2).is_finite());
    }

    #[test]
    fn large_logits_do_not_overflow() {
        let mut row = [-1e30_f32; N_CLASSES];
        row[1] = 1e30;
        assert_eq!(cross_entropy(&row, 1), 0.0);
        assert_eq!(confidence(&row), 1.0);
        assert!((confidence(&[7.0; N_CLASSES]) - 0.1).abs() < 1e-7);
    }
}
