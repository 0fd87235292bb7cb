//! What varies in a phase, and what its arms are called.

use plateau_record::{Group, RunConfig, Schedule, ScheduleShape};

use crate::findings::Setting;
use crate::number::short;

/// A group with the configuration of its first stored run, which tells what the group doesn't.
pub(super) type Described<'a> = (&'a Group, Option<&'a RunConfig>);

/// The settings that differ between the groups of a phase, in the order of the label's parts.
pub(super) fn varied(groups: &[Described<'_>]) -> Vec<Setting> {
    let Some(((first, first_config), others)) = groups.split_first() else {
        return Vec::new();
    };
    let differs = |same: &dyn Fn(&Group) -> bool| others.iter().any(|(group, _)| !same(group));
    let config_differs = |read: &dyn Fn(&RunConfig) -> u32| {
        let value = first_config.map(read);
        others
            .iter()
            .any(|(_, config)| value.is_some() && config.is_some_and(|c| Some(read(c)) != value))
    };
    let shape = &first.schedule.shape;
    [
        (Setting::LearningRate, differs(&|g| g.schedule.rate == first.schedule.rate)),
        (Setting::Schedule, differs(&|g| g.schedule.shape == *shape)),
        (Setting::Dropout, differs(&|g| g.dropout == first.dropout)),
        (Setting::BatchNorm, differs(&|g| g.batch_norm == first.batch_norm)),
        (Setting::Transfer, differs(&|g| g.transfer == first.transfer)),
        (Setting::Epochs, differs(&|g| g.epochs == first.epochs)),
        (Setting::BatchSize, config_differs(&|c| c.batch_size)),
        (Setting::Hidden, config_differs(&|c| c.network.hidden)),
    ]
    .into_iter()
    .filter_map(|(setting, differs)| differs.then_some(setting))
    .collect()
}

/// The one setting that varies, for the axis.
pub(super) fn axis(varied: &[Setting], n_groups: usize) -> Setting {
    match varied {
        [setting] => *setting,
        [] if n_groups < 2 => Setting::Nothing,
        // A new shape of the schedule often comes with its own rate.
        [Setting::LearningRate, Setting::Schedule] => Setting::Schedule,
        _ => Setting::Other,
    }
}

/// The value of a setting as a number; none for those that have no number.
pub(super) fn value(setting: Setting, (group, config): Described<'_>) -> Option<f64> {
    match setting {
        Setting::LearningRate => Some(group.schedule.rate),
        Setting::Dropout => Some(group.dropout),
        Setting::BatchNorm => Some(f64::from(u8::from(group.batch_norm))),
        Setting::Transfer => Some(f64::from(u8::from(group.transfer))),
        Setting::Epochs => Some(f64::from(group.epochs.0)),
        Setting::BatchSize => config.map(|c| f64::from(c.batch_size)),
        Setting::Hidden => config.map(|c| f64::from(c.network.hidden)),
        Setting::Schedule | Setting::Other | Setting::Nothing => None,
    }
}

/// The label of a group in a phase where these settings vary.
pub(super) fn label(varied: &[Setting], described: Described<'_>) -> String {
    let (group, _) = described;
    let mut parts: Vec<String> = Vec::new();
    for setting in varied {
        let part = name(*setting, described);
        if !part.is_empty() && !parts.contains(&part) {
            parts.push(part);
        }
    }
    if parts.is_empty() {
        parts.push(characteristic(group));
    }
    if group.transfer && !varied.contains(&Setting::Transfer) {
        parts.push("transferred".to_owned());
    }
    parts.join(", ")
}

fn name(setting: Setting, (group, config): Described<'_>) -> String {
    let with = |yes: bool, what: &str| if yes { what.to_owned() } else { format!("no {what}") };
    match setting {
        Setting::LearningRate | Setting::Schedule => schedule(&group.schedule),
        Setting::Dropout => dropout(group.dropout),
        Setting::BatchNorm => with(group.batch_norm, "batch norm"),
        Setting::Transfer => with(group.transfer, "transfer"),
        Setting::Epochs => format!("{} epochs", group.epochs),
        Setting::BatchSize => {
            config.map_or_else(String::new, |c| format!("batch {}", c.batch_size))
        }
        Setting::Hidden => {
            config.map_or_else(String::new, |c| format!("{} hidden units", c.network.hidden))
        }
        Setting::Other | Setting::Nothing => String::new(),
    }
}

/// What is most particular about a group that stands alone.
fn characteristic(group: &Group) -> String {
    let constant = group.schedule.shape == ScheduleShape::Constant;
    if group.batch_norm {
        "batch norm".to_owned()
    } else if group.transfer || group.dropout > 0.0 {
        dropout(group.dropout)
    } else if constant {
        format!("rate {}", short(group.schedule.rate))
    } else {
        schedule(&group.schedule)
    }
}

/// `dropout 0.3`, `no dropout`.
pub(super) fn dropout(rate: f64) -> String {
    if rate == 0.0 { "no dropout".to_owned() } else { format!("dropout {}", short(rate)) }
}

fn schedule(schedule: &Schedule) -> String {
    let rate = short(schedule.rate);
    match &schedule.shape {
        ScheduleShape::Constant => format!("rate {rate}"),
        ScheduleShape::Cosine => format!("cosine from {rate}"),
        ScheduleShape::Step { every, factor } => {
            format!("steps of ×{} every {every} epochs from {rate}", short(*factor))
        }
        ScheduleShape::RangeTest { to } => format!("range test {rate} to {}", short(*to)),
    }
}
