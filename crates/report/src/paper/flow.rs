//! What is concluded about the flow of gradients, and whether it was expected.

use plateau_analysis::{Estimate, GradientFlowFindings, ModelRole, WindowKind};
use plateau_record::ParameterKind;

use super::claims::Change;
use super::gradient_claims::WINDOWS;
use crate::document::markup::plain;
use crate::figures::batch_norm::name;
use crate::number::{fixed, list};
use crate::tables::gradients::window_word;

/// Per model: how its gradients differ from the plain model's, and why that may be.
pub(super) fn sentences(f: &GradientFlowFindings) -> Vec<String> {
    [ModelRole::Dropout, ModelRole::BatchNorm]
        .into_iter()
        .filter_map(|role| of_model(f, role))
        .collect()
}

fn of_model(f: &GradientFlowFindings, role: ModelRole) -> Option<String> {
    let changes: Vec<(WindowKind, Change)> =
        WINDOWS.into_iter().filter_map(|window| Some((window, size(f, role, window)?))).collect();
    if changes.is_empty() {
        return None;
    }
    let shown: Vec<String> = changes
        .iter()
        .map(|(window, change)| format!("{} at the {}", words(*change), window_word(*window)))
        .collect();
    let mut sentences = vec![format!(
        "With {}, compared with the plain model, the weights’ gradients were {}.",
        name(role),
        list(&shown)
    )];
    sentences.extend(reason(f, role, &changes));
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

fn words(Change { larger, smaller, tested }: Change) -> String {
    match (larger, smaller) {
        (0, 0) => format!("not shown to differ in any of {tested} layers"),
        (_, 0) => format!("larger in {larger} of {tested} layers"),
        (0, _) => format!("smaller in {smaller} of {tested} layers"),
        _ => format!("larger in {larger} and smaller in {smaller} of {tested} layers"),
    }
}

/// Why the size may differ as it does.
fn reason(
    f: &GradientFlowFindings,
    role: ModelRole,
    changes: &[(WindowKind, Change)],
) -> Option<String> {
    let changed = changes.iter().any(|(_, change)| change.any());
    let losses = train_losses(f, role)?;
    match role {
        ModelRole::Dropout => {
            let last = changes.iter().find(|(window, _)| *window == WindowKind::Last)?.1;
            if last.larger > 0 && last.smaller == 0 && losses.model > losses.plain {
                Some(format!(
                    "Larger gradients late in the run were to be expected: with dropout the \
                     training images are fitted less closely ({losses}), and gradients shrink with \
                     the loss; besides, those recorded are of the loss with units dropped."
                ))
            } else if last.smaller > 0 && last.larger == 0 {
                Some(format!(
                    "Smaller gradients late in the run were not expected of dropout ({losses})."
                ))
            } else {
                None
            }
        }
        ModelRole::BatchNorm if changed => Some(format!(
            "The output of a hidden layer with batch normalisation does not depend on the scale of \
             the layer’s weights, and their gradient is inversely proportional to it \
             {{cite:ioffe2015}}; late in the run it also matters how closely the training images \
             are fitted ({losses})."
        )),
        ModelRole::BatchNorm | ModelRole::Plain => None,
    }
}

/// Final training losses of a model and of the plain one.
struct Losses {
    model: f64,
    plain: f64,
}

impl std::fmt::Display for Losses {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "training loss at the end, in evaluation mode: {} nats, in the plain model {} nats",
            fixed(self.model, 4),
            fixed(self.plain, 4)
        )
    }
}

fn train_losses(f: &GradientFlowFindings, role: ModelRole) -> Option<Losses> {
    let loss = |role: ModelRole| -> Option<Estimate> {
        Some(f.model(role)?.arm.finals.as_ref()?.train_loss)
    };
    Some(Losses { model: loss(role)?.mean, plain: loss(ModelRole::Plain)?.mean })
}

/// What the model does to the quotient of the first layer's gradients and the last one's.
fn depth(f: &GradientFlowFindings, role: ModelRole) -> Option<String> {
    let of_role: Vec<_> = WINDOWS.into_iter().filter_map(|w| f.profile(role, w)).collect();
    let ends = of_role.first()?;
    let words: Vec<String> = of_role
        .iter()
        .filter_map(|profile| {
            let change = Change::of(profile.against_plain.iter())?;
            let how = match (change.larger, change.smaller) {
                (0, 0) => "not shown to differ",
                (_, 0) => "larger",
                _ => "smaller",
            };
            Some(format!("{how} at the {}", window_word(profile.window)))
        })
        .collect();
    (!words.is_empty()).then(|| {
        format!(
            "The quotient of the gradients of {} and {} was {}.",
            plain(&ends.first.name),
            plain(&ends.last.name),
            list(&words)
        )
    })
}
