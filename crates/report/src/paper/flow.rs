//! What is concluded about the flow of gradients, and whether it was expected.

use plateau_analysis::{Estimate, GradientFlowFindings, ModelRole, WindowKind};
use plateau_record::ParameterKind;

use super::gradient_claims::Change;
use crate::figures::batch_norm::name;
use crate::number::fixed;
use crate::tables::gradients::window_word;

/// Per model: how its gradients differ from the plain model's, and why that may be.
pub(super) fn sentences(f: &GradientFlowFindings) -> Vec<String> {
    [ModelRole::Dropout, ModelRole::BatchNorm]
        .into_iter()
        .filter_map(|role| of_model(f, role))
        .collect()
}

fn of_model(f: &GradientFlowFindings, role: ModelRole) -> Option<String> {
    let sizes = [WindowKind::First, WindowKind::Last].map(|window| size(f, role, window));
    if sizes.iter().all(Option::is_none) {
        return None;
    }
    let model = name(role);
    let shown: Vec<String> = [WindowKind::First, WindowKind::Last]
        .into_iter()
        .zip(sizes)
        .filter_map(|(window, change)| {
            Some(format!("{} at the {}", words(change?), window_word(window)))
        })
        .collect();
    let mut sentences = vec![if sizes.iter().flatten().all(|change| *change == Change::None) {
        format!("That {model} changes the size of the weights’ gradients was not shown.")
    } else {
        format!(
            "With {model}, the weights’ gradients were {} (against the plain model’s).",
            shown.join(" and ")
        )
    }];
    sentences.extend(reason(f, role, sizes));
    sentences.extend(depth(f, role));
    Some(sentences.join(" "))
}

/// In which direction the weights' gradients differ in one window; none without a test.
fn size(f: &GradientFlowFindings, role: ModelRole, window: WindowKind) -> Option<Change> {
    let here = f
        .comparisons
        .iter()
        .filter(|c| c.model == role && c.window == window && c.parameter == ParameterKind::Weight);
    Change::of(here.map(|c| &c.comparison))
}

fn words(change: Change) -> &'static str {
    match change {
        Change::Larger => "larger",
        Change::Smaller => "smaller",
        Change::Mixed => "larger in some layers and smaller in others",
        Change::None => "not shown to differ in any layer",
    }
}

/// Why the size differs as it does.
fn reason(
    f: &GradientFlowFindings,
    role: ModelRole,
    [first, last]: [Option<Change>; 2],
) -> Option<String> {
    match role {
        ModelRole::Plain => None,
        ModelRole::Dropout => match last? {
            Change::Larger => Some(format!(
                "Larger gradients late in the run were to be expected: dropout keeps the network \
                 from fitting its training images completely, and gradients vanish with the \
                 loss{}.",
                train_losses(f, role)
            )),
            Change::Smaller => Some(format!(
                "Smaller gradients late in the run were not expected of dropout, which keeps the \
                 network from fitting its training images completely{}.",
                train_losses(f, role)
            )),
            Change::Mixed | Change::None => None,
        },
        ModelRole::BatchNorm => {
            let changed = [first, last].into_iter().flatten().any(|change| change != Change::None);
            changed.then(|| {
                format!(
                    "After batch normalisation a layer’s output does not depend on the scale of \
                     its weights any more, so that the size of their gradients follows other laws \
                     {{cite:santurkar2018}}; late in the run it also depends on how far the \
                     training images are fitted{}.",
                    train_losses(f, role)
                )
            })
        }
    }
}

/// ` (training loss at the end 0.112 nats, of the plain model 0.001 nats)`.
fn train_losses(f: &GradientFlowFindings, role: ModelRole) -> String {
    let loss = |role: ModelRole| -> Option<Estimate> {
        Some(f.model(role)?.arm.finals.as_ref()?.train_loss)
    };
    match (loss(role), loss(ModelRole::Plain)) {
        (Some(model), Some(plain)) => format!(
            " (training loss at the end: {} nats, with the plain model {} nats)",
            fixed(model.mean, 4),
            fixed(plain.mean, 4)
        ),
        _ => String::new(),
    }
}

/// What the model does to the profile over depth.
fn depth(f: &GradientFlowFindings, role: ModelRole) -> Option<String> {
    let profiles = f.profiles.iter().filter(|profile| profile.model == role);
    let change = Change::of(profiles.filter_map(|profile| profile.against_plain.as_ref()))?;
    let plain_end = f.profiles.iter().find(|profile| profile.model == role)?.first.name.clone();
    let first = crate::document::markup::plain(&plain_end);
    Some(match change {
        Change::Larger => format!(
            "More of the gradient reached {first} than in the plain model, measured by the output \
             layer’s."
        ),
        Change::Smaller => format!(
            "Less of the gradient reached {first} than in the plain model, measured by the output \
             layer’s."
        ),
        Change::Mixed => format!(
            "Measured by the output layer’s gradient, more of it reached {first} than in the plain \
             model in one part of the run, and less in the other."
        ),
        Change::None => format!(
            "How much of the output layer’s gradient reached {first} was not shown to differ."
        ),
    })
}
