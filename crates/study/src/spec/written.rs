//! The study as written: what may be left out is an `Option`, and everything has its place.

use plateau_record::bounds;
use plateau_record::{Activation, DataSet, Device, Optimizer, ScheduleShape, Seed};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{SpecError, SpecErrors};
use super::keys::{self, Keys, Value, suggestion};
use super::settings::{self, DropoutAsWritten, RangeTestAsWritten, RatesAsWritten, SplitAsWritten};
use super::values;

type Errors = Vec<SpecError>;

#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) data: DataSet,
    pub(super) device: Device,
    pub(super) seeds: Vec<Seed>,
    pub(super) split_seed: Seed,
    /// `[network]` and `[training]`: what phases have unless they say otherwise.
    pub(super) defaults: Settings,
    /// In the order of the file.
    pub(super) phases: Vec<PhaseAsWritten>,
    pub(super) experiments: Vec<Spanned<ExperimentAsWritten>>,
}

/// A setting that may have been left out.
pub(super) type Setting<T> = Option<Spanned<T>>;

/// What can be said for all phases in `[network]` and `[training]`, and for one in its table.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) channels: Setting<Vec<u32>>,
    pub(super) hidden: Setting<u32>,
    pub(super) activation: Setting<Activation>,
    pub(super) dropout: Setting<Vec<Spanned<DropoutAsWritten>>>,
    pub(super) batch_norm: Setting<Vec<Spanned<bool>>>,
    pub(super) split: Setting<SplitAsWritten>,
    pub(super) batch_size: Setting<u32>,
    pub(super) epochs: Setting<u32>,
    pub(super) optimizer: Setting<Optimizer>,
    pub(super) rate: Setting<RatesAsWritten>,
    pub(super) schedule: Setting<ScheduleShape>,
}

#[derive(Clone, Debug)]
pub(super) struct PhaseAsWritten {
    /// Its place is that of the table, for what is missing in it.
    pub(super) name: Spanned<String>,
    pub(super) settings: Settings,
    pub(super) range_test: Setting<RangeTestAsWritten>,
    pub(super) transfer_from: Setting<String>,
}

#[derive(Clone, Debug)]
pub(super) enum ExperimentAsWritten {
    LearningRate {
        range_test: Setting<String>,
        constant: Spanned<String>,
        scheduled: Setting<String>,
    },
    Regularisation {
        dropout: Spanned<String>,
        transfer: Setting<String>,
    },
    GradientFlow {
        dropout: Spanned<String>,
        batch_norm: Spanned<String>,
    },
    Sweep {
        phase: Spanned<String>,
    },
}

pub(super) fn read(source: &str) -> Result<Written, SpecErrors> {
    let root = DeTable::parse(source).map_err(|error| {
        let end = source.len();
        let error_span = error.span().unwrap_or(end..end);
        SpecError::new(error_span, format!("this is not TOML: {}", error.message()))
    })?;
    let mut errors = Vec::new();
    // What is missing on the top level is reported at the file's first byte.
    let mut keys = Keys::new("the study", 0..0, root.get_ref());
    let written = read_study(&mut keys, &mut errors);
    keys.finish(&mut errors);
    SpecErrors::check(errors)?;
    written.ok_or_else(|| SpecError::new(0..0, "the study is incomplete").into())
}

fn read_study(keys: &mut Keys<'_, '_>, errors: &mut Errors) -> Option<Written> {
    let name = keys.required("name", errors, values::name);
    let title = keys.required("title", errors, values::title);
    let data = keys.required("data", errors, values::data_set);
    let device = keys.optional("device", errors, values::device);
    let seeds = keys.required("seeds", errors, values::seeds);
    let split_seed = keys.optional("split_seed", errors, values::seed);

    let mut defaults = Settings::default();
    for (key, take) in [
        ("network", Settings::take_network as fn(&mut Settings, &mut Keys<'_, '_>, &mut Errors)),
        ("training", Settings::take_training),
    ] {
        if let Some(table) = keys.take(key)
            && let Some(mut table) = Keys::of(format!("[{key}]"), table, errors)
        {
            take(&mut defaults, &mut table, errors);
            table.finish(errors);
        }
    }
    let phases = keys.required("phase", errors, read_phases);
    let experiments = keys.optional("experiment", errors, |key, value, errors| {
        values::many(key, value, errors, |_, item, errors| read_experiment(item, errors))
    });
    Some(Written {
        name: name?.into_inner(),
        title: title?.into_inner(),
        data: data?.into_inner(),
        device: device.map(Spanned::into_inner).unwrap_or_default(),
        seeds: seeds?.into_inner(),
        split_seed: split_seed.map(Spanned::into_inner).unwrap_or_default(),
        defaults,
        phases: phases?.into_inner(),
        experiments: experiments.map(Spanned::into_inner).unwrap_or_default(),
    })
}

