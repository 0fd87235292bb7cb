//! A folder with batches in any form, as torchvision, Keras or an unpacked archive leaves it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::cache::Batch;
use crate::error::DataError;
use crate::source::archive;
use crate::source::intake::{Converted, Form, Intake, Part};
use crate::source::kind::{Kind, head};

/// Folders within folders that are looked into: Keras' has two.
const MAX_DEPTH: usize = 3;
/// Entries that are looked at; a home folder isn't searched to its end.
const MAX_ENTRIES: usize = 20_000;
/// Entries that an error names.
const MAX_NAMED: usize = 3;

/// What a folder holds.
pub(crate) enum Found {
    /// The binary batches, in this folder.
    Binary(PathBuf),
    /// Another form, as binary batches.
    Converted(Converted),
}

/// Finds the batches in `root` or in folders within it. A form that is complete is preferred to
/// an archive, that to nothing; of several, the one with the fewest folders above it, the binary
/// one first.
pub(crate) fn find(root: &Path, batches: &[Batch]) -> Result<Found, DataError> {
    let folders = Listing::of(root)?;
    let mut incomplete = None;
    for depth in 0..=MAX_DEPTH {
        for form in Form::ALL {
            for (dir, names) in folders.at(depth) {
                let files = form.files(batches);
                let (present, missing): (Vec<String>, Vec<String>) =
                    files.into_iter().partition(|file| names.contains(file));
                if missing.is_empty() {
                    return read(dir, form, &present, batches);
                }
                if !present.is_empty() {
                    let place = dir.display().to_string();
                    incomplete.get_or_insert(DataError::Incomplete { place, missing });
                }
            }
        }
    }
    // Download scripts leave an archive whose name speaks of CIFAR.
    if let Some((path, _)) = folders.first_of_cifar(Kind::is_archive) {
        let place = path.display().to_string();
        return archive::read(&path, &place, batches).map(Found::Converted);
    }
    if incomplete.is_none()
        && let Some((path, kind)) = folders.first_of_cifar(|kind| matches!(kind, Kind::StandIn(..)))
    {
        let place = path.display().to_string();
        return Err(DataError::NoData { place, found: kind.to_string() });
    }
    let place = root.display().to_string();
    let found = folders.in_words();
    Err(incomplete.unwrap_or(DataError::NoData { place, found }))
}

fn read(dir: &Path, form: Form, files: &[String], batches: &[Batch]) -> Result<Found, DataError> {
    if form == Form::Binary {
        for name in files {
            let path = dir.join(name);
            // What can't be read is reported with all other problems of the batches.
            if let Ok(head) = File::open(&path).and_then(|mut file| head(&mut file)) {
                Kind::refuse_stand_in(&head, &path.display().to_string())?;
            }
        }
        return Ok(Found::Binary(dir.to_owned()));
    }
    let mut intake = Intake::new(batches, form);
    for name in files {
        let Some(part) = Part::of(batches, name).filter(|(of, _)| *of == form) else { continue };
        let path = dir.join(name);
        let file = File::open(&path).map_err(|source| DataError::Io {
            action: "open",
            path: path.clone(),
            source,
        })?;
        intake.take(part.1, &path.display().to_string(), file)?;
    }
    intake.finish(&dir.display().to_string()).map(Found::Converted)
}

/// The regular files of a folder and of those within it.
struct Listing {
    /// By depth, in the order of their names.
    folders: Vec<Vec<(PathBuf, BTreeSet<String>)>>,
}

impl Listing {
    fn of(root: &Path) -> Result<Self, DataError> {
        let mut folders: Vec<Vec<(PathBuf, BTreeSet<String>)>> = Vec::new();
        let mut level = vec![root.to_owned()];
        let mut n_entries = 0;
        for depth in 0..=MAX_DEPTH {
            let mut here = Vec::new();
            let mut below = BTreeSet::new();
            for dir in level {
                let entries = match fs::read_dir(&dir) {
                    Ok(entries) => entries,
                    // What was named must be readable; what lies in it need not be.
                    Err(source) if depth == 0 => {
                        return Err(DataError::Io { action: "read", path: dir, source });
                    }
                    Err(_) => continue,
                };
                let mut names = BTreeSet::new();
                for entry in entries.flatten() {
                    n_entries += 1;
                    if n_entries > MAX_ENTRIES {
                        break;
                    }
                    // Links are followed: their depth bounds them, too.
                    let Ok(metadata) = fs::metadata(entry.path()) else { continue };
                    if metadata.is_dir() {
                        // A hidden folder, such as a home's caches, isn't what was named.
                        if entry.file_name().as_encoded_bytes().starts_with(b".") {
                            continue;
                        }
                        below.insert(entry.path());
                    } else if metadata.is_file()
                        && let Ok(name) = entry.file_name().into_string()
                    {
                        names.insert(name);
                    }
                }
                here.push((dir, names));
            }
            folders.push(here);
            level = below.into_iter().collect();
        }
        Ok(Self { folders })
    }

    fn at(&self, depth: usize) -> impl Iterator<Item = (&Path, &BTreeSet<String>)> {
        let level = self.folders.get(depth).into_iter().flatten();
        level.map(|(dir, names)| (dir.as_path(), names))
    }

    /// The first file of such a kind whose name speaks of CIFAR.
    fn first_of_cifar(&self, is_wanted: impl Fn(Kind) -> bool) -> Option<(PathBuf, Kind)> {
        let all = self.folders.iter().flatten();
        let files = all.flat_map(|(dir, names)| names.iter().map(move |name| (dir, name)));
        let of_cifar = files.filter(|(_, name)| name.to_ascii_lowercase().contains("cifar"));
        let mut kinds = of_cifar.filter_map(|(dir, name)| {
            let path = dir.join(name);
            let kind = Kind::of_file(&path).ok()?;
            Some((path, kind))
        });
        kinds.find(|(_, kind)| is_wanted(*kind))
    }

    fn in_words(&self) -> String {
        let names: Vec<&str> =
            self.at(0).flat_map(|(_, names)| names.iter().map(String::as_str)).collect();
        let n_folders = self.folders.get(1).map_or(0, Vec::len);
        if names.is_empty() && n_folders == 0 {
            return "an empty folder".to_owned();
        }
        let named = names[..names.len().min(MAX_NAMED)].join(", ");
        let more = if names.len() > MAX_NAMED { ", …" } else { "" };
        let files = match names.len() {
            0 => String::new(),
            n => format!(" with {n} other files ({named}{more})"),
        };
        format!("a folder{files}")
    }
}
