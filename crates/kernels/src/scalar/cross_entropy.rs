//! Twin of softmax and cross-entropy.

/// Losses `[n_images]`, and the gradient of `scale` · their sum, `[n_images, n_classes]`.
#[must_use]
pub fn cross_entropy(logits: &[f64], labels: &[u8], scale: f64) -> (Vec<f64>, Vec<f64>) {
    let n_classes = logits.len() / labels.len();
    let (mut losses, mut gradient) = (vec![], vec![]);
    for (row, &label) in logits.chunks_exact(n_classes).zip(labels) {
        let label = usize::from(label);
        if row.iter().any(|logit| !logit.is_finite()) {
            losses.push(f64::NAN);
            gradient.extend(vec![f64::NAN; n_classes]);
            continue;
        }
        let max = row.iter().fold(f64::NEG_INFINITY, |max, &logit| max.max(logit));
        let sum: f64 = row.iter().map(|logit| (logit - max).exp()).sum();
        losses.push(sum.ln() + max - row[label]);
        gradient.extend(row.iter().enumerate().map(|(class, logit)| {
            scale * ((logit - max).exp() / sum - f64::from(u8::from(class == label)))
        }));
    }
    (losses, gradient)
}
