use super::{DenseConv, DenseMethod, direct};
use crate::{AlignedBuffer, winograd};

/// What weights are packed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    Forward,
    InputGradient,
}

/// Weights as [`DenseConv::forward`] or [`DenseConv::input_gradient`] reads them.
///
/// The input gradient is the convolution of the padded output gradient with the weights turned by
/// half a turn, inputs and outputs exchanged.
#[derive(Clone, Debug)]
pub struct PackedWeights {
    conv: DenseConv,
    method: DenseMethod,
    pass: Pass,
    packed: AlignedBuffer,
    /// One for each channel written.
    bias: AlignedBuffer,
}

impl PackedWeights {
    /// For the convolution itself.
    ///
    /// # Shapes
    /// - weights `[n_out, 3, 3, n_in]`
    /// - bias `[n_out]`; empty for none
    ///
    /// # Panics
    /// If a length doesn't fit, or the convolution doesn't have the method.
    #[must_use]
    pub fn forward(conv: &DenseConv, method: DenseMethod, weights: &[f32], bias: &[f32]) -> Self {
        let DenseConv { isa, n_in, n_out, .. } = *conv;
        check(conv, method, weights);
        assert!(bias.is_empty() || bias.len() == n_out, "the bias' length");
        let packed = match method {
            DenseMethod::Winograd => winograd::pack(isa, [n_in, n_out], weights),
            DenseMethod::Direct => direct::pack([n_in, n_out], |tap, input, output| {
                weights[(output * 9 + tap) * n_in + input]
            }),
        };
        let bias = if bias.is_empty() { AlignedBuffer::zeros(n_out) } else { bias.into() };
        Self { conv: *conv, method, pass: Pass::Forward, packed, bias }
    }

    /// For the input gradient.
    ///
    /// # Shapes
    /// weights `[n_out, 3, 3, n_in]`, of the convolution itself
    ///
    /// # Panics
    /// If the length doesn't fit, or the convolution doesn't have the method.
    #[must_use]
    pub fn input_gradient(conv: &DenseConv, method: DenseMethod, weights: &[f32]) -> Self {
        let DenseConv { isa, n_in, n_out, .. } = *conv;
        check(conv, method, weights);
        let packed = match method {
            DenseMethod::Winograd => winograd::pack_turned(isa, [n_in, n_out], weights),
            DenseMethod::Direct => direct::pack([n_out, n_in], |tap, from, to| {
                weights[(from * 9 + 8 - tap) * n_in + to]
            }),
        };
        let (pass, bias) = (Pass::InputGradient, AlignedBuffer::zeros(n_in));
        Self { conv: *conv, method, pass, packed, bias }
    }

    /// Panics unless packed for this.
    pub(super) fn check(&self, conv: &DenseConv, pass: Pass) {
        assert_eq!(self.conv, *conv, "weights packed for another convolution");
        assert_eq!(self.pass, pass, "weights packed for another pass");
    }

    pub(super) fn method(&self) -> DenseMethod {
        self.method
    }

    pub(super) fn packed(&self) -> &[f32] {
        &self.packed
    }

    pub(super) fn bias(&self) -> &[f32] {
        &self.bias
    }
}

fn check(conv: &DenseConv, method: DenseMethod, weights: &[f32]) {
    assert_eq!(weights.len(), conv.weight_len(), "the weights' length");
    assert!(method == DenseMethod::Direct || conv.has_winograd(), "no Winograd: {conv:?}");
}
