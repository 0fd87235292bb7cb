//! The gradients' profile over depth, whatever their overall size.

use plateau_analysis::{GradientFlowFindings, GradientProfile};

use super::arms::estimate_fields;
use super::comparisons::{FIELDS, fields};
use super::gradients::{ratio_interval, window_word};
use crate::figures::batch_norm::name;
use crate::number::{p_cell, ratio};
use crate::table::{Cell, Csv, Face, Table, numbers, words};

/// The first layer's mean absolute gradient over the last layer's, by model and window, and
/// against the plain model's.
#[must_use]
pub fn profiles(findings: &GradientFlowFindings) -> Table {
    let ends = findings.profiles.first().map_or_else(
        || ["first".to_owned(), "last".to_owned()],
        |profile| [profile.first.name.clone(), profile.last.name.clone()],
    );
    let mut header = words(&["Model", "Window"]);
    header.extend(numbers(&[
        "n",
        &ends.join(" / "),
        "95 % interval",
        "Ratio to plain",
        "95 % interval",
        "Adjusted p",
    ]));
    Table {
        id: "gradient_profiles".to_owned(),
        title: "Gradients at the input’s end relative to the output’s".to_owned(),
        caption: format!(
            "Geometric mean over seeds of (mean |dL/dw| of the weights of {} / that of {}), and \
             this quotient relative to the plain model’s, with 95 % confidence intervals; paired \
             two-sided t-test of the logarithms, p adjusted by Holm’s method for the tests of the \
             experiment. Bold: adjusted p < 0.05.",
            ends[0], ends[1]
        ),
        header,
        rows: findings.profiles.iter().map(row).collect(),
        csv: csv(&findings.profiles),
    }
}

fn row(profile: &GradientProfile) -> Vec<Cell> {
    let dash = || "–".to_owned();
    let against = profile.against_plain.as_ref();
    let test = against.and_then(|comparison| comparison.tested());
    let face = if test.is_some_and(|test| test.significant) { Face::Best } else { Face::Plain };
    let to_plain = against.and_then(|comparison| comparison.difference());
    vec![
        Cell::new(name(profile.model)),
        Cell::new(window_word(profile.window)),
        Cell::new(profile.log_ratio.n.to_string()),
        Cell::new(ratio(profile.log_ratio.mean)),
        Cell::new(profile.log_ratio.interval.map_or_else(dash, ratio_interval)),
        Cell::new(to_plain.map_or_else(dash, ratio)),
        Cell::new(against.and_then(|c| c.interval()).map_or_else(dash, ratio_interval)),
        Cell { text: test.map_or_else(dash, |test| p_cell(test.p_adjusted)), face },
    ]
}

fn csv(profiles: &[GradientProfile]) -> Csv {
    let mut header = vec!["model", "window", "first", "last", "n", "log10_mean", "log10_sd"];
    header.extend(["log10_ci95_lower", "log10_ci95_upper"]);
    header.extend(FIELDS);
    let mut csv = Csv::new(&header);
    for profile in profiles {
        let mut row = vec![
            name(profile.model).to_owned(),
            window_word(profile.window).to_owned(),
            profile.first.name.clone(),
            profile.last.name.clone(),
        ];
        row.extend(estimate_fields(&profile.log_ratio));
        match &profile.against_plain {
            Some(comparison) => row.extend(fields(comparison)),
            None => row.extend(FIELDS.map(|_| String::new())),
        }
        csv.push(row);
    }
    csv
}
