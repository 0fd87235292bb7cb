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
    /// Dropout (a) and batch norm (a) against plain (b), by window and layer. The weights'
    /// p-values are adjusted as one family, the biases' as another. Batch norm subtracts what
    /// a bias before it adds: the gradients of such biases are rounding errors.
    pub comparisons: Vec<GradientComparison>,
    /// Batch norm (a) against plain (b): test accuracy, then gap; a family of its own.
    pub performance: Vec<Comparison>,
}

impl GradientFlowFindings {
    /// The model of that role.
    #[must_use]
    pub fn model(&self, role: ModelRole) -> Option<&GradientModel> {
        self.models.iter().find(|model| model.role == role)
    }
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
    /// Geometric mean over seeds of (model's mean |dL/dw| / plain's); none without a pair.
    pub ratio: Option<f64>,
}
