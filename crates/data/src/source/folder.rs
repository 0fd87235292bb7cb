//! A folder with batches in any form, as torchvision or an unpacked archive leaves it.

use std::fs::File;
use std::path::Path;

use crate::error::DataError;
use crate::source::intake::{Form, Intake};

/// Takes the batches from `folder` itself or from a subfolder of the archives' names. A form
/// that is complete is preferred to one that isn't.
pub(crate) fn import(folder: &Path, intake: Intake<'_>) -> Result<(), DataError> {
    let mut incomplete = None;
    for form in Form::ALL {
        for dir in [folder.to_owned(), folder.join(form.folder())] {
            let files = form.files(intake.cache);
            let (present, missing): (Vec<String>, Vec<String>) =
                files.into_iter().partition(|file| dir.join(file).is_file());
            if missing.is_empty() {
                return import_form(&dir, form, &present, intake);
            }
            if !present.is_empty() {
                let place = dir.display().to_string();
                incomplete.get_or_insert(DataError::Incomplete { place, missing });
            }
        }
    }
    let place = folder.display().to_string();
    Err(incomplete.unwrap_or(DataError::NothingFound { place }))
}

fn import_form(
    dir: &Path,
    form: Form,
    files: &[String],
    mut intake: Intake<'_>,
) -> Result<(), DataError> {
    for name in files {
        let Some(part) = form.part(intake.cache, name) else { continue };
        let path = dir.join(name);
        let file = File::open(&path).map_err(|source| DataError::Io {
            action: "open",
            path: path.clone(),
            source,
        })?;
        intake.take(part, &path.display().to_string(), file)?;
    }
    intake.finish(&dir.display().to_string())
}
