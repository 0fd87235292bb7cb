//! From the study as written to the study resolved: defaults filled in, everything checked.

use std::ops::Range;

use plateau_record::bounds;
use plateau_record::{DataSet, Epoch, ScheduleShape, Seed, Split};
use toml::Spanned;

use super::error::{SpecError, SpecErrors};
use super::overrides::images_needed;
use super::resolved::{Dropout, Phase, Rates, Study};
use super::settings::{DropoutAsWritten, RatesAsWritten, SplitAsWritten};
use super::written::{PhaseAsWritten, Setting, Settings, Written};
use super::{references, roles, training_images};

pub(super) fn resolve(written: &Written) -> Result<Study, SpecErrors> {
    let mut errors = Vec::new();
    let phases: Vec<Option<Phase>> =
        written.phases.iter().map(|phase| fill_in(written, phase, &mut errors)).collect();
    SpecErrors::check(errors)?;
    let phases: Vec<Phase> = phases.into_iter().flatten().collect();
    check_size(written, &phases)?;

    let mut errors = Vec::new();
    references::check(&written.phases, &phases, &mut errors);
    SpecErrors::check(errors)?;

    let mut errors = Vec::new();
    let experiments = roles::resolve(&written.experiments, &phases, &mut errors);
    SpecErrors::check(errors)?;

    Ok(Study {
        name: written.name.clone(),
        title: written.title.clone(),
        data: written.data,
        altered: None,
        device: written.device,
        seeds: written.seeds.clone(),
        is_shortened: false,
        arguments: Vec::new(),
        phases,
        experiments,
    })
}

/// Looks settings up: first in the phase, then in `[network]` or `[training]`.
struct Lookup<'a> {
    phase: &'a PhaseAsWritten,
    defaults: &'a Settings,
}

impl<'a> Lookup<'a> {
    fn optional<T>(&self, get: impl Fn(&'a Settings) -> &'a Setting<T>) -> Option<&'a Spanned<T>> {
        get(&self.phase.settings).as_ref().or(get(self.defaults).as_ref())
    }

    fn required<T>(
        &self,
        key: &str,
        errors: &mut Vec<SpecError>,
        get: impl Fn(&'a Settings) -> &'a Setting<T>,
    ) -> Option<&'a Spanned<T>> {
        let found = self.optional(get);
        if found.is_none() {
            let name = self.phase.name.get_ref();
            let message = format!("phase `{name}` has no `{key}`");
            let error = SpecError::new(self.phase.name.span(), message);
            let table = match key {
                "channels" | "hidden" => "[network]",
                _ => "[training]",
            };
            let help = format!("set it in {table} for all phases, or in [phase.{name}]");
            errors.push(error.label(format!("`{key}` is missing")).help(help));
        }
        found
    }
}

/// Steps of a range test at least: with fewer, the loss can't be seen to fall and to rise.
const MIN_RANGE_STEPS: u64 = 10;

fn fill_in(
    written: &Written,
    phase: &PhaseAsWritten,
    errors: &mut Vec<SpecError>,
) -> Option<Phase> {
    let lookup = Lookup { phase, defaults: &written.defaults };
    let split = lookup.required("split", errors, |s| &s.split);
    let channels = lookup.required("channels", errors, |s| &s.channels);
    let hidden = lookup.required("hidden", errors, |s| &s.hidden);
    let batch_size = lookup.required("batch_size", errors, |s| &s.batch_size);
    let optimizer = lookup.required("optimizer", errors, |s| &s.optimizer);
    let course = course(written, &lookup, errors);
    if let Some(split) = split {
        check_images(split, written.data, errors);
    }
    let activation = lookup.optional(|s| &s.activation).map(|a| *a.get_ref());
    let dropouts = lookup.optional(|s| &s.dropout).map_or(vec![Dropout::Given(0.0)], |list| {
        list.get_ref().iter().map(|dropout| resolve_dropout(dropout.get_ref())).collect()
    });
    let batch_norms = lookup
        .optional(|s| &s.batch_norm)
        .map_or(vec![false], |list| list.get_ref().iter().map(|b| *b.get_ref()).collect());
    let (split, course) = (split?.get_ref(), course?);
    let name = phase.name.span();
    let phase = Phase {
        name: phase.name.get_ref().clone(),
        split: Split {
            seed: written.split_seed,
            scheme: split.scheme,
            train_images: split.train,
            validation_images: split.validation,
        },
        channels: channels?.get_ref().clone(),
        hidden: *hidden?.get_ref(),
        activation: activation.unwrap_or(plateau_record::Activation::Relu),
        batch_size: *batch_size?.get_ref(),
        epochs: Epoch(course.epochs),
        optimizer: optimizer?.get_ref().clone(),
        seeds: course.seeds,
        rates: course.rates,
        shape: course.shape,
        dropouts,
        batch_norms,
        transfer_from: phase.transfer_from.as_ref().map(|name| name.get_ref().clone()),
    };
    if phase.is_range_test() && phase.n_groups() > 1 {
        let place = lookup.optional(|s| &s.dropout).map(Spanned::span);
        let place = place.or(lookup.optional(|s| &s.batch_norm).map(Spanned::span));
        let message = "a range test is made for one network: `dropout` and `batch_norm` must be \
                       single values in its phase";
        errors.push(
            SpecError::new(place.unwrap_or(0..0), message)
                .label(format!("gives {} networks", phase.n_groups())),
        );
    }
    check_batches(&phase, batch_size.map(Spanned::span), errors);
    let steps = phase.n_steps();
    if phase.is_range_test() && steps < MIN_RANGE_STEPS {
        let place = lookup.phase.range_test.as_ref().map_or(name, Spanned::span);
        let message = format!(
            "a range test needs {MIN_RANGE_STEPS} steps at least, for the loss to be seen to fall \
             and to rise"
        );
        let label = format!(
            "{} images in batches of {}, {} times, make {steps}",
            phase.split.train_images, phase.batch_size, phase.epochs
        );
        let help = "give it more epochs or images, or smaller batches";
        errors.push(SpecError::new(place, message).label(label).help(help));
    }
    Some(phase)
}

