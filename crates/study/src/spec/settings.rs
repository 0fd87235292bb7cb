//! The settings with a form of their own: splits, rates, schedules, dropout rates, optimisers.

use plateau_record::bounds;
use plateau_record::{Activation, Epoch, Optimizer, ScheduleShape, SplitScheme};
use toml::Spanned;
use toml::de::DeValue;

use super::error::SpecError;
use super::keys::{Keys, Value, mismatch};
use super::values;

type Errors = Vec<SpecError>;

/// Which images, as written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SplitAsWritten {
    pub(super) scheme: SplitScheme,
    pub(super) train: u32,
    pub(super) validation: u32,
}

/// Learning rates, as written.
#[derive(Clone, Debug)]
pub(super) enum RatesAsWritten {
    Given(Vec<f64>),
    ProposedBy { phase: Spanned<String>, count: u32, factor: f64 },
    BestOf { phase: Spanned<String>, times: f64 },
    SameAs { phase: Spanned<String> },
}

/// A dropout rate, as written.
#[derive(Clone, Debug)]
pub(super) enum DropoutAsWritten {
    Given(f64),
    BestOf { phase: Spanned<String>, above: f64 },
}

/// Two references are never known to be equal before they are resolved.
impl PartialEq for DropoutAsWritten {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Given(a), Self::Given(b)) => a == b,
            _ => false,
        }
    }
}

/// A learning-rate range test, as written.
#[derive(Clone, Debug)]
pub(super) struct RangeTestAsWritten {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) epochs: u32,
    pub(super) seeds: Option<u32>,
}

/// `{ train = 45000, validation = 5000 }`, or `{ half = "A", images = 25000 }`.
pub(super) fn split(
    key: &'static str,
    value: Value<'_, '_>,
    errors: &mut Errors,
) -> Option<SplitAsWritten> {
    let mut keys = table(key, value, errors)?;
    let read = if keys.take("half").is_some() {
        let halves = [("A", SplitScheme::TrainOnA), ("B", SplitScheme::TrainOnB)];
        let scheme =
            keys.required("half", errors, |key, half, e| values::word(key, half, e, &halves));
        let train = keys.required("images", errors, values::count);
        let validation = keys.optional("validation", errors, values::count);
        scheme.zip(train).map(|(scheme, train)| {
            let train = train.into_inner();
            let validation = validation.map_or(train, Spanned::into_inner);
            SplitAsWritten { scheme: scheme.into_inner(), train, validation }
        })
    } else {
        let train = keys.required("train", errors, values::count);
        let validation = keys.required("validation", errors, values::count);
        train.zip(validation).map(|(train, validation)| SplitAsWritten {
            scheme: SplitScheme::Holdout,
            train: train.into_inner(),
            validation: validation.into_inner(),
        })
    };
    keys.finish(errors);
    read
}

