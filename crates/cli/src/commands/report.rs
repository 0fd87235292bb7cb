//! `plateau report`: a study's report from its stored records alone.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use plateau::pictures::{Pictures, SAMPLES, SHOWN};
use plateau_analysis::{Findings, Missing};
use plateau_data::{CLASS_NAMES, Dataset, Labelled, PIXELS};
use plateau_record::{DataSet, RunId, RunRecord, StudyRecord};
use plateau_report::{
    OutputFile, ReportInput, SampleClass, SampleImages, ShownImages, TypstPaper, render,
};
use plateau_study::Store;

use crate::args::ReportArgs;
use crate::failure::Failure;
use crate::location;

/// Images of each class that are kept for the report.
const SAMPLES_PER_CLASS: usize = 8;

pub(crate) fn report(args: &ReportArgs) -> Result<(), Failure> {
    let written = write(&args.folder, &Store::at(&args.folder))?;
    for line in &written.missing {
        println!("{line}");
    }
    println!("the report is {}", written.page.display());
    Ok(())
}

/// A report that was written.
pub(crate) struct Written {
    /// Its page.
    pub(crate) page: PathBuf,
    /// What is missing of the study, in words.
    pub(crate) missing: Vec<String>,
}

/// Writes `report/` anew. Until all of it is written, the former report stays in place.
pub(crate) fn write(folder: &Path, store: &Store) -> Result<Written, Failure> {
    write_stored(folder, &Stored::read(store)?)
}

/// The same, after the test images that it shows were kept beside the records.
pub(crate) fn write_with_images(
    folder: &Path,
    store: &Store,
    cache: Option<&Path>,
) -> Result<Written, Failure> {
    let stored = Stored::read(store)?;
    store_shown(store, &stored, cache)?;
    write_stored(folder, &stored)
}

fn write_stored(
    folder: &Path,
    Stored { study, runs, findings }: &Stored,
) -> Result<Written, Failure> {
    let Pictures { samples, shown } = Pictures::read(folder).map_err(Failure::input)?;
    let input =
        ReportInput { study, runs, findings, samples: samples.as_ref(), shown: shown.as_ref() };
    let mut report = render(&input).map_err(Failure::other)?;
    report.files.extend(typeset(report.paper)?);
    let place = folder.join("report");
    replace(&place, &report.files).map_err(|error| cannot("write", &place, &error))?;
    Ok(Written { page: place.join("report.html"), missing: missing(findings) })
}

/// A study's records, and what they say.
struct Stored {
    study: StudyRecord,
    runs: BTreeMap<RunId, RunRecord>,
    findings: Findings,
}

impl Stored {
    fn read(store: &Store) -> Result<Self, Failure> {
        let study = stored_study(store)?;
        let runs = store.runs().map_err(Failure::other)?;
        let findings = plateau_analysis::findings(&study, &runs);
        Ok(Self { study, runs, findings })
    }
}

/// The study that a folder holds.
pub(crate) fn stored_study(store: &Store) -> Result<StudyRecord, Failure> {
    store.study().map_err(Failure::input)?.ok_or_else(|| {
        Failure::input_text(
            format!("{} holds no study: there is no study.toml", store.dir().display()),
            "name the folder that `plateau run` wrote",
        )
    })
}

/// The paper as a PDF, where the typesetter is part of this build.
#[cfg(feature = "pdf")]
fn typeset(paper: TypstPaper) -> Result<Option<OutputFile>, Failure> {
    let TypstPaper { main, files, fonts } = paper;
    let source = plateau_typeset::Source { main, files, fonts: fonts.to_vec() };
    let bytes = plateau_typeset::pdf(&source).map_err(Failure::other)?;
    Ok(Some(OutputFile { path: "paper.pdf".to_owned(), bytes }))
}

#[cfg(not(feature = "pdf"))]
fn typeset(_paper: TypstPaper) -> Result<Option<OutputFile>, Failure> {
    Ok(None)
}

/// What a study lacks: its phases, and how many runs of each.
fn missing(findings: &Findings) -> Vec<String> {
    if findings.missing.is_empty() {
        return Vec::new();
    }
    let study = &findings.study;
    let mut lines = vec![format!(
        "preliminary: {} of {} runs have a result; missing:",
        study.n_stored, study.n_runs
    )];
    let mut runs: BTreeMap<&str, usize> = BTreeMap::new();
    for missing in &findings.missing {
        match missing {
            Missing::Phase { phase, pending: true } => {
                lines.push(format!("  {phase}: waits for another phase's results"));
            }
            Missing::Phase { phase, pending: false } => {
                lines.push(format!("  {phase}: is not there"));
            }
            Missing::Run { phase, .. } => *runs.entry(phase).or_default() += 1,
        }
    }
    lines.extend(runs.into_iter().map(|(phase, n)| format!("  {phase}: {n} runs")));
    lines
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
        let mut written = File::create(path)?;
        written.write_all(&file.bytes)?;
        written.sync_all()?;
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
    store: &Store,
    set: DataSet,
    cache: Option<&Path>,
) -> Result<(), Failure> {
    if SAMPLES.iter().all(|name| store.dir().join(name).is_file()) {
        return Ok(());
    }
    let data = location::load(set, cache).map_err(Failure::other)?;
    write_pair(store, SAMPLES, samples(&data).to_files().map_err(Failure::other)?)
}

/// Keeps the test images that the report shows, its surest mistakes, beside the records.
fn store_shown(store: &Store, stored: &Stored, cache: Option<&Path>) -> Result<(), Failure> {
    let predictions = stored.findings.predictions.as_ref();
    let mistakes = predictions.and_then(|predictions| predictions.mistakes.as_ref());
    let Some(mistakes) = mistakes.filter(|mistakes| !mistakes.surest.is_empty()) else {
        return Ok(());
    };
    let test = location::load(stored.study.data, cache).map_err(Failure::other)?.test;
    let image = |position: usize| (position, interleave(test.image(position)));
    let images = mistakes.surest.iter().map(|mistake| mistake.image);
    let shown = ShownImages {
        images: images.filter(|position| *position < test.len()).map(image).collect(),
    };
    write_pair(store, SHOWN, shown.to_files().map_err(Failure::other)?)
}

fn write_pair(
    store: &Store,
    names: [&str; 2],
    (png, json): (Vec<u8>, Vec<u8>),
) -> Result<(), Failure> {
    for (name, bytes) in names.into_iter().zip([png, json]) {
        store.write_file(name, &bytes).map_err(|error| Failure::of_the_disk(error.to_string()))?;
    }
    Ok(())
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
    Failure::of_the_disk(format!("cannot {action} {}: {error}", path.display()))
}
