//! Results of the learning-rate experiment.

use plateau_analysis::{Comparison, LearningRateFindings};

use super::claims::{overfitting, reached, sentence};
use super::{Writer, rule_end};
use crate::document::markup::plain;
use crate::figures::learning_rate::figures;
use crate::number::{decimal, list, plural, scientific};
use crate::tables::arms::{Gaps, arms};
use crate::tables::comparisons::comparisons;
use crate::tables::learning_rate::checks;

pub(super) fn write(writer: &mut Writer<'_>, f: &LearningRateFindings) {
    let mut figures = figures(f, writer.input.runs);
    let mut take = |id: &str| {
        let place = figures.iter().position(|figure| figure.id == id)?;
        Some(figures.remove(place))
    };
    if let Some(range) = &f.range_test {
        let figure = take("range_test");
        let shown = if figure.is_some() { " ({figure:range_test})" } else { "" };
        let text = match (&range.minimum, &range.problem) {
            (Some(minimum), _) => format!(
                "In the range test{shown} the smoothed loss was lowest at a rate of {}, with {} \
                 nats, and stayed within {} % of that up to {}; this edge divided by {} gives {} as \
                 the highest rate worth a run.",
                scientific(minimum.rate),
                scientific(minimum.loss),
                decimal(minimum.tolerance * 100.0),
                scientific(minimum.edge),
                decimal(minimum.divisor),
                decimal(minimum.highest),
            ),
            (None, Some(problem)) => format!("The range test gave no rate: {}.", plain(problem)),
            (None, None) => String::new(),
        };
        writer.document.paragraph(text);
        writer.figures(figure.into_iter().collect());
    }
    if f.arms.is_empty() {
        writer.document.paragraph("No constant rate has been run yet.");
        return;
    }
    let passed: Vec<String> =
        f.checks.iter().filter(|check| check.passed).map(|check| decimal(check.rate)).collect();
    let verdict = if passed.is_empty() {
        "none passed both checks".to_owned()
    } else {
        format!("{} of them passed both checks: {}", passed.len(), list(&passed))
    };
    writer.document.paragraph(format!(
        "{{figure:learning_rate_curves}} shows how the network learned at each of {}; {verdict}{}.",
        plural(f.arms.len(), "constant rate"),
        if f.checks.is_empty() { "" } else { " ({table:rate_checks})" },
    ));
    writer.figures(take("learning_rate_curves").into_iter().collect());
    writer.table(checks(&f.checks));
    let best = f.best.and_then(|best| f.arms.get(best));
    let best_text = best.map(|arm| {
        let rule = f.best_rule.as_deref().map(rule_end).unwrap_or_default();
        format!(
            "The best rate is the one with {rule} It reached {} ({{figure:learning_rate_final}}, {{table:learning_rate_arms}}). {}",
            reached(arm),
            overfitting(arm).unwrap_or_default()
        )
    });
    writer.document.paragraph(best_text.unwrap_or_else(|| {
        "No rate could be called the best: with each of them a run diverged, collapsed or is missing \
         ({figure:learning_rate_final}, {table:learning_rate_arms})."
            .to_owned()
    }));
    writer.figures(take("learning_rate_final").into_iter().collect());
    let all: Vec<_> = f.arms.iter().chain(&f.scheduled).collect();
    writer.table(arms(
        "learning_rate_arms",
        "Final results by learning rate and schedule",
        &all,
        Gaps::Validation,
    ));
    scheduler(writer, f, &mut take);
}

fn scheduler(
    writer: &mut Writer<'_>,
    f: &LearningRateFindings,
    take: &mut impl FnMut(&str) -> Option<crate::figure::Figure>,
) {
    let Some(curves) = take("scheduler_curves") else { return };
    let comparison = take("scheduler_comparison");
    let claims: Vec<String> = f.comparisons.iter().map(sentence).collect();
    let shown = match (comparison.is_some(), claims.is_empty()) {
        (true, false) => {
            " In {figure:scheduler_comparison} and {table:learning_rate_comparisons} the scheduler \
             stands against the best constant rate."
        }
        (true, true) => {
            " In {figure:scheduler_comparison} the scheduler stands against the best constant rate."
        }
        _ => "",
    };
    writer.document.paragraph(format!(
        "{{figure:scheduler_curves}} shows the learning curves with the scheduler.{shown} {}",
        claims.join(" ")
    ));
    writer.figure(curves);
    writer.figures(comparison.into_iter().collect());
    let all: Vec<&Comparison> = f.comparisons.iter().collect();
    writer.table(comparisons(
        "learning_rate_comparisons",
        "Scheduler against the best constant rate",
        &all,
    ));
}
