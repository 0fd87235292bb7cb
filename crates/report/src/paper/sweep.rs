//! Results of any phase by itself.

use plateau_analysis::{Comparison, Measure, SweepFindings};

use super::Writer;
use super::claims::reached;
use crate::document::markup::plain;
use crate::figures::sweep::{figure_id, figures};
use crate::tables::arms::{Gaps, arms};
use crate::tables::comparisons::comparisons;

pub(super) fn write(writer: &mut Writer<'_>, f: &SweepFindings) {
    let id = |kind: &str| figure_id(&f.phase, kind);
    if f.arms.is_empty() {
        writer.document.paragraph("No run has finished yet.");
        return;
    }
    let best = f.best.and_then(|best| f.arms.get(best));
    let best_text = best.map_or_else(
        || "No setting could be called the best.".to_owned(),
        |arm| {
            format!("{} did best by validation accuracy, with {}.", plain(&arm.label), reached(arm))
        },
    );
    let of = |measure: Measure| f.comparisons.iter().filter(move |c| c.measure == measure);
    let (n, differing) = (
        of(Measure::TestAccuracy).count(),
        of(Measure::TestAccuracy).filter(|c| c.significant()).count(),
    );
    let counts = if n == 0 {
        String::new()
    } else {
        format!(
            "Of the {n} other settings, {differing} differed from it in test accuracy \
             ({{table:{}}}).",
            id("comparisons")
        )
    };
    writer.document.paragraph(format!(
        "{{figure:{}}} shows the learning curves, {{figure:{}}} and {{table:{}}} what was reached \
         after the last epoch. {best_text} {counts}",
        id("curves"),
        id("final"),
        id("arms"),
    ));
    writer.figures(figures(f));
    let all: Vec<_> = f.arms.iter().collect();
    let title = format!("Final results of the phase “{}”", f.phase);
    writer.table(arms(&id("arms"), &title, &all, Gaps::Validation));
    let all: Vec<&Comparison> = f.comparisons.iter().collect();
    let title = format!("Settings of the phase “{}” against its best", f.phase);
    writer.table(comparisons(&id("comparisons"), &title, &all));
}
