//! Results of the gradient-flow experiment.

use plateau_analysis::{Comparison, GradientFlowFindings, ModelRole};
use plateau_record::ParameterKind;

use super::Writer;
use super::claims::named;
use super::gradient_claims::{count, profile};
use crate::figures::gradient_maps::gradient_heat_map;
use crate::figures::{batch_norm, gradients};
use crate::tables::arms::{Gaps, arms};
use crate::tables::comparisons::comparisons;
use crate::tables::gradient_profiles::profiles;
use crate::tables::gradients::{ratios, summaries};

pub(super) fn write(writer: &mut Writer<'_>, f: &GradientFlowFindings) {
    writer.document.heading(2, "gradients", "Gradients by layer");
    let by_layer = gradients::figures(f);
    if by_layer.is_empty() {
        writer.document.paragraph("No gradients have been recorded yet.");
    } else {
        let map = gradient_heat_map(f);
        let shown = if map.is_some() {
            "; {figure:gradient_heatmap} follows the absolute gradients through all epochs"
        } else {
            ""
        };
        let weights = ratios(f, ParameterKind::Weight);
        let biases = ratios(f, ParameterKind::Bias);
        let tested = match (weights.rows.is_empty(), biases.rows.is_empty()) {
            (true, true) => "",
            (false, true) => "{table:gradient_ratios_weights} compares them with the plain model. ",
            (true, false) => "{table:gradient_ratios_biases} compares them with the plain model. ",
            (false, false) => {
                "{table:gradient_ratios_weights} and {table:gradient_ratios_biases} compare them \
                 with the plain model. "
            }
        };
        let claims: Vec<String> = [ParameterKind::Weight, ParameterKind::Bias]
            .into_iter()
            .flat_map(|kind| {
                [ModelRole::Dropout, ModelRole::BatchNorm]
                    .into_iter()
                    .filter_map(move |role| count(f, role, kind))
            })
            .collect();
        writer.document.paragraph(format!(
            "{{figure:gradient_mean}} and {{figure:gradient_std}} show mean and standard deviation \
             of the gradients of each layer, {{figure:gradient_abs_mean}} and \
             {{figure:gradient_abs_std}} those of their absolute values{shown}. {tested}{}{}",
            claims.join(" "),
            no_bias(f),
        ));
        writer.figures(by_layer);
        writer.figures(map.into_iter().collect());
        writer.table(weights);
        writer.table(biases);
        writer.csv("gradients", summaries(f));
        depth(writer, f);
    }
    performance(writer, f);
}

/// How the gradients' size changes over depth, apart from how large they are altogether.
fn depth(writer: &mut Writer<'_>, f: &GradientFlowFindings) {
    let table = profiles(f);
    if table.rows.is_empty() {
        return;
    }
    let claims: Vec<String> = [ModelRole::Plain, ModelRole::Dropout, ModelRole::BatchNorm]
        .into_iter()
        .filter_map(|role| profile(f, role))
        .collect();
    writer.document.paragraph(format!(
        "Every layer’s gradient has that of the logits as a factor, which vanishes as the training \
         images are fitted. How gradients change over depth, apart from that, shows in the quotient \
         of the first layer’s and the last one’s ({{table:gradient_profiles}}): a rough measure, \
         since the sizes of the layers’ inputs and the sharing of weights enter it as well. {}",
        claims.join(" ")
    ));
    writer.table(table);
}

/// Why some gradients are zero.
fn no_bias(f: &GradientFlowFindings) -> &'static str {
    if f.models.iter().any(|model| model.role == ModelRole::BatchNorm) {
        " With batch norm the biases of the hidden layers have no effect, since the mean is taken \
         away after them: their gradients are zero but for rounding, and are not compared."
    } else {
        ""
    }
}

/// Batch norm against the plain model.
pub(super) fn performance_claims(f: &GradientFlowFindings) -> Vec<String> {
    f.performance.iter().map(|c| named(c, "batch normalisation", "the plain model")).collect()
}

fn performance(writer: &mut Writer<'_>, f: &GradientFlowFindings) {
    writer.document.heading(2, "batch-norm", "Performance with batch normalisation");
    let figures = batch_norm::figures(f);
    let shown = match (figures.is_empty(), f.performance.is_empty()) {
        (true, _) => "",
        (false, true) => {
            "Learning curves with and without batch normalisation are in \
             {figure:batch_norm_curves}, final results in {figure:batch_norm_comparison} and \
             {table:gradient_arms}. "
        }
        (false, false) => {
            "Learning curves with and without batch normalisation are in \
             {figure:batch_norm_curves}, final results in {figure:batch_norm_comparison}, \
             {table:gradient_arms} and {table:batch_norm_comparisons}. "
        }
    };
    writer.document.paragraph(format!("{shown}{}", performance_claims(f).join(" ")));
    writer.figures(figures);
    let models: Vec<_> = f.models.iter().map(|model| &model.arm).collect();
    writer.table(arms(
        "gradient_arms",
        "Final results of the models whose gradients are compared",
        &models,
        Gaps::Validation,
    ));
    let all: Vec<&Comparison> = f.performance.iter().collect();
    writer.table(comparisons(
        "batch_norm_comparisons",
        "Batch normalisation against the plain model",
        &all,
    ));
}
