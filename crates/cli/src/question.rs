//! The study that the arguments name.

use std::fs::File;
use std::io::Read as _;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use plateau_record::{DataSet, Device, StudyRecord, default_folder};
use plateau_study::spec::{MAX_STUDY_BYTES, PRESETS, decode, preset};
use plateau_study::store::{STUDY_FILE, WRITTEN_FILE};
use plateau_study::{Overrides, Store, Study};

use crate::args::StudyArgs;
use crate::failure::Failure;
use crate::location::{Images, Source};

/// A study, where it lives, and its images.
pub(crate) struct Question {
    pub(crate) study: Study,
    /// The study as written.
    pub(crate) source: String,
    pub(crate) folder: PathBuf,
    pub(crate) images: Images,
}

/// A study as written, and what its name or file says besides.
struct Written {
    /// What errors call it.
    file: String,
    source: String,
    /// The folder that it lives in, and what was changed in the file when it was last run.
    stored: Option<(PathBuf, Option<StudyRecord>)>,
}

impl Question {
    /// Reads the preset, file or folder, with the changes that the arguments ask for, and opens
    /// the images that they name.
    pub(crate) fn read(args: &StudyArgs) -> Result<Self, Failure> {
        let asks_for_synthetic =
            matches!(Source::find(args.place.data.data.as_ref())?, Source::Synthetic);
        let given = Overrides {
            seeds: args.seeds.and_then(NonZeroU32::new),
            epochs: args.epochs.and_then(NonZeroU32::new),
            device: args.place.device.map(Device::from),
            data: asks_for_synthetic.then_some(DataSet::Synthetic),
        };
        let Written { file, source, stored } = written(&args.study)?;
        if let Some((folder, None)) = &stored
            && given == Overrides::default()
            && Store::at(folder).run_ids().is_ok_and(|ids| !ids.is_empty())
        {
            return Err(Failure::input_text(
                format!(
                    "{} is missing or damaged, which said with what options the study was run",
                    folder.join(STUDY_FILE).display()
                ),
                &lost_study(folder),
            ));
        }
        let before = stored.as_ref().and_then(|(_, record)| record.as_ref());
        let overrides = before.map_or(given, |record| given.or(&record.arguments));
        let mut study = Study::parse(&source, &overrides)
            .map_err(|errors| Failure::study(&file, &source, &errors))?;
        let images = Images::find(study.data, &args.place.data)?;
        study.altered = images.altered();
        let folder = args.out.clone().unwrap_or_else(|| match stored {
            Some((folder, _)) => folder,
            None => PathBuf::from(default_folder(&study.name, &study.arguments)),
        });
        Ok(Self { study, source, folder, images })
    }
}

/// The preset of that name, or what a file or a study's folder holds.
fn written(study: &Path) -> Result<Written, Failure> {
    if let Some(preset) = study.to_str().and_then(preset) {
        return Ok(Written {
            file: format!("{} (preset)", preset.name),
            source: preset.source.to_owned(),
            stored: None,
        });
    }
    if study.is_dir() {
        return of_folder(study);
    }
    let name = study.file_name().unwrap_or_default();
    let parent = study.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    let is_of_a_folder = (name == STUDY_FILE || name == WRITTEN_FILE)
        && matches!(Store::at(parent).study(), Ok(Some(_)));
    if is_of_a_folder {
        return of_folder(parent);
    }
    Ok(Written { file: study.display().to_string(), source: read(study)?, stored: None })
}

/// The study that a folder holds, as it was written.
fn of_folder(folder: &Path) -> Result<Written, Failure> {
    let store = Store::at(folder);
    let record = match store.study() {
        Ok(record) => record,
        // The study as written tells all but the arguments.
        Err(_) if folder.join(WRITTEN_FILE).is_file() => None,
        Err(error) => return Err(Failure::input(error)),
    };
    let path = folder.join(WRITTEN_FILE);
    if path.is_file() {
        let file = path.display().to_string();
        let stored = Some((folder.to_owned(), record));
        return Ok(Written { file, source: read(&path)?, stored });
    }
    let Some(record) = record else {
        return Err(Failure::input_text(
            format!("{} holds no study: there is no {STUDY_FILE}", folder.display()),
            "name a folder that `plateau run` wrote, a TOML file, or a preset",
        ));
    };
    // Of a version that kept no study as written.
    let Some(preset) = preset(&record.name) else {
        return Err(Failure::input_text(
            format!(
                "{} holds the results of the study `{}`, and not the study as it was written",
                folder.display(),
                record.name
            ),
            "name the study's file, and the folder with --out",
        ));
    };
    Ok(Written {
        file: format!("{} (preset)", preset.name),
        source: preset.source.to_owned(),
        stored: Some((folder.to_owned(), Some(record))),
    })
}

/// What to do where a folder has lost its resolved study.
pub(crate) fn lost_study(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "if it was run with options such as --seeds or --epochs, give them again: `plateau run \
         {folder} --seeds N`; if not, `plateau run {folder}/{WRITTEN_FILE} --out {folder}`"
    )
}

/// A study file's text.
fn read(path: &Path) -> Result<String, Failure> {
    let presets = PRESETS.map(|preset| format!("`{}` ({})", preset.name, preset.about));
    let presets = presets.join(", ");
    let cannot = |reason: String| {
        Failure::input_text(
            format!("cannot read the study {}: {reason}", path.display()),
            &format!("give a TOML file, a study's folder, or one of the presets: {presets}"),
        )
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_STUDY_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| cannot(error.to_string()))?;
    if bytes.len() as u64 > MAX_STUDY_BYTES {
        return Err(cannot(format!("it has more than {MAX_STUDY_BYTES} bytes")));
    }
    decode(&bytes).map_err(|error| cannot(error.to_string()))
}