/// `0.01`, `[0.01, 0.02]`, or a table with `proposed_by`, `best_of` or `same_as`.
pub(super) fn rates(
    key: &'static str,
    value: Value<'_, '_>,
    errors: &mut Errors,
) -> Option<RatesAsWritten> {
    match value.get_ref() {
        DeValue::Table(_) => {}
        DeValue::Array(_) | DeValue::Float(_) | DeValue::Integer(_) => {
            let rates = values::one_or_many(key, value, errors, values::number(bounds::RATE))?;
            return Some(RatesAsWritten::Given(values::plain(rates)));
        }
        _ => {
            let expected = format!(
                "`{key}` must be a number, a list of numbers, or a table with `proposed_by`, \
                 `best_of` or `same_as`"
            );
            return values::report(errors, mismatch(value, &expected));
        }
    }
    let mut keys = table(key, value, errors)?;
    let proposed_by = keys.optional("proposed_by", errors, values::phase);
    let best_of = keys.optional("best_of", errors, values::phase);
    let same_as = keys.optional("same_as", errors, values::phase);
    let read = match (proposed_by, best_of, same_as) {
        (Some(phase), None, None) => {
            let count = keys.required("count", errors, values::count_to(MAX_RATES));
            let factor = keys.required("factor", errors, values::number(bounds::RATE_RATIO));
            let spans = count
                .as_ref()
                .zip(factor.as_ref())
                .map(|(count, factor)| factor.get_ref().powf(f64::from(*count.get_ref()) - 1.0));
            if spans.is_some_and(|spans| spans > MAX_SPAN) {
                let message = "the rates would be more than nine powers of ten apart";
                let help = "take a smaller `count` or `factor`";
                let error = SpecError::new(value.span(), message).help(help);
                return values::report(errors, error);
            }
            count.zip(factor).map(|(count, factor)| RatesAsWritten::ProposedBy {
                phase: phase.into_inner(),
                count: count.into_inner(),
                factor: factor.into_inner(),
            })
        }
        (None, Some(phase), None) => {
            let times = keys.optional("times", errors, values::number(bounds::TIMES));
            let times = times.map_or(1.0, Spanned::into_inner);
            Some(RatesAsWritten::BestOf { phase: phase.into_inner(), times })
        }
        (None, None, Some(phase)) => Some(RatesAsWritten::SameAs { phase: phase.into_inner() }),
        _ => {
            let message = format!("`{key}` must say one of `proposed_by`, `best_of` and `same_as`");
            return values::report(errors, SpecError::new(value.span(), message));
        }
    };
    keys.finish(errors);
    read
}

/// `0.5`, `{ best_of = "dropout", above = 0.0 }`, or a list of these.
pub(super) fn dropouts(
    key: &'static str,
    value: Value<'_, '_>,
    errors: &mut Errors,
) -> Option<Vec<Spanned<DropoutAsWritten>>> {
    values::one_or_many(key, value, errors, |key, value, errors| {
        let DeValue::Table(_) = value.get_ref() else {
            return values::number(bounds::SHARE)(key, value, errors).map(DropoutAsWritten::Given);
        };
        let mut keys = table(key, value, errors)?;
        let phase = keys.required("best_of", errors, values::phase);
        let above = keys.optional("above", errors, values::number(bounds::SHARE));
        keys.finish(errors);
        // Without a bound every rate may be chosen, 0 included.
        let above = above.map_or(-1.0, Spanned::into_inner);
        phase.map(|phase| DropoutAsWritten::BestOf { phase: phase.into_inner(), above })
    })
}

/// `"constant"`, `"cosine"`, or `{ kind = "step", every = 5, factor = 0.1 }`.
pub(super) fn schedule(
    key: &'static str,
    value: Value<'_, '_>,
    errors: &mut Errors,
) -> Option<ScheduleShape> {
    #[derive(Clone, Copy)]
    enum Kind {
        Constant,
        Cosine,
        Step,
    }
    let kinds = [("constant", Kind::Constant), ("cosine", Kind::Cosine), ("step", Kind::Step)];
    let DeValue::Table(_) = value.get_ref() else {
        return match values::word(key, value, errors, &kinds)? {
            Kind::Constant => Some(ScheduleShape::Constant),
            Kind::Cosine => Some(ScheduleShape::Cosine),
            Kind::Step => {
                let error = SpecError::new(value.span(), "a step schedule needs its steps");
                let help = "write { kind = \"step\", every = 5, factor = 0.1 }";
                values::report(errors, error.label("`every` and `factor` are missing").help(help))
            }
        };
    };
    let mut keys = table(key, value, errors)?;
    let kind = keys.required("kind", errors, |key, kind, e| values::word(key, kind, e, &kinds));
    let read = match kind?.into_inner() {
        Kind::Constant => Some(ScheduleShape::Constant),
        Kind::Cosine => Some(ScheduleShape::Cosine),
        Kind::Step => {
            let every = keys.required("every", errors, values::count_to(bounds::MAX_EPOCHS));
            let factor = keys.required("factor", errors, values::number(bounds::STEP_FACTOR));
            every.zip(factor).map(|(every, factor)| ScheduleShape::Step {
                every: Epoch(every.into_inner()),
                factor: factor.into_inner(),
            })
        }
    };
    keys.finish(errors);
    read
}