/// Batch normalisation takes means and variances over a batch: one image has no variance.
fn check_batches(phase: &Phase, place: Option<Range<usize>>, errors: &mut Vec<SpecError>) {
    let smallest = phase.batch_size.min(phase.split.train_images);
    if !phase.batch_norms.contains(&true) || smallest > 1 {
        return;
    }
    let message = format!("phase `{}`: batch norm can't be trained on batches of one", phase.name);
    let help = "take batches of two or more images, or leave out `batch_norm`";
    errors.push(SpecError::new(place.unwrap_or(0..0), message).help(help));
}

/// The runs of all phases, before any of them is made.
fn check_size(written: &Written, phases: &[Phase]) -> Result<(), SpecErrors> {
    let runs = |phase: &Phase| phase.n_runs();
    let all = phases.iter().map(runs).fold(0, usize::saturating_add);
    if all <= bounds::MAX_RUNS {
        return Ok(());
    }
    let most = written.phases.iter().zip(phases).max_by_key(|(_, phase)| phase.n_runs());
    let Some((place, phase)) = most else { return Ok(()) };
    let message = format!(
        "the study asks for {all} runs, and may ask for {} at most; phase `{}` asks for most of \
         them",
        bounds::MAX_RUNS,
        phase.name
    );
    let label = format!(
        "{} settings and {} seeds make {} runs",
        phase.n_groups(),
        phase.seeds.len(),
        phase.n_runs()
    );
    let help = "leave out rates, dropout rates or seeds, or make several studies of it";
    Err(SpecError::new(place.name.span(), message).label(label).help(help).into())
}

/// The learning rate over time, and how long that is.
struct Course {
    rates: Rates,
    shape: ScheduleShape,
    epochs: u32,
    seeds: Vec<Seed>,
}

fn course(written: &Written, lookup: &Lookup<'_>, errors: &mut Vec<SpecError>) -> Option<Course> {
    let Some(range_test) = &lookup.phase.range_test else {
        let rates = lookup.required("rate", errors, |s| &s.rate);
        let epochs = lookup.required("epochs", errors, |s| &s.epochs);
        let shape = lookup.optional(|s| &s.schedule);
        return Some(Course {
            rates: resolve_rates(rates?.get_ref()),
            shape: shape.map_or(ScheduleShape::Constant, |shape| shape.get_ref().clone()),
            epochs: *epochs?.get_ref(),
            seeds: written.seeds.clone(),
        });
    };
    let settings = &lookup.phase.settings;
    let own = [
        ("rate", settings.rate.as_ref().map(Spanned::span)),
        ("schedule", settings.schedule.as_ref().map(Spanned::span)),
        ("epochs", settings.epochs.as_ref().map(Spanned::span)),
        ("transfer_from", lookup.phase.transfer_from.as_ref().map(Spanned::span)),
    ];
    for (key, span) in own {
        let Some(span) = span else { continue };
        let message = format!("a phase with `range_test` cannot have `{key}`");
        let help = match key {
            "transfer_from" => "a range test trains all layers",
            _ => "`range_test` says the rates and the epochs",
        };
        errors.push(SpecError::new(span, message).help(help));
    }
    let range_test = range_test.get_ref();
    let n_seeds = range_test.seeds.map_or(usize::MAX, |n| n as usize);
    Some(Course {
        rates: Rates::Given(vec![range_test.from]),
        shape: ScheduleShape::RangeTest { to: range_test.to },
        epochs: range_test.epochs,
        seeds: written.seeds.iter().copied().take(n_seeds).collect(),
    })
}

fn check_images(split: &Spanned<SplitAsWritten>, data: DataSet, errors: &mut Vec<SpecError>) {
    let (needed, available) = (images_needed(split.get_ref()), training_images(data));
    if needed > u64::from(available) {
        let message = format!(
            "the split must fit into the {available} training images of the {}",
            data_noun(data)
        );
        let error = SpecError::new(split.span(), message).label(format!("needs {needed}"));
        errors.push(error);
    }
}

fn data_noun(data: DataSet) -> &'static str {
    match data {
        DataSet::Cifar10 => "CIFAR-10 data",
        DataSet::Synthetic => "synthetic data",
    }
}

fn resolve_rates(rates: &RatesAsWritten) -> Rates {
    match rates {
        RatesAsWritten::Given(rates) => Rates::Given(rates.clone()),
        RatesAsWritten::ProposedBy { phase, count, factor } => {
            Rates::ProposedBy { phase: phase.get_ref().clone(), count: *count, factor: *factor }
        }
        RatesAsWritten::BestOf { phase, times } => {
            Rates::BestOf { phase: phase.get_ref().clone(), times: *times }
        }
        RatesAsWritten::SameAs { phase } => Rates::SameAs { phase: phase.get_ref().clone() },
    }
}

fn resolve_dropout(dropout: &DropoutAsWritten) -> Dropout {
    match dropout {
        DropoutAsWritten::Given(rate) => Dropout::Given(*rate),
        DropoutAsWritten::BestOf { phase, above } => {
            Dropout::BestOf { phase: phase.get_ref().clone(), above: *above }
        }
    }
}
