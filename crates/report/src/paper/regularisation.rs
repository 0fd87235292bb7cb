//! Results of the dropout rates and of the transfer.

use plateau_analysis::{Arm, Comparison, Measure, RegularisationFindings, Trend};

use super::claims::{Change, reached, sentence};
use super::{Writer, rule_end};
use crate::figures::{regularisation, transfer};
use crate::number::{fixed, percent_interval, signed_points};
use crate::tables::arms::{Gaps, arms};
use crate::tables::comparisons::comparisons;

pub(super) fn write(writer: &mut Writer<'_>, f: &RegularisationFindings) {
    writer.document.heading(2, "dropout", "Dropout");
    if f.arms.is_empty() {
        writer.document.paragraph("No dropout rate has been run yet.");
    } else {
        dropout(writer, f);
    }
    transferred(writer, f);
}

fn dropout(writer: &mut Writer<'_>, f: &RegularisationFindings) {
    let best = f.best.and_then(|best| f.arms.get(best));
    let best_text = best.map_or_else(
        || "No non-zero rate could be called the best.".to_owned(),
        |arm| {
            let rule = f.best_rule.as_deref().map(rule_end).unwrap_or_default();
            format!("The best rate is the one with {rule} It reached {}.", reached(arm))
        },
    );
    let claims: Vec<String> = [Measure::TestAccuracy, Measure::GeneralisationGap]
        .into_iter()
        .filter_map(|measure| f.best_against_plain(measure))
        .map(sentence)
        .collect();
    let trends: Vec<String> = f.trends.iter().map(|t| trend(t, &f.arms)).collect();
    writer.document.paragraph(format!(
        "{{figure:dropout_curves}} shows the learning curves, and {{figure:dropout_final}} and \
         {{table:dropout_arms}} what was reached after the last epoch. {best_text} {} {} {}",
        claims.join(" "),
        counts(&f.comparisons),
        trends.join(" "),
    ));
    writer.figures(regularisation::figures(f));
    let all: Vec<_> = f.arms.iter().collect();
    writer.table(arms("dropout_arms", "Final results by dropout rate", &all, Gaps::Validation));
    let all: Vec<&Comparison> = f.comparisons.iter().collect();
    writer.table(comparisons("dropout_comparisons", "Dropout against no dropout", &all));
}

/// How many rates differ from no dropout, and in which direction.
fn counts(comparisons: &[Comparison]) -> String {
    let count = |measure: Measure| Change::of(comparisons.iter().filter(|c| c.measure == measure));
    let (Some(accuracy), Some(gap)) =
        (count(Measure::TestAccuracy), count(Measure::GeneralisationGap))
    else {
        return String::new();
    };
    format!(
        "Of {} non-zero rates, {} had a higher test accuracy than no dropout, and {} a lower one; \
         {} had a smaller gap, and {} a larger one ({{table:dropout_comparisons}}).",
        accuracy.tested, accuracy.larger, accuracy.smaller, gap.smaller, gap.larger
    )
}

/// A straight line says something only where the means rise or fall throughout.
fn trend(trend: &Trend, arms: &[Arm]) -> String {
    let mut means: Vec<(f64, f64)> = arms
        .iter()
        .filter_map(|arm| {
            let finals = arm.finals.as_ref()?;
            let mean = match trend.measure {
                Measure::TestAccuracy => finals.test_accuracy.mean,
                Measure::GeneralisationGap => finals.gap.mean,
                _ => return None,
            };
            Some((arm.dropout, mean))
        })
        .collect();
    means.sort_by(|a, b| a.0.total_cmp(&b.0));
    if !means.is_sorted_by(|a, b| a.1 <= b.1) && !means.is_sorted_by(|a, b| a.1 >= b.1) {
        return format!(
            "The {} neither rises nor falls throughout as the rate grows.",
            trend.measure.title()
        );
    }
    let rates = || arms.iter().map(|arm| arm.dropout);
    let span = rates().fold(0.0, f64::max) - rates().fold(1.0, f64::min);
    // A tenth, unless the rates span less: then that would say what none of them shows.
    let of = if span >= 0.1 {
        format!("per {} of dropout rate", fixed(0.1, 1))
    } else {
        "from the lowest rate to the highest".to_owned()
    };
    let per_unit = |value: f64| if span >= 0.1 { value / 10.0 } else { value * span };
    let interval = trend
        .slope
        .interval
        .map(|i| plateau_analysis::Interval { lower: per_unit(i.lower), upper: per_unit(i.upper) });
    let interval = interval.map_or_else(String::new, |i| {
        format!(" (95 % interval {}, n = {})", percent_interval(i), trend.slope.n)
    });
    format!(
        "Along a straight line over all rates, which need not fit, the {} changes by {} percentage points {of}{interval}.",
        trend.measure.title(),
        signed_points(per_unit(trend.slope.mean)),
    )
}

fn transferred(writer: &mut Writer<'_>, f: &RegularisationFindings) {
    let Some(findings) = &f.transfer else { return };
    writer.document.heading(2, "transfer", "Transfer to the other half");
    let figures = transfer::figures(f);
    if figures.is_empty() {
        writer.document.paragraph("No transferred run has finished yet.");
        return;
    }
    let all: Vec<&Comparison> = findings.pairs.iter().flat_map(|pair| &pair.comparisons).collect();
    let fair = all.iter().filter(|c| c.measure != Measure::GeneralisationGap);
    let claims: Vec<String> = fair.map(|c| sentence(c)).collect();
    let tested = if all.is_empty() { "" } else { " and {table:transfer_comparisons}" };
    writer.document.paragraph(format!(
        "{{figure:transfer_curves}} shows how the fully connected layers learned on frozen \
         convolutions, {{figure:transfer_comparison}}, {{table:transfer_arms}}{tested} how they did in \
         the end. {}",
        claims.join(" ")
    ));
    writer.figures(figures);
    let together = findings.pairs.iter().filter_map(|pair| f.arms.get(pair.together?));
    let arms_shown: Vec<_> =
        together.chain(findings.pairs.iter().map(|pair| &pair.transferred)).collect();
    writer.table(arms(
        "transfer_arms",
        "Final results with all layers trained together and with frozen convolutions",
        &arms_shown,
        Gaps::ValidationAndTest,
    ));
    writer.table(comparisons(
        "transfer_comparisons",
        "Frozen convolutions against all layers trained together",
        &all,
    ));
}