/// `{ kind = "sgd", momentum = 0.9, weight_decay = 0.0 }`, or `{ kind = "adam" }` with
/// `beta_1`, `beta_2` and `epsilon` as Kingma & Ba (2015) advise where they are left out.
pub(super) fn optimizer(
    key: &'static str,
    value: Value<'_, '_>,
    errors: &mut Errors,
) -> Option<Optimizer> {
    let mut keys = table(key, value, errors)?;
    let kinds = [("sgd", true), ("adam", false)];
    let kind = keys.required("kind", errors, |key, kind, e| values::word(key, kind, e, &kinds));
    let read = if kind?.into_inner() {
        let momentum = keys.required("momentum", errors, values::number(bounds::SHARE));
        let weight_decay = keys.optional("weight_decay", errors, values::number(bounds::PENALTY));
        momentum.map(|momentum| Optimizer::Sgd {
            momentum: momentum.into_inner(),
            weight_decay: weight_decay.map_or(0.0, Spanned::into_inner),
        })
    } else {
        let beta_1 = keys.optional("beta_1", errors, values::number(bounds::SHARE));
        let beta_2 = keys.optional("beta_2", errors, values::number(bounds::SHARE));
        let epsilon = keys.optional("epsilon", errors, values::number(bounds::EPSILON));
        Some(Optimizer::Adam {
            beta_1: beta_1.map_or(0.9, Spanned::into_inner),
            beta_2: beta_2.map_or(0.999, Spanned::into_inner),
            epsilon: epsilon.map_or(1e-8, Spanned::into_inner),
        })
    };
    keys.finish(errors);
    read
}

/// `{ from = 1e-4, to = 1.0, epochs = 2 }`, with `seeds = 3` for the first three only.
pub(super) fn range_test(
    key: &'static str,
    value: Value<'_, '_>,
    errors: &mut Errors,
) -> Option<RangeTestAsWritten> {
    let mut keys = table(key, value, errors)?;
    let from = keys.required("from", errors, values::number(bounds::RATE));
    let to = keys.required("to", errors, values::number(bounds::RATE));
    let epochs = keys.required("epochs", errors, values::count_to(bounds::MAX_EPOCHS));
    let seeds = keys.optional("seeds", errors, values::count).map(Spanned::into_inner);
    keys.finish(errors);
    let (from, to, epochs) = (from?, to?, epochs?.into_inner());
    if to.get_ref() <= from.get_ref() {
        let message = format!("`to` must be above `from`, which is {}", from.get_ref());
        let error = SpecError::new(to.span(), message).label(format!("found {}", to.get_ref()));
        return values::report(errors, error);
    }
    Some(RangeTestAsWritten { from: from.into_inner(), to: to.into_inner(), epochs, seeds })
}

/// Ratio of the largest and the smallest of them.
const MAX_SPAN: f64 = 1e9;

/// Rates that a range test may be asked for.
const MAX_RATES: u32 = 100;

/// One to five blocks, as 32 pixels can be halved five times.
pub(super) fn channels(
    key: &'static str,
    value: Value<'_, '_>,
    errors: &mut Errors,
) -> Option<Vec<u32>> {
    let channels =
        values::plain(values::many(key, value, errors, values::count_to(bounds::MAX_UNITS))?);
    if channels.len() <= bounds::MAX_BLOCKS {
        return Some(channels);
    }
    let expected = format!(
        "`{key}` must list 1 to {} blocks: 32 pixels can be halved so often",
        bounds::MAX_BLOCKS
    );
    values::report(errors, mismatch(value, &expected))
}

pub(super) fn activation(
    key: &'static str,
    value: Value<'_, '_>,
    errors: &mut Errors,
) -> Option<Activation> {
    let words = [
        ("relu", Activation::Relu),
        ("leaky-relu", Activation::LeakyRelu),
        ("tanh", Activation::Tanh),
    ];
    values::word(key, value, errors, &words)
}

fn table<'a, 'i>(
    key: &'static str,
    value: Value<'a, 'i>,
    errors: &mut Errors,
) -> Option<Keys<'a, 'i>> {
    Keys::of(format!("`{key}`"), value, errors)
}
