//! Twins of the optimisers' steps, for one weight.

/// v and w after a step of SGD.
#[must_use]
pub fn sgd(rule: crate::optimizer::Sgd, w: f64, g: f64, v: f64) -> (f64, f64) {
    let v = f64::from(rule.momentum) * v + g + f64::from(rule.weight_decay) * w;
    (v, w - f64::from(rule.learning_rate) * v)
}

/// m, v and w after step number `step` of Adam.
#[must_use]
pub fn adam(
    rule: crate::optimizer::Adam,
    step: u32,
    (w, g): (f64, f64),
    (m, v): (f64, f64),
) -> (f64, f64, f64) {
    let [beta_1, beta_2] = rule.betas.map(f64::from);
    let g = g + f64::from(rule.weight_decay) * w;
    let m = beta_1 * m + (1.0 - beta_1) * g;
    let v = beta_2 * v + (1.0 - beta_2) * g * g;
    let m_hat = m / (1.0 - beta_1.powf(f64::from(step)));
    let v_hat = v / (1.0 - beta_2.powf(f64::from(step)));
    (m, v, w - f64::from(rule.learning_rate) * m_hat / (v_hat.sqrt() + f64::from(rule.epsilon)))
}
