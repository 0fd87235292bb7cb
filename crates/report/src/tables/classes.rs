//! How well the best model recognises each class.

use plateau_analysis::BestModel;

use crate::number::{count, percent};
use crate::table::{Cell, Csv, Table, exact, numbers, words};

/// One row per class.
#[must_use]
pub fn classes(best: &BestModel, class_names: &[String]) -> Table {
    let name = |class_idx: usize| {
        class_names.get(class_idx).cloned().unwrap_or_else(|| class_idx.to_string())
    };
    let mut header = words(&["Class"]);
    header.extend(numbers(&["Test images × seeds", "Recall (%)", "Precision (%)"]));
    header.extend(words(&["Most often mistaken for"]));
    let mut csv =
        Csv::new(&["class", "n_images", "recall", "precision", "most_confused_with", "n_confused"]);
    let mut rows = Vec::new();
    for class in &best.classes {
        let share = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), percent);
        let mistaken = class.most_confused_with.map(|(class_idx, n)| (name(class_idx), n));
        rows.push(vec![
            Cell::new(name(class.class_idx)),
            Cell::new(count(class.n_images)),
            Cell::new(share(class.recall)),
            Cell::new(share(class.precision)),
            Cell::new(mistaken.as_ref().map_or_else(
                || "–".to_owned(),
                |(name, n)| format!("{name} ({} times)", count(*n)),
            )),
        ]);
        let (confused_with, n_confused) =
            mistaken.map(|(name, n)| (name, n.to_string())).unwrap_or_default();
        csv.push(vec![
            name(class.class_idx),
            class.n_images.to_string(),
            exact(class.recall),
            exact(class.precision),
            confused_with,
            n_confused,
        ]);
    }
    Table {
        id: "classes".to_owned(),
        title: "Classes as recognised by the best model".to_owned(),
        caption: format!(
            "Model: {}; summed over seeds. Recall: share of the class’s test images that are predicted \
             as such; precision: share of the predictions of the class that are right.",
            best.arm.label
        ),
        header,
        rows,
        csv,
    }
}
