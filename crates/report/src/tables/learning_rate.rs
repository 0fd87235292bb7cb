//! Whether the constant rates were neither too high nor too low.

use plateau_analysis::RateCheck;

use crate::number::{cut_words, decimal, fixed, percent, reach, signed_points};
use crate::table::{Cell, Csv, Table, exact, numbers, words};

/// One row per rate.
#[must_use]
pub fn checks(checks: &[RateCheck]) -> Table {
    let mut header = numbers(&["Learning rate"]);
    header.extend(words(&["Not too high"]));
    header.extend(numbers(&["Rise of validation accuracy (points)", "Threshold"]));
    header.extend(words(&["Not too low", "Both"]));
    let rows = checks
        .iter()
        .map(|check| {
            let saturation = check.saturation.as_ref();
            let dash = || "–".to_owned();
            let gain = saturation.map_or_else(dash, |s| {
                format!("{}{}", signed_points(s.gain.mean), reach(s.gain, percent))
            });
            let threshold = saturation.map_or_else(dash, |s| fixed(s.threshold * 100.0, 2));
            let saturated = saturation.map_or("–", |s| yes_no(s.saturated));
            let mut cells = vec![decimal(check.rate), yes_no(check.stable).to_owned()];
            cells.extend([gain, threshold, saturated.to_owned(), yes_no(check.passed).to_owned()]);
            cells.into_iter().map(Cell::new).collect()
        })
        .collect();
    Table {
        id: "rate_checks".to_owned(),
        title: "Checks of the constant learning rates".to_owned(),
        caption: caption(checks),
        header,
        rows,
        csv: csv(checks),
    }
}

fn caption(checks: &[RateCheck]) -> String {
    let window = checks.iter().find_map(|check| check.saturation).map_or_else(
        || "the last third of the epochs".to_owned(),
        |s| format!("epochs {} to {}", s.from, s.to),
    );
    format!(
        "Not too high: all runs finished, none diverged or collapsed. Not too low: a straight line \
         fitted to the validation accuracy over {window} rises by less than the threshold (mean \
         over seeds ± half the width of the 95 % confidence interval{}).",
        cut_words(checks.iter().filter_map(|check| check.saturation.as_ref()).map(|s| &s.gain)),
    )
}

fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn csv(checks: &[RateCheck]) -> Csv {
    let mut csv = Csv::new(&[
        "arm",
        "rate",
        "stable",
        "from_epoch",
        "to_epoch",
        "gain",
        "gain_ci95_lower",
        "gain_ci95_upper",
        "threshold",
        "saturated",
        "passed",
    ]);
    for check in checks {
        let s = check.saturation.as_ref();
        let interval = s.and_then(|s| s.gain.interval);
        csv.push(vec![
            check.label.clone(),
            exact(Some(check.rate)),
            check.stable.to_string(),
            s.map(|s| s.from.to_string()).unwrap_or_default(),
            s.map(|s| s.to.to_string()).unwrap_or_default(),
            exact(s.map(|s| s.gain.mean)),
            exact(interval.map(|i| i.lower)),
            exact(interval.map(|i| i.upper)),
            exact(s.map(|s| s.threshold)),
            s.map(|s| s.saturated.to_string()).unwrap_or_default(),
            check.passed.to_string(),
        ]);
    }
    csv
}
