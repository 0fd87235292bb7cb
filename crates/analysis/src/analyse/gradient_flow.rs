//! Gradients by layer, for a plain model, one with dropout and one with batch norm.

use plateau_record::{ParameterKind, Seed};

use super::compare::{PERFORMANCE, Sides, adjust, compare, compare_pairs};
use super::gradient_profile::profiles;
use super::gradients::{Model, PARAMETERS, Place, layers, paired, window_width};
use super::records::{Phase, Records};
use crate::choose::{Among, BestOf, best_of};
use crate::findings::gradient_flow::has_effect;
use crate::findings::{
    GradientComparison, GradientFlowFindings, Layer, Measure, ModelRole, Window,
};

pub(super) fn analyse(
    records: &Records<'_>,
    dropout: &str,
    batch_norm: &str,
) -> GradientFlowFindings {
    let dropout = records.phase(dropout);
    let batch_norm = records.phase(batch_norm);
    let is_complete = |phase: &Option<Phase<'_>>| phase.as_ref().is_some_and(Phase::is_complete);
    let preliminary = !is_complete(&dropout) || !is_complete(&batch_norm);
    let best = dropout
        .as_ref()
        .and_then(|phase| best_of(&phase.candidates(|g| g.dropout), Among::NonZero).ok());
    let models = models(dropout.as_ref(), best.as_ref(), batch_norm.as_ref());
    let layers = layers(&models);
    let width = window_width(&models);
    let windows = match models.first() {
        Some(first) if !layers.is_empty() => first.windows(width).to_vec(),
        _ => Vec::new(),
    };
    let mut comparisons = Vec::new();
    let mut performance = Vec::new();
    if let Some((plain, others)) = models.split_first().filter(|(m, _)| m.role == ModelRole::Plain)
    {
        for model in others {
            comparisons.extend(compare_gradients(model, plain, width, &layers));
            if model.role == ModelRole::BatchNorm {
                performance = PERFORMANCE.map(|m| compare(m, &model.arm, &plain.arm)).to_vec();
            }
        }
    }
    let mut profiles = profiles(&models, width, &layers);
    adjust(
        (comparisons.iter_mut().map(|c| &mut c.comparison))
            .chain(profiles.iter_mut().filter_map(|profile| profile.against_plain.as_mut()))
            .chain(&mut performance),
    );
    GradientFlowFindings {
        preliminary,
        models: models.into_iter().map(|model| model.summarise(width, &layers)).collect(),
        layers,
        windows,
        dropout_rule: best.map(|best| best.rule),
        comparisons,
        profiles,
        performance,
    }
}

fn models<'a>(
    dropout: Option<&Phase<'a>>,
    best: Option<&BestOf>,
    batch_norm: Option<&Phase<'a>>,
) -> Vec<Model<'a>> {
    let model = |role: ModelRole, phase: &Phase<'a>, index: usize| {
        let mut arm = phase.arms.get(index)?.clone();
        if role == ModelRole::Plain {
            "plain".clone_into(&mut arm.label);
        }
        Some(Model::new(role, arm, phase.runs.get(index)?))
    };
    let plain = dropout.and_then(|phase| {
        let index = phase.arms.iter().position(|arm| arm.dropout == 0.0)?;
        model(ModelRole::Plain, phase, index)
    });
    let with_dropout =
        dropout.zip(best).and_then(|(phase, best)| model(ModelRole::Dropout, phase, best.index));
    let with_batch_norm = batch_norm.and_then(|phase| {
        let index = phase.arms.iter().position(|arm| arm.batch_norm)?;
        model(ModelRole::BatchNorm, phase, index)
    });
    [plain, with_dropout, with_batch_norm].into_iter().flatten().collect()
}

fn compare_gradients(
    model: &Model<'_>,
    plain: &Model<'_>,
    width: u32,
    layers: &[Layer],
) -> Vec<GradientComparison> {
    let mut comparisons = Vec::new();
    for windows in model.windows(width).into_iter().zip(plain.windows(width)) {
        for parameter in PARAMETERS {
            let layers = layers
                .iter()
                .filter(|layer| has_effect(layers, model.role, parameter, layer.number));
            comparisons
                .extend(layers.map(|layer| at_layer([model, plain], windows, parameter, layer)));
        }
    }
    comparisons
}

fn at_layer(
    [model, plain]: [&Model<'_>; 2],
    (window, plain_window): (Window, Window),
    parameter: ParameterKind,
    layer: &Layer,
) -> GradientComparison {
    let logarithms = |model: &Model<'_>, window: Window| -> Vec<(Seed, f64)> {
        let by_seed = model.by_seed(Place { window, parameter, layer: layer.number });
        let absolute = by_seed.into_iter().map(|(seed, pooled)| (seed, pooled.absolute.mean));
        // A gradient that vanishes everywhere has no logarithm.
        absolute.filter(|(_, mean)| *mean > 0.0).map(|(seed, mean)| (seed, mean.log10())).collect()
    };
    let pairs = paired(&logarithms(model, window), &logarithms(plain, plain_window));
    let sides = Sides { measure: Measure::LogGradient, a: &model.arm.label, b: &plain.arm.label };
    let comparison = compare_pairs(&sides, &pairs);
    let ratio = comparison.difference().map(|difference| 10_f64.powf(difference));
    let ratio = ratio.filter(|ratio| ratio.is_normal());
    GradientComparison {
        model: model.role,
        window: window.kind,
        parameter,
        layer: layer.number,
        name: layer.name.clone(),
        comparison,
        ratio,
    }
}
