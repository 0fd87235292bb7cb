//! How many seeds the comparisons would have needed.

use plateau_analysis::PowerFindings;

use super::comparisons::{FIELDS, fields, measure_name};
use crate::number::{count, fixed, percent, signed_points};
use crate::table::{Cell, Csv, Face, Table, exact, numbers, words};

/// One row per tested comparison of accuracies or gaps.
#[must_use]
pub fn power(findings: &PowerFindings) -> Table {
    let mut header = words(&["Experiment", "Measure", "Comparison (a − b)"]);
    header.extend(numbers(&["Difference", "d_z", "n", "Detectable", "Seeds needed"]));
    let names: Vec<&str> = ["experiment"]
        .into_iter()
        .chain(FIELDS)
        .chain(["alpha", "detectable", "pairs_needed"])
        .collect();
    let mut csv = Csv::new(&names);
    let mut rows = Vec::new();
    for entry in &findings.entries {
        let comparison = &entry.comparison;
        let needed = entry.pairs_needed;
        let found = comparison.significant();
        let mut seeds = Cell::new(needed.map_or_else(|| "> 100,000".into(), |n| count(n.into())));
        if found {
            seeds.face = Face::Best;
        }
        rows.push(vec![
            Cell::new(entry.experiment.to_string()),
            Cell::new(measure_name(comparison.measure)),
            Cell::new(format!("{} − {}", comparison.a, comparison.b)),
            Cell::new(comparison.difference().map_or_else(|| "–".into(), signed_points)),
            Cell::new(comparison.tested().map_or_else(|| "–".into(), |t| fixed(t.effect_size, 2))),
            Cell::new(comparison.n_pairs.to_string()),
            Cell::new(entry.detectable.map_or_else(|| "–".into(), |d| format!("± {}", percent(d)))),
            seeds,
        ]);
        let mut row = vec![entry.experiment.to_string()];
        row.extend(fields(comparison));
        row.extend([
            exact(Some(entry.alpha)),
            exact(entry.detectable),
            needed.map_or_else(String::new, |n| n.to_string()),
        ]);
        csv.push(row);
    }
    Table {
        id: "power".to_owned(),
        title: "How many seeds the comparisons would have needed".to_owned(),
        caption: format!(
            "Difference: as seen, in percentage points; d_z: in standard deviations of the \
             differences; detectable: the smallest difference (in points) that n seeds find with a \
             probability of {} %, the differences spreading as seen{}; seeds needed: to find the \
             difference that was seen with that probability. Level: 0.05 divided by the number of \
             tests of the family. Bold: was found.",
            fixed(findings.power * 100.0, 0),
            if findings.entries.iter().any(|entry| entry.detectable.is_none()) {
                " (–: no possible one is large enough)"
            } else {
                ""
            }
        ),
        header,
        rows,
        csv,
    }
}
