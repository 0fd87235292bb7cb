//! Gradients of each layer: against the plain model's, and as they are.

use plateau_analysis::{GradientComparison, GradientFlowFindings, Interval, WindowKind};
use plateau_record::ParameterKind;

use super::arms::estimate_fields;
use super::comparisons::{FIELDS, fields};
use crate::figures::batch_norm::name;
use crate::id;
use crate::number::{p_cell, ratio};
use crate::table::{Cell, Csv, Face, Table, exact, numbers, words};

/// Mean absolute gradients relative to the plain model, for one kind of parameters.
#[must_use]
pub fn ratios(findings: &GradientFlowFindings, parameter: ParameterKind) -> Table {
    let chosen: Vec<&GradientComparison> =
        findings.comparisons.iter().filter(|c| c.parameter == parameter).collect();
    let mut header = words(&["Model", "Window", "Layer"]);
    header.extend(numbers(&["n", "Ratio to plain", "95 % interval", "Adjusted p"]));
    let kind = kind_name(parameter);
    Table {
        id: id::of_parts(&["gradient", "ratios", kind]),
        title: format!("Mean absolute gradients of {kind} relative to the plain model"),
        caption: "Geometric mean over seeds of (mean |dL/dw| of the model / that of the plain \
                  model), with its 95 % confidence interval; paired two-sided t-test of the \
                  logarithms, p adjusted by Holm’s method. Bold: adjusted p < 0.05."
            .to_owned(),
        header,
        rows: chosen.iter().map(|comparison| row(comparison)).collect(),
        csv: csv(&chosen),
    }
}

pub(crate) fn kind_name(parameter: ParameterKind) -> &'static str {
    match parameter {
        ParameterKind::Weight => "weights",
        ParameterKind::Bias => "biases",
    }
}

pub(crate) fn window_word(window: WindowKind) -> &'static str {
    match window {
        WindowKind::First => "beginning",
        WindowKind::Last => "end",
    }
}

fn row(comparison: &GradientComparison) -> Vec<Cell> {
    let dash = || "–".to_owned();
    let inner = &comparison.comparison;
    let test = inner.tested();
    let face = if inner.significant() { Face::Best } else { Face::Plain };
    vec![
        Cell::new(name(comparison.model)),
        Cell::new(window_word(comparison.window)),
        Cell::new(format!("{} {}", comparison.layer, comparison.name)),
        Cell::new(inner.n_pairs.to_string()),
        Cell::new(inner.difference().map_or_else(dash, ratio)),
        Cell::new(inner.interval().map_or_else(dash, ratio_interval)),
        Cell { text: test.map_or_else(dash, |test| p_cell(test.p_adjusted)), face },
    ]
}

/// The interval of a ratio from that of its decimal logarithm.
pub(crate) fn ratio_interval(of_log: Interval) -> String {
    format!("{} to {}", ratio(of_log.lower), ratio(of_log.upper))
}

fn csv(comparisons: &[&GradientComparison]) -> Csv {
    let mut header = vec!["model", "window", "parameter", "layer", "name", "ratio"];
    header.extend(FIELDS);
    let mut csv = Csv::new(&header);
    for c in comparisons {
        let mut row = vec![
            name(c.model).to_owned(),
            window_word(c.window).to_owned(),
            kind_name(c.parameter).to_owned(),
            c.layer.to_string(),
            c.name.clone(),
            exact(c.ratio),
        ];
        row.extend(fields(&c.comparison));
        csv.push(row);
    }
    csv
}

/// Every statistic of every layer, for machines.
#[must_use]
pub fn summaries(findings: &GradientFlowFindings) -> Csv {
    let mut csv = Csv::new(&[
        "model",
        "window",
        "parameter",
        "layer",
        "name",
        "statistic",
        "n",
        "mean",
        "sd",
        "ci95_lower",
        "ci95_upper",
    ]);
    for model in &findings.models {
        for summary in &model.summaries {
            for (statistic, estimate) in [
                ("mean", &summary.mean),
                ("std", &summary.std),
                ("absolute_mean", &summary.absolute_mean),
                ("absolute_std", &summary.absolute_std),
            ] {
                let mut row = vec![
                    name(model.role).to_owned(),
                    window_word(summary.window).to_owned(),
                    kind_name(summary.parameter).to_owned(),
                    summary.layer.to_string(),
                    summary.name.clone(),
                    statistic.to_owned(),
                ];
                row.extend(estimate_fields(estimate));
                csv.push(row);
            }
        }
    }
    csv
}
