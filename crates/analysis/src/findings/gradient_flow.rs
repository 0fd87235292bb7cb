//! Experiment: gradients by layer.

use plateau_record::ParameterKind;
use serde::Serialize;

use super::{Arm, Comparison, Estimate};

/// What the gradient-flow experiment found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GradientFlowFindings {
    /// Whether runs are still missing.
    pub preliminary: bool,
    /// The models that are there: plain, dropout, batch norm, in this order.
    pub models: Vec<GradientModel>,
    /// Layers with weights, input side first.
    pub layers: Vec<Layer>,
    /// First and last epochs over which gradients are pooled; none without gradients.
    pub windows: Vec<Window>,
    /// The rule by which the dropout model was taken, in words with its numbers.
    pub dropout_rule: Option<String>,
    /// Dropout (a) and batch norm (a) against plain (b), by window and layer, where the gradients
    /// [have an effect](Self::has_effect). One family with `profiles` and `performance`.
    pub comparisons: Vec<GradientComparison>,
    /// How the weights' gradients at the input's end compare with those at the output's, by model
    /// and window; none with fewer than two layers.
    pub profiles: Vec<GradientProfile>,
    /// Batch norm (a) against plain (b): test accuracy, then gap.
    pub performance: Vec<Comparison>,
}

impl GradientFlowFindings {
    /// The model of that role.
    #[must_use]
    pub fn model(&self, role: ModelRole) -> Option<&GradientModel> {
        self.models.iter().find(|model| model.role == role)
    }

    /// Whether these gradients mean anything. Batch norm takes the mean away, and with it the
    /// bias before it: what is recorded as that bias's gradient is rounding.
    #[must_use]
    pub fn has_effect(&self, role: ModelRole, parameter: ParameterKind, layer: u32) -> bool {
        has_effect(&self.layers, role, parameter, layer)
    }

    /// The profile of one model in one window.
    #[must_use]
    pub fn profile(&self, role: ModelRole, window: WindowKind) -> Option<&GradientProfile> {
        self.profiles.iter().find(|profile| profile.model == role && profile.window == window)
    }
}

/// See [`GradientFlowFindings::has_effect`]; `layers` are the network's, the last one without
/// batch norm.
pub(crate) fn has_effect(
    layers: &[Layer],
    role: ModelRole,
    parameter: ParameterKind,
    layer: u32,
) -> bool {
    let is_last = layers.last().is_some_and(|last| last.number == layer);
    role != ModelRole::BatchNorm || parameter == ParameterKind::Weight || is_last
}

/// What a model stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelRole {
    /// Neither dropout nor batch norm.
    Plain,
    /// The best non-zero dropout rate.
    Dropout,
    /// Batch norm, without dropout.
    BatchNorm,
}

/// A layer with weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Its number, from 1.
    pub number: u32,
    /// Its name: `conv1` … `fc2`.
    pub name: String,
}

/// Which end of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WindowKind {
    /// The first epochs.
    First,
    /// The last epochs.
    Last,
}

/// Epochs whose gradients are pooled: five, or half the run if it is shorter than ten epochs
/// (one epoch at least; the middle epoch of an odd number belongs to neither).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Which end of the run.
    pub kind: WindowKind,
    /// Its first epoch, from 1.
    pub from: u32,
    /// Its last epoch.
    pub to: u32,
}

/// One model's gradients.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GradientModel {
    /// What it stands for.
    pub role: ModelRole,
    /// Its runs, with learning curves and final metrics.
    pub arm: Arm,
    /// Pooled gradients by window, parameter kind and layer.
    pub summaries: Vec<GradientSummary>,
    /// Mean |dL/dw| by epoch and layer: of the weights, then of the biases.
    pub heat_maps: Vec<HeatMap>,
}

impl GradientModel {
    /// The summaries of one window and parameter kind, by layer.
    pub fn by_layer(
        &self,
        window: WindowKind,
        parameter: ParameterKind,
    ) -> impl Iterator<Item = &GradientSummary> {
        self.summaries.iter().filter(move |s| s.window == window && s.parameter == parameter)
    }

    /// The heat map of one parameter kind.
    #[must_use]
    pub fn heat_map(&self, parameter: ParameterKind) -> Option<&HeatMap> {
        self.heat_maps.iter().find(|map| map.parameter == parameter)
    }
}

/// The loss gradient of one layer over one window. Moments are taken over all elements and
/// steps of the window in each run, then averaged over seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GradientSummary {
    /// Which window.
    pub window: WindowKind,
    /// Weights or biases.
    pub parameter: ParameterKind,
    /// Number of the layer, from 1.
    pub layer: u32,
    /// Its name.
    pub name: String,
    /// Mean of dL/dw.
    pub mean: Estimate,
    /// Standard deviation of dL/dw.
    pub std: Estimate,
    /// Mean of |dL/dw|.
    pub absolute_mean: Estimate,
    /// Standard deviation of |dL/dw|.
    pub absolute_std: Estimate,
}

/// Mean |dL/dw| by epoch and layer, averaged over seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeatMap {
    /// Weights or biases.
    pub parameter: ParameterKind,
    /// Epochs, from 1: the rows.
    pub epochs: Vec<u32>,
    /// Layers, from 1: the columns.
    pub layers: Vec<u32>,
    /// `values[epoch index][layer index]`; none where no run has a record.
    pub values: Vec<Vec<Option<f64>>>,
}

/// The mean absolute gradient of one layer, against that of the plain model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GradientComparison {
    /// The model that is compared with the plain one.
    pub model: ModelRole,
    /// Which window.
    pub window: WindowKind,
    /// Weights or biases.
    pub parameter: ParameterKind,
    /// Number of the layer, from 1.
    pub layer: u32,
    /// Its name.
    pub name: String,
    /// Paired over seeds, of log10 of the mean |dL/dw|.
    pub comparison: Comparison,
    /// Geometric mean over seeds of (model's mean |dL/dw| / plain's); none without a pair, or
    /// if it is too large or too small to be represented.
    pub ratio: Option<f64>,
}

/// The gradients' profile over depth, whatever their overall size: mean |dL/dw| of the first
/// layer's weights divided by that of the last layer's. Below 1, gradients shrink on their way
/// back.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GradientProfile {
    /// Which model.
    pub model: ModelRole,
    /// Which window.
    pub window: WindowKind,
    /// The first layer.
    pub first: Layer,
    /// The last layer.
    pub last: Layer,
    /// Over seeds, of log10 of the ratio.
    pub log_ratio: Estimate,
    /// The same against the plain model's, paired over seeds; none for the plain model itself.
    pub against_plain: Option<Comparison>,
}
