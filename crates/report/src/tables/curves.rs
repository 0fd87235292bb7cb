//! The numbers behind the learning curves, for machines.

use plateau_analysis::Arm;

use super::arms::estimate_fields;
use crate::table::Csv;

/// One row per arm, metric and epoch.
#[must_use]
pub fn curves(arms: &[&Arm]) -> Csv {
    let mut csv = Csv::new(&[
        "phase",
        "arm",
        "metric",
        "epoch",
        "n",
        "mean",
        "sd",
        "ci95_lower",
        "ci95_upper",
    ]);
    for arm in arms {
        let curves = &arm.curves;
        for (metric, curve) in [
            ("train_loss", &curves.train_loss),
            ("train_accuracy", &curves.train_accuracy),
            ("validation_loss", &curves.validation_loss),
            ("validation_accuracy", &curves.validation_accuracy),
            ("gap", &curves.gap),
        ] {
            for (epoch, estimate) in curve.epochs.iter().zip(&curve.points) {
                let mut row = vec![arm.phase.clone(), arm.label.clone(), metric.to_owned()];
                row.push(epoch.to_string());
                row.extend(estimate_fields(estimate));
                csv.push(row);
            }
        }
    }
    csv
}
