//! `plateau report`: a study's report from its stored records alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use plateau_data::{CLASS_NAMES, Dataset, Labelled, PIXELS};
use plateau_record::DataSet;
use plateau_report::{OutputFile, ReportInput, SampleClass, SampleImages, render};
use plateau_study::Store;

use crate::args::ReportArgs;
use crate::failure::Failure;
use crate::location;

/// Images of each class that are kept for the report.
const SAMPLES_PER_CLASS: usize = 8;

pub(crate) fn report(args: &ReportArgs) -> Result<(), Failure> {
    let page = write(&args.folder, &Store::at(&args.folder))?;
    println!("the report is {}", page.display());
    Ok(())
}

/// Writes `report/` anew and gives the path of its page. Until all of it is written, the former
/// report stays in place.
pub(crate) fn write(folder: &Path, store: &Store) -> Result<PathBuf, Failure> {
    let study = store.study().map_err(Failure::input)?.ok_or_else(|| {
        Failure::input_text(
            format!("{} holds no study: there is no study.toml", folder.display()),
            "name the folder that `plateau run` wrote",
        )
    })?;
    let runs = store.runs().map_err(Failure::other)?;
    let findings = plateau_analysis::findings(&study, &runs);
    let samples = stored_samples(folder)?;
    let input =
        ReportInput { study: &study, runs: &runs, findings: &findings, samples: samples.as_ref() };
    let files = render(&input).map_err(Failure::other)?;
    let place = folder.join("report");
    replace(&place, &files).map_err(|error| cannot("write", &place, &error))?;
    Ok(place.join("report.html"))
}

fn replace(place: &Path, files: &[OutputFile]) -> io::Result<()> {
    let fresh = place.with_extension("new");
    let former = place.with_extension("old");
    remove(&fresh)?;
    for file in files {
        let path = fresh.join(&file.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, &file.bytes)?;
    }
    remove(&former)?;
    if place.exists() {
        fs::rename(place, &former)?;
    }
    fs::rename(&fresh, place)?;
    remove(&former)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Keeps a few images of each class beside the records, so that the report needs no data set.
pub(crate) fn store_samples(
    folder: &Path,
    set: DataSet,
    cache: Option<&Path>,
) -> Result<(), Failure> {
    let [png, json] = sample_files(folder);
    if png.is_file() && json.is_file() {
        return Ok(());
    }
    let data = location::load(set, cache).map_err(Failure::other)?;
    let (png_bytes, json_bytes) = samples(&data).to_files().map_err(Failure::other)?;
    for (path, bytes) in [(png, png_bytes), (json, json_bytes)] {
        let aside = path.with_extension("tmp");
        fs::write(&aside, bytes)
            .and_then(|()| fs::rename(&aside, &path))
            .map_err(|error| cannot("write", &path, &error))?;
    }
    Ok(())
}

fn stored_samples(folder: &Path) -> Result<Option<SampleImages>, Failure> {
    let [png, json] = sample_files(folder);
    if !(png.is_file() && json.is_file()) {
        return Ok(None);
    }
    let read = |path: &Path| fs::read(path).map_err(|error| cannot("read", path, &error));
    SampleImages::from_files(&read(&png)?, &read(&json)?).map(Some).map_err(Failure::other)
}

fn sample_files(folder: &Path) -> [PathBuf; 2] {
    [folder.join("samples.png"), folder.join("samples.json")]
}

/// The first images of each class of the training pool.
fn samples(data: &Dataset) -> SampleImages {
    let pool = &data.training;
    let class = |(label, name): (usize, &&str)| {
        let of_class = (0..pool.len()).filter(|i| usize::from(pool.label(*i)) == label);
        SampleClass {
            name: (*name).to_owned(),
            n_train_images: of_class.clone().count() as u64,
            images: of_class.take(SAMPLES_PER_CLASS).map(|i| interleave(pool.image(i))).collect(),
        }
    };
    SampleImages { classes: CLASS_NAMES.iter().enumerate().map(class).collect() }
}

/// Planar to interleaved.
fn interleave(planar: &[u8]) -> Vec<u8> {
    (0..PIXELS).flat_map(|i| [planar[i], planar[PIXELS + i], planar[2 * PIXELS + i]]).collect()
}

fn cannot(action: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::text(
        format!("cannot {action} {}: {error}", path.display()),
        "make room or give permission, then run the same command again",
    )
}
