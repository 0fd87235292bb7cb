//! Means of final metrics, one row per arm.

use plateau_analysis::{Arm, Estimate, FinalEstimates};

use crate::number::{cut_words, percent_estimate, plus_minus};
use crate::table::{Cell, Csv, Table, exact, numbers, words};

/// Whether the gap to test accuracy has a column of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gaps {
    /// Training minus validation accuracy only.
    Validation,
    /// Training minus test accuracy too: where validation images are not independent of the
    /// weights.
    ValidationAndTest,
}

/// A column of metrics.
struct Metric {
    name: &'static str,
    of: fn(&FinalEstimates) -> &Estimate,
    unit: Unit,
    better: Better,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Percent,
    Nats,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Better {
    Higher,
    Lower,
}

fn metrics(gaps: Gaps) -> Vec<Metric> {
    let metric = |name, of, unit, better| Metric { name, of, unit, better };
    let mut metrics = vec![
        metric("Train (%)", |f| &f.train_accuracy, Unit::Percent, Better::Higher),
        metric("Validation (%)", |f| &f.validation_accuracy, Unit::Percent, Better::Higher),
        metric("Test (%)", |f| &f.test_accuracy, Unit::Percent, Better::Higher),
        metric("Test loss", |f| &f.test_loss, Unit::Nats, Better::Lower),
        metric("Gap", |f| &f.gap, Unit::Percent, Better::Lower),
    ];
    if gaps == Gaps::ValidationAndTest {
        metrics.push(metric("Test gap", |f| &f.test_gap, Unit::Percent, Better::Lower));
    }
    metrics
}

/// The table of some arms.
#[must_use]
pub fn arms(id: &str, title: &str, arms: &[&Arm], gaps: Gaps) -> Table {
    let metrics = metrics(gaps);
    let names: Vec<&str> = metrics.iter().map(|metric| metric.name).collect();
    let shown = arms.iter().filter_map(|arm| arm.finals.as_ref());
    let shown = shown.flat_map(|finals| metrics.iter().map(|metric| (metric.of)(finals)));
    let rows = arms
        .iter()
        .map(|arm| {
            let mut row = vec![Cell::new(&arm.label), Cell::new(runs_cell(arm))];
            row.extend(metrics.iter().map(|metric| {
                Cell::new(arm.finals.as_ref().map_or_else(
                    || "–".to_owned(),
                    |finals| match metric.unit {
                        Unit::Percent => percent_estimate(*(metric.of)(finals)),
                        Unit::Nats => plus_minus(*(metric.of)(finals), 1.0, 3),
                    },
                ))
            }));
            row
        })
        .collect();
    let mut header = words(&["Arm"]);
    header.extend(numbers(&["n"]));
    header.extend(numbers(&names));
    let mut table = Table {
        id: id.to_owned(),
        title: title.to_owned(),
        caption: format!(
            "After the last epoch: accuracy on the training subset, the validation and the test \
             images, cross-entropy on the test images in nats, generalisation gap (training minus \
             validation accuracy, percentage points){}. Mean over n seeds ± half the width of the \
             95 % confidence interval of the mean{}. Bold: best mean of the column, which need not \
             differ from the others by more than chance.",
            match gaps {
                Gaps::Validation => "",
                Gaps::ValidationAndTest => ", and test gap (training minus test accuracy)",
            },
            cut_words(shown)
        ),
        header,
        rows,
        csv: csv(arms),
    };
    for (i, metric) in metrics.iter().enumerate() {
        let sign = if metric.better == Better::Higher { 1.0 } else { -1.0 };
        let mean = |arm: &&Arm| Some((metric.of)(arm.finals.as_ref()?).mean * sign);
        let values: Vec<Option<f64>> = arms.iter().map(mean).collect();
        table.mark_best(i + 2, &values);
    }
    table
}

/// `5`, or `4 of 5` with what became of the others.
fn runs_cell(arm: &Arm) -> String {
    let mut notes = Vec::new();
    for (n, what) in
        [(arm.n_diverged, "diverged"), (arm.n_collapsed, "collapsed"), (arm.n_missing, "missing")]
    {
        if n > 0 {
            notes.push(format!("{n} {what}"));
        }
    }
    if notes.is_empty() {
        arm.n_finished.to_string()
    } else {
        format!("{} of {} ({})", arm.n_finished, arm.n_expected, notes.join(", "))
    }
}

fn csv(arms: &[&Arm]) -> Csv {
    let mut csv = Csv::new(&[
        "phase",
        "arm",
        "value",
        "n_expected",
        "n_finished",
        "n_diverged",
        "n_collapsed",
        "n_missing",
        "metric",
        "n",
        "mean",
        "sd",
        "ci95_lower",
        "ci95_upper",
    ]);
    for arm in arms {
        let Some(finals) = &arm.finals else { continue };
        for (name, estimate) in [
            ("train_loss", finals.train_loss),
            ("train_accuracy", finals.train_accuracy),
            ("validation_loss", finals.validation_loss),
            ("validation_accuracy", finals.validation_accuracy),
            ("test_loss", finals.test_loss),
            ("test_accuracy", finals.test_accuracy),
            ("gap", finals.gap),
            ("test_gap", finals.test_gap),
        ] {
            let mut row = vec![arm.phase.clone(), arm.label.clone(), exact(Some(arm.value))];
            let counts =
                [arm.n_expected, arm.n_finished, arm.n_diverged, arm.n_collapsed, arm.n_missing];
            row.extend(counts.map(|n| n.to_string()));
            row.push(name.to_owned());
            row.extend(estimate_fields(&estimate));
            csv.push(row);
        }
    }
    csv
}

/// n, mean, standard deviation, interval.
pub(crate) fn estimate_fields(estimate: &Estimate) -> [String; 5] {
    [
        estimate.n.to_string(),
        exact(Some(estimate.mean)),
        exact(estimate.sd),
        exact(estimate.interval.map(|interval| interval.lower)),
        exact(estimate.interval.map(|interval| interval.upper)),
    ]
}
