//! The best model of all, class by class.

use super::Writer;
use super::claims::reached;
use crate::document::markup::plain;
use crate::figures::confusion::confusion;
use crate::tables::classes::classes;

/// The classes of CIFAR-10 in the order of its labels (Krizhevsky, 2009).
const CIFAR10_CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

pub(super) fn write(writer: &mut Writer<'_>) {
    let Some(best) = &writer.findings.best_model else { return };
    let names = class_names(writer);
    writer.document.heading(1, "best-model", "The best model, class by class");
    let recalls = best.classes.iter().filter_map(|class| Some((class.class_idx, class.recall?)));
    let name = |class_idx: usize| names.get(class_idx).map_or("?", String::as_str);
    let worst = recalls.clone().min_by(|a, b| a.1.total_cmp(&b.1));
    let easiest = recalls.max_by(|a, b| a.1.total_cmp(&b.1));
    let extremes = match (easiest, worst) {
        (Some(easiest), Some(worst)) => format!(
            "It recognises the class “{}” most often ({} % of its test images) and “{}” least often \
             ({} %).",
            plain(name(easiest.0)),
            crate::number::percent(easiest.1),
            plain(name(worst.0)),
            crate::number::percent(worst.1),
        ),
        _ => String::new(),
    };
    writer.document.paragraph(format!(
        "Of all settings whose runs all finished (transferred models apart; not all phases validate \
         on the same images), {} (phase “{}”) has the highest mean validation accuracy; it reached \
         {}. {extremes} {{figure:confusion}} and {{table:classes}} show what it takes for what.",
        plain(&best.arm.label),
        plain(&best.arm.phase),
        reached(&best.arm),
    ));
    let (figure, table) = (confusion(best, &names), classes(best, &names));
    writer.figure(figure);
    writer.table(table);
}

/// Names of the classes: as the samples say, else CIFAR-10's, else numbers.
pub(super) fn class_names(writer: &Writer<'_>) -> Vec<String> {
    match (writer.input.samples, writer.findings.study.synthetic) {
        (Some(samples), _) => samples.classes.iter().map(|class| class.name.clone()).collect(),
        (None, false) => CIFAR10_CLASSES.map(str::to_owned).to_vec(),
        (None, true) => (0..plateau_record::N_CLASSES).map(|class| class.to_string()).collect(),
    }
}
