//! Calibration of every setting, and accuracy class by class.

use plateau_analysis::PredictionFindings;

use crate::figures::predictions::featured;
use crate::number::{cut_words, percent_estimate};
use crate::table::{Cell, Csv, Table, exact, numbers, words};

/// One row per arm.
#[must_use]
pub fn calibration(findings: &PredictionFindings) -> Table {
    let mut header = words(&["Phase", "Setting"]);
    header.extend(numbers(&[
        "n",
        "Test accuracy (%)",
        "Mean confidence (%)",
        "Calibration error (%)",
    ]));
    let mut csv = Csv::new(&[
        "phase",
        "setting",
        "n",
        "test_accuracy",
        "confidence",
        "calibration_error",
        "ci95_lower",
        "ci95_upper",
    ]);
    let mut rows = Vec::new();
    for arm in &findings.arms {
        rows.push(vec![
            Cell::new(arm.phase.clone()),
            Cell::new(arm.label.clone()),
            Cell::new(arm.accuracy.n.to_string()),
            Cell::new(percent_estimate(arm.accuracy)),
            Cell::new(percent_estimate(arm.confidence)),
            Cell::new(percent_estimate(arm.calibration_error)),
        ]);
        let interval = arm.calibration_error.interval;
        csv.push(vec![
            arm.phase.clone(),
            arm.label.clone(),
            arm.accuracy.n.to_string(),
            exact(Some(arm.accuracy.mean)),
            exact(Some(arm.confidence.mean)),
            exact(Some(arm.calibration_error.mean)),
            exact(interval.map(|i| i.lower)),
            exact(interval.map(|i| i.upper)),
        ]);
    }
    let mut table = Table {
        id: "calibration".to_owned(),
        title: "Calibration of all settings".to_owned(),
        caption: format!(
            "On the test images: accuracy, mean confidence, expected calibration error; mean \
             over n seeds ± half the width of its 95 % confidence interval{}. Bold: the lowest \
             error.",
            cut_words((findings.arms.iter()).flat_map(|arm| [
                &arm.accuracy,
                &arm.confidence,
                &arm.calibration_error
            ]))
        ),
        header,
        rows,
        csv,
    };
    let errors: Vec<_> = findings.arms.iter().map(|a| Some(-a.calibration_error.mean)).collect();
    table.mark_best(5, &errors);
    table
}

/// One row per class, one column per model.
#[must_use]
pub fn class_accuracy(findings: &PredictionFindings, class_names: &[String]) -> Table {
    let models = featured(findings);
    let mut header = words(&["Class"]);
    let names: Vec<&str> = models.iter().map(|(arm, _)| arm.label.as_str()).collect();
    header.extend(numbers(&names));
    let mut csv = Csv::new(&["class", "model", "n", "accuracy", "ci95_lower", "ci95_upper"]);
    let n_classes = models.iter().map(|(arm, _)| arm.classes.len()).min().unwrap_or(0);
    let mut rows = Vec::new();
    for class in 0..n_classes {
        let name = class_names.get(class).cloned().unwrap_or_else(|| class.to_string());
        let mut row = vec![Cell::new(name.clone())];
        for (arm, _) in &models {
            let accuracy = arm.classes[class];
            row.push(Cell::new(percent_estimate(accuracy)));
            csv.push(vec![
                name.clone(),
                arm.label.clone(),
                accuracy.n.to_string(),
                exact(Some(accuracy.mean)),
                exact(accuracy.interval.map(|i| i.lower)),
                exact(accuracy.interval.map(|i| i.upper)),
            ]);
        }
        rows.push(row);
    }
    // The best of each row.
    for (class, row) in rows.iter_mut().enumerate() {
        let best = models
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.0.classes[class].mean.total_cmp(&b.1.0.classes[class].mean));
        if let Some((column, _)) = best.filter(|_| models.len() > 1) {
            row[column + 1].face = crate::table::Face::Best;
        }
    }
    Table {
        id: "class_accuracy".to_owned(),
        title: "Test accuracy of each class".to_owned(),
        caption: format!(
            "In per cent: mean over seeds ± half the width of its 95 % confidence interval{}. \
             Bold: the best model for the class.",
            cut_words(models.iter().flat_map(|(arm, _)| &arm.classes))
        ),
        header,
        rows,
        csv,
    }
}
