//! The study that the arguments name.

use std::fs;
use std::num::NonZeroU32;
use std::path::PathBuf;

use plateau_record::{DataSet, Device};
use plateau_study::spec::{PRESETS, preset};
use plateau_study::{Overrides, Study};

use crate::args::{DeviceArg, StudyArgs};
use crate::failure::Failure;
use crate::location::SYNTHETIC;

/// A study and where it lives.
pub(crate) struct Question {
    pub(crate) study: Study,
    pub(crate) folder: PathBuf,
}

impl Question {
    /// Reads the preset or file, with the changes that the arguments ask for.
    pub(crate) fn read(args: &StudyArgs) -> Result<Self, Failure> {
        let (file, source) = source(&args.study)?;
        let synthetic = args.place.data.as_deref() == Some(SYNTHETIC);
        let overrides = Overrides {
            seeds: args.seeds.and_then(NonZeroU32::new),
            epochs: args.epochs.and_then(NonZeroU32::new),
            device: match args.place.device {
                DeviceArg::Cpu => None,
                DeviceArg::Wgpu => Some(Device::Wgpu),
            },
            data: synthetic.then_some(DataSet::Synthetic),
        };
        let study = Study::parse(&source, &overrides)
            .map_err(|errors| Failure::study(&file, &source, &errors))?;
        let folder = args.out.clone().unwrap_or_else(|| {
            // The preset `synthetic` has its data in its name already.
            let suffix = if synthetic && study.name != SYNTHETIC { "-synthetic" } else { "" };
            PathBuf::from("plateau-out").join(format!("{}{suffix}", study.name))
        });
        Ok(Self { study, folder })
    }
}

/// Name and text of a preset or a file.
fn source(study: &str) -> Result<(String, String), Failure> {
    if let Some(preset) = preset(study) {
        return Ok((format!("{study} (preset)"), preset.source.to_owned()));
    }
    match fs::read_to_string(study) {
        Ok(source) => Ok((study.to_owned(), source)),
        Err(error) => {
            let presets = PRESETS.map(|preset| format!("`{}` ({})", preset.name, preset.about));
            Err(Failure::input_text(
                format!("cannot read the study {study}: {error}"),
                &format!("give a TOML file, or one of the presets: {}", presets.join(", ")),
            ))
        }
    }
}
