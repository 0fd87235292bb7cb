//! What the command line changes in a study before it is resolved.

use std::num::NonZeroU32;

use plateau_record::{DataSet, Device, Seed, SplitScheme};
use toml::Spanned;

use super::settings::SplitAsWritten;
use super::training_images;
use super::written::{Settings, Written};

/// Changes to a study as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The seeds 0 … n − 1 in place of the study's.
    pub seeds: Option<NonZeroU32>,
    /// The epochs of every phase. A range test is only ever shortened: its length is part of
    /// its rule.
    pub epochs: Option<NonZeroU32>,
    /// The back end.
    pub device: Option<Device>,
    /// The data set. If it has too few images for the largest split of the study, then all
    /// splits shrink by the same factor, rounded down to a multiple of the number of classes.
    pub data: Option<DataSet>,
}

impl Overrides {
    /// The program's arguments that ask for these changes.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let numbers = [("--seeds", self.seeds), ("--epochs", self.epochs)];
        let numbers = numbers.into_iter().filter_map(|(name, n)| Some(format!("{name} {}", n?)));
        let data = (self.data == Some(DataSet::Synthetic)).then(|| "--data synthetic".to_owned());
        let device = self.device.map(|device| match device {
            Device::Cpu => "--device cpu".to_owned(),
            Device::Wgpu => "--device wgpu".to_owned(),
        });
        numbers.chain(data).chain(device).collect()
    }

    /// These changes, and what earlier arguments asked for where these say nothing.
    #[must_use]
    pub fn or(self, earlier: &[String]) -> Self {
        let value = |name: &str| {
            earlier.iter().find_map(|argument| argument.strip_prefix(name)?.strip_prefix(' '))
        };
        let number = |name: &str| value(name)?.parse().ok();
        let synthetic = (value("--data") == Some("synthetic")).then_some(DataSet::Synthetic);
        let device = value("--device").and_then(|device| match device {
            "cpu" => Some(Device::Cpu),
            "wgpu" => Some(Device::Wgpu),
            _ => None,
        });
        Self {
            seeds: self.seeds.or_else(|| number("--seeds")),
            epochs: self.epochs.or_else(|| number("--epochs")),
            device: self.device.or(device),
            data: self.data.or(synthetic),
        }
    }

    pub(super) fn apply(&self, written: &mut Written) {
        if let Some(n) = self.seeds {
            written.seeds = (0..u64::from(n.get())).map(Seed).collect();
        }
        if let Some(device) = self.device {
            written.device = device;
        }
        if let Some(epochs) = self.epochs {
            for settings in all_settings(written) {
                settings.epochs = settings.epochs.take().map(|old| replace(&old, epochs.get()));
            }
            for phase in &mut written.phases {
                if let Some(range_test) = &mut phase.range_test {
                    let range_test = range_test.get_mut();
                    range_test.epochs = range_test.epochs.min(epochs.get());
                }
            }
        }
        if let Some(data) = self.data {
            let before = training_images(written.data);
            written.data = data;
            shrink_splits(written, before, training_images(data));
        }
    }
}

fn replace<T>(old: &Spanned<T>, new: T) -> Spanned<T> {
    Spanned::new(old.span(), new)
}

fn all_settings(written: &mut Written) -> impl Iterator<Item = &mut Settings> {
    let phases = written.phases.iter_mut().map(|phase| &mut phase.settings);
    std::iter::once(&mut written.defaults).chain(phases)
}

/// Images of the data set that a split takes up.
pub(super) fn images_needed(split: &SplitAsWritten) -> u64 {
    let (train, validation) = (u64::from(split.train), u64::from(split.validation));
    match split.scheme {
        SplitScheme::Holdout => train + validation,
        SplitScheme::TrainOnA | SplitScheme::TrainOnB => 2 * train.max(validation),
    }
}

/// Splits that were too large for the old data set are left to be reported.
fn shrink_splits(written: &mut Written, before: u32, now: u32) {
    let splits: Vec<&mut SplitAsWritten> = all_settings(written)
        .filter_map(|settings| settings.split.as_mut().map(Spanned::get_mut))
        .collect();
    let largest = splits.iter().map(|split| images_needed(split)).max().unwrap_or(0);
    if largest <= u64::from(now) || largest > u64::from(before) {
        return;
    }
    let classes = plateau_record::N_CLASSES as u64;
    let shrink = |images: u32| {
        let exact = u64::from(images) * u64::from(now) / largest;
        let rounded = (exact / classes * classes).max(classes);
        u32::try_from(rounded).unwrap_or(images)
    };
    for split in splits {
        split.train = shrink(split.train);
        split.validation = shrink(split.validation);
    }
}
