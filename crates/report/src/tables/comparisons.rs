//! Paired tests, one row per comparison.

use plateau_analysis::{Comparison, Measure, TestOutcome, Untestable};

use crate::number::{fixed, p_cell, percent_interval, signed_points};
use crate::table::{Cell, Csv, Face, Table, exact, numbers, words};

/// The table of some comparisons of accuracies or gaps.
#[must_use]
pub fn comparisons(id: &str, title: &str, comparisons: &[&Comparison]) -> Table {
    let mut header = words(&["Measure", "Comparison (a − b)"]);
    header.extend(numbers(&[
        "n",
        "Difference",
        "95 % interval",
        "t",
        "df",
        "p",
        "Adjusted p",
        "d_z",
    ]));
    Table {
        id: id.to_owned(),
        title: title.to_owned(),
        caption: "Accuracy: on the test images; gap: training minus validation accuracy; test gap: \
                  training minus test accuracy. Paired over seeds. Difference in percentage points with its 95 % confidence \
                  interval (not adjusted); paired two-sided t-test; p adjusted by Holm’s method \
                  for the tests of the family; d_z: mean difference / standard deviation of the \
                  differences. Bold: adjusted p < 0.05."
            .to_owned(),
        header,
        rows: comparisons.iter().map(|comparison| row(comparison)).collect(),
        csv: csv(comparisons),
    }
}

fn row(comparison: &Comparison) -> Vec<Cell> {
    let dash = || Cell::new("–");
    let mut row = vec![
        Cell::new(measure_name(comparison.measure)),
        Cell::new(format!("{} − {}", comparison.a, comparison.b)),
        Cell::new(comparison.n_pairs.to_string()),
        comparison.difference().map_or_else(dash, |d| Cell::new(signed_points(d))),
        comparison.interval().map_or_else(dash, |i| Cell::new(percent_interval(i))),
    ];
    match &comparison.test {
        TestOutcome::Tested(test) => {
            let face = if test.significant { Face::Best } else { Face::Plain };
            row.extend([
                Cell::new(fixed(test.t, 2)),
                Cell::new(fixed(test.df, 0)),
                Cell::new(p_cell(test.p)),
                Cell { text: p_cell(test.p_adjusted), face },
                Cell::new(fixed(test.effect_size, 2)),
            ]);
        }
        TestOutcome::Untested { reason } => {
            row.push(Cell::new(reason_words(*reason)));
            row.extend([dash(), dash(), dash(), dash()]);
        }
    }
    row
}

/// A measure's name in a table.
pub(crate) fn measure_name(measure: Measure) -> &'static str {
    match measure {
        Measure::TestAccuracy => "Accuracy",
        Measure::GeneralisationGap => "Gap",
        Measure::TestGap => "Test gap",
        Measure::CalibrationError => "Calibration error",
        Measure::LogGradient => "log10 |dL/dw|",
        Measure::LogGradientProfile => "log10 first / last |dL/dw|",
    }
}

/// Why there is no test, in a few words.
pub(crate) fn reason_words(reason: Untestable) -> &'static str {
    match reason {
        Untestable::TooFewPairs => "fewer than two pairs",
        Untestable::NoVariance => "all differences are equal",
    }
}

/// Names of the fields that [`fields`] gives.
pub(crate) const FIELDS: [&str; 16] = [
    "measure",
    "a",
    "b",
    "n_pairs",
    "mean_a",
    "mean_b",
    "difference",
    "ci95_lower",
    "ci95_upper",
    "t",
    "df",
    "p",
    "p_adjusted",
    "family_size",
    "d_z",
    "wilcoxon_p",
];

/// A comparison, exact.
pub(crate) fn fields(comparison: &Comparison) -> Vec<String> {
    let measure = serde_json::to_value(comparison.measure).unwrap_or_default();
    let mut fields = vec![
        measure.as_str().unwrap_or_default().to_owned(),
        comparison.a.clone(),
        comparison.b.clone(),
        comparison.n_pairs.to_string(),
        exact(comparison.means.map(|means| means.a)),
        exact(comparison.means.map(|means| means.b)),
        exact(comparison.difference()),
        exact(comparison.interval().map(|interval| interval.lower)),
        exact(comparison.interval().map(|interval| interval.upper)),
    ];
    match comparison.tested() {
        Some(test) => {
            fields.extend([test.t, test.df, test.p, test.p_adjusted].map(|v| exact(Some(v))));
            fields.push(test.family_size.to_string());
            fields.push(exact(Some(test.effect_size)));
            fields.push(exact(test.wilcoxon_p));
        }
        None => fields.extend((0..7).map(|_| String::new())),
    }
    fields
}

fn csv(comparisons: &[&Comparison]) -> Csv {
    let mut csv = Csv::new(&FIELDS);
    for comparison in comparisons {
        csv.push(fields(comparison));
    }
    csv
}
