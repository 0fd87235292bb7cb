//! Sentences about gradients, chosen by the tests.

use plateau_analysis::{
    GradientComparison, GradientFlowFindings, GradientProfile, ModelRole, WindowKind,
};
use plateau_record::ParameterKind;

use crate::document::markup::plain;
use crate::figures::batch_norm::name;
use crate::number::{list, p_value, ratio};
use crate::tables::gradients::{kind_name, ratio_interval, window_word};

/// For each model, in how many layers its weights' gradients differ from the plain model's.
pub(super) fn counts(f: &GradientFlowFindings) -> Vec<String> {
    [ModelRole::Dropout, ModelRole::BatchNorm]
        .into_iter()
        .filter_map(|role| count(f, role, ParameterKind::Weight))
        .collect()
}

pub(super) fn count(
    f: &GradientFlowFindings,
    role: ModelRole,
    kind: ParameterKind,
) -> Option<String> {
    let of: Vec<&GradientComparison> =
        f.comparisons.iter().filter(|c| c.model == role && c.parameter == kind).collect();
    let tested = of.iter().filter(|c| c.comparison.tested().is_some()).count();
    if tested == 0 {
        return None;
    }
    let significant: Vec<&GradientComparison> =
        of.into_iter().filter(|c| c.comparison.significant()).collect();
    let (model, kind) = (name(role), kind_name(kind));
    if significant.is_empty() {
        return Some(format!(
            "No difference between {model} and the plain model was found in the mean absolute \
             gradients of the {kind}, in any of {tested} tests by layer and window (adjusted p ≥ \
             0.05)."
        ));
    }
    let extremes = extremes(&significant).unwrap_or_default();
    Some(format!(
        "With {model}, the mean absolute gradients of the {kind} differed from the plain model’s \
         in {} of {tested} tests by layer and window (adjusted p < 0.05){extremes}.",
        significant.len()
    ))
}

/// The smallest and the largest of the ratios that were shown.
fn extremes(significant: &[&GradientComparison]) -> Option<String> {
    let with_ratio = || significant.iter().filter_map(|c| Some((c.comparison.difference()?, c)));
    let smallest = with_ratio().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let largest = with_ratio().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let words = |(log, c): (f64, &&GradientComparison)| {
        let interval = c.comparison.interval().map_or_else(String::new, |interval| {
            format!("95\u{a0}% interval {}, ", ratio_interval(interval))
        });
        format!(
            "{} times the plain model’s in {} at the {} ({interval}n\u{a0}=\u{a0}{})",
            ratio(log),
            plain(&c.name),
            window_word(c.window),
            c.comparison.n_pairs
        )
    };
    Some(if significant.len() == 1 {
        format!(": {}", words(smallest))
    } else {
        format!(", from {} to {}", words(smallest), words(largest))
    })
}

pub(super) const WINDOWS: [WindowKind; 2] = [WindowKind::First, WindowKind::Last];

/// One model's profile over depth in both windows: of the plain model as it is, of the others
/// against it.
pub(super) fn profile(f: &GradientFlowFindings, role: ModelRole) -> Option<String> {
    let profiles: Vec<&GradientProfile> =
        WINDOWS.into_iter().filter_map(|window| f.profile(role, window)).collect();
    let ends = profiles.first()?;
    let (first, last) = (plain(&ends.first.name), plain(&ends.last.name));
    let words: Vec<String> = if role == ModelRole::Plain {
        profiles.iter().map(|profile| as_it_is(profile)).collect()
    } else {
        profiles.iter().filter_map(|profile| against_plain(profile)).collect()
    };
    if words.is_empty() {
        return None;
    }
    Some(if role == ModelRole::Plain {
        format!(
            "In the plain model the mean absolute gradient of the weights of {first}, relative to \
             that of {last}, was {}.",
            list(&words)
        )
    } else {
        format!("With {}, this quotient was {}.", name(role), list(&words))
    })
}

fn as_it_is(profile: &GradientProfile) -> String {
    let estimate = profile.log_ratio;
    let interval = estimate.interval.map_or_else(String::new, |interval| {
        format!("95\u{a0}% interval {}, ", ratio_interval(interval))
    });
    format!(
        "{} at the {} ({interval}n\u{a0}=\u{a0}{})",
        ratio(estimate.mean),
        window_word(profile.window),
        estimate.n
    )
}

fn against_plain(profile: &GradientProfile) -> Option<String> {
    let comparison = profile.against_plain.as_ref()?;
    let (test, times) = (comparison.tested()?, ratio(comparison.difference()?));
    let window = window_word(profile.window);
    let numbers = format!(
        "n\u{a0}=\u{a0}{} pairs{}; {}",
        comparison.n_pairs,
        comparison.interval().map_or_else(String::new, |interval| {
            format!(", 95\u{a0}% interval {}", ratio_interval(interval))
        }),
        p_value("adjusted p", test.p_adjusted)
    );
    Some(if test.significant {
        format!("{times} times the plain model’s at the {window} ({numbers})")
    } else {
        format!(
            "not shown to differ from the plain model’s at the {window} ({times} times it; {numbers})"
        )
    })
}