impl Settings {
    fn take_network(&mut self, keys: &mut Keys<'_, '_>, errors: &mut Errors) {
        self.channels = keys.optional("channels", errors, settings::channels);
        self.hidden = keys.optional("hidden", errors, values::count_to(bounds::MAX_UNITS));
        self.activation = keys.optional("activation", errors, settings::activation);
        self.dropout = keys.optional("dropout", errors, settings::dropouts);
        self.batch_norm = keys.optional("batch_norm", errors, |key, value, errors| {
            values::one_or_many(key, value, errors, values::truth)
        });
    }

    fn take_training(&mut self, keys: &mut Keys<'_, '_>, errors: &mut Errors) {
        self.split = keys.optional("split", errors, settings::split);
        self.batch_size = keys.optional("batch_size", errors, values::count_to(bounds::MAX_BATCH));
        self.epochs = keys.optional("epochs", errors, values::count_to(bounds::MAX_EPOCHS));
        self.optimizer = keys.optional("optimizer", errors, settings::optimizer);
        self.rate = keys.optional("rate", errors, settings::rates);
        self.schedule = keys.optional("schedule", errors, settings::schedule);
    }
}

fn read_phases(
    _: &'static str,
    value: Value<'_, '_>,
    errors: &mut Errors,
) -> Option<Vec<PhaseAsWritten>> {
    let DeValue::Table(table) = value.get_ref() else {
        let error = SpecError::new(value.span(), "`phase` must be tables, one per phase");
        return values::report(errors, error.help("write [phase.NAME] above a phase's settings"));
    };
    let mut phases: Vec<_> = table.iter().collect();
    // The parser sorts by name; the place tells the order of the file.
    phases.sort_by_key(|(name, _)| name.span().start);
    for (i, (name, _)) in phases.iter().enumerate() {
        let same = |other: &str| other.eq_ignore_ascii_case(name.get_ref());
        if phases[..i].iter().any(|(other, _)| same(other.get_ref())) {
            let message = "names of phases become parts of file names, and must differ in more \
                           than capital letters";
            errors.push(SpecError::new(name.span(), message).label("differs in no more"));
        }
    }
    let read: Vec<Option<PhaseAsWritten>> =
        phases.iter().map(|(name, value)| read_phase(name.get_ref(), value, errors)).collect();
    read.into_iter().collect()
}

fn read_phase(name: &str, value: Value<'_, '_>, errors: &mut Errors) -> Option<PhaseAsWritten> {
    if !values::is_name(name) {
        let message = format!("the name of a phase must {}", values::name_words());
        let label = format!("this one is called {}", keys::shortened(&format!("{name:?}")));
        return values::report(errors, SpecError::new(value.span(), message).label(label));
    }
    let mut keys = Keys::of(format!("[phase.{name}]"), value, errors)?;
    let mut settings = Settings::default();
    settings.take_network(&mut keys, errors);
    settings.take_training(&mut keys, errors);
    let range_test = keys.optional("range_test", errors, settings::range_test);
    let transfer_from = keys.optional("transfer_from", errors, values::text);
    let name = Spanned::new(keys.span(), name.to_owned());
    keys.finish(errors);
    Some(PhaseAsWritten { name, settings, range_test, transfer_from })
}

fn read_experiment(value: Value<'_, '_>, errors: &mut Errors) -> Option<ExperimentAsWritten> {
    let mut keys = Keys::of("[[experiment]]", value, errors)?;
    let kind = keys.required("kind", errors, values::text)?;
    let read = match kind.get_ref().as_str() {
        "learning-rate" => {
            let range_test = keys.optional("range_test", errors, values::text);
            let constant = keys.required("constant", errors, values::text);
            let scheduled = keys.optional("scheduled", errors, values::text);
            constant.map(|constant| ExperimentAsWritten::LearningRate {
                range_test,
                constant,
                scheduled,
            })
        }
        "regularisation" => {
            let dropout = keys.required("dropout", errors, values::text);
            let transfer = keys.optional("transfer", errors, values::text);
            dropout.map(|dropout| ExperimentAsWritten::Regularisation { dropout, transfer })
        }
        "gradient-flow" => {
            let dropout = keys.required("dropout", errors, values::text);
            let batch_norm = keys.required("batch_norm", errors, values::text);
            dropout.zip(batch_norm).map(|(dropout, batch_norm)| ExperimentAsWritten::GradientFlow {
                dropout,
                batch_norm,
            })
        }
        "sweep" => {
            let phase = keys.required("phase", errors, values::text);
            phase.map(|phase| ExperimentAsWritten::Sweep { phase })
        }
        other => {
            let kinds = ["learning-rate", "regularisation", "gradient-flow", "sweep"];
            let error = SpecError::new(kind.span(), format!("there is no experiment {other:?}"));
            let error = error.label("unknown kind").help(suggestion(other, &kinds));
            return values::report(errors, error);
        }
    };
    keys.finish(errors);
    read
}
