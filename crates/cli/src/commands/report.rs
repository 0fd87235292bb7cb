//! `plateau report`: a study's report from its stored records alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plateau::pictures::{PictureError, Pictures, SAMPLES, SHOWN};
use plateau::place;
use plateau_analysis::{Findings, Missing};
use plateau_data::{CLASS_NAMES, Dataset, Labelled, PIXELS};
use plateau_record::{DataSet, RunId, RunRecord, StudyRecord};
use plateau_report::{
    OutputFile, ReportInput, SampleClass, SampleImages, ShownImages, TypstPaper, render,
};
use plateau_study::store::{StoredRuns, UnreadableRun, WRITTEN_FILE};
use plateau_study::{Store, StoreError};
use serde_json::json;

use crate::args::ReportArgs;
use crate::commands::status::other_line_ends;
use crate::failure::Failure;
use crate::location::Prepared;
use crate::output::{answer, count, say};
use crate::question::lost_study;

/// Images of each class that are kept for the report.
const SAMPLES_PER_CLASS: usize = 8;

pub(crate) fn report(args: &ReportArgs) -> Result<(), Failure> {
    let store = Store::at(&args.folder);
    let stored = Stored::read(&store)?;
    if stored.runs.is_empty() {
        stored.notes.iter().for_each(say);
        return Err(Failure::text(
            format!(
                "there is nothing to report: {} holds no run that can be read",
                store.dir().display()
            ),
            "`plateau run DIR` trains what is missing; a report that is there is left as it is",
        ));
    }
    // Of a study that is being executed, the report is of what there is so far.
    let _lock = match store.lock("plateau report") {
        Err(StoreError::Locked { .. }) => None,
        lock => Some(lock.map_err(|error| Failure::store(&error))?),
    };
    let written = write_stored(&store, &stored)?;
    written.tell();
    if args.json {
        return answer(json!({
            "report": written.page.to_string_lossy(),
            "complete": written.missing.is_empty(),
            "missing": written.missing,
            "notes": written.notes,
        }));
    }
    let mut lines = written.missing.clone();
    lines.push(format!("the report is {}", written.page.display()));
    answer(lines.join("\n"))
}

/// A report that was written.
pub(crate) struct Written {
    /// Its page.
    pub(crate) page: PathBuf,
    /// What is missing of the study, in words.
    pub(crate) missing: Vec<String>,
    /// What else the user should know.
    pub(crate) notes: Vec<String>,
}

impl Written {
    /// On standard error.
    pub(crate) fn tell(&self) {
        self.notes.iter().for_each(say);
    }
}

/// Writes `report/` anew, after the test images that it shows were kept beside the records.
/// Until all of it is written, the former report stays in place.
pub(crate) fn write_with_images(store: &Store, data: &Prepared) -> Result<Written, Failure> {
    let stored = Stored::read(store)?;
    store_shown(store, &stored, data)?;
    write_stored(store, &stored)
}

fn write_stored(store: &Store, stored: &Stored) -> Result<Written, Failure> {
    let Stored { study, runs, findings, notes, left_out } = stored;
    let mut notes = notes.clone();
    let (Pictures { samples, shown }, problems) = Pictures::read_what_can_be_read(store.dir());
    notes.extend(problems.iter().map(PictureError::to_string));
    let written = store.written().map_err(|error| Failure::store(&error))?;
    let input = ReportInput {
        study,
        runs,
        findings,
        samples: samples.as_ref(),
        shown: shown.as_ref(),
        place: &place::of(store.dir(), study, written.as_deref()),
        notes: left_out,
    };
    let mut report = render(&input).map_err(Failure::other)?;
    report.files.extend(typeset(report.paper, &mut notes)?);
    let files: Vec<_> = report.files.iter().map(|f| (f.path.as_str(), &f.bytes[..])).collect();
    let kept = store.write_report(&files).map_err(|error| Failure::store(&error))?;
    notes.extend(kept.iter().map(|place| kept_words(place)));
    let page = store.dir().join("report").join("report.html");
    Ok(Written { page, missing: missing(findings), notes })
}

/// Says that a file of the user was in the way.
pub(crate) fn tell_kept(place: &Path) {
    say(kept_words(place));
}

fn kept_words(place: &Path) -> String {
    format!("a file was changed by others than plateau: it is kept as {}", place.display())
}

/// A study's records, and what they say.
struct Stored {
    study: StudyRecord,
    runs: BTreeMap<RunId, RunRecord>,
    findings: Findings,
    /// What the user should know of the records.
    notes: Vec<String>,
    /// What the report says of those that it does without.
    left_out: Vec<String>,
}

impl Stored {
    fn read(store: &Store) -> Result<Self, Failure> {
        let study = stored_study(store)?;
        let StoredRuns { runs, unreadable, n_other_line_ends } =
            store.runs().map_err(|error| Failure::store(&error))?;
        let left_out: Vec<String> = unreadable
            .iter()
            .map(|run| format!("Run {} is left out: {}.", run.id, run.error.in_its_folder()))
            .collect();
        let mut notes: Vec<String> = unreadable
            .iter()
            .map(|UnreadableRun { id, error }| {
                let advice = error.advice().unwrap_or("`plateau run` makes it again");
                format!("run {id} is left out: {error}; {advice}")
            })
            .collect();
        if n_other_line_ends > 0 {
            notes.push(other_line_ends(n_other_line_ends));
        }
        let findings = plateau_analysis::findings(&study, &runs);
        Ok(Self { study, runs, findings, notes, left_out })
    }
}

/// The study that a folder holds.
pub(crate) fn stored_study(store: &Store) -> Result<StudyRecord, Failure> {
    let dir = store.dir();
    let is_ours = dir.join(WRITTEN_FILE).is_file();
    match store.study() {
        Ok(Some(study)) => Ok(study),
        Ok(None) if is_ours => Err(Failure::input_text(
            format!("there is no study.toml in {} any more", dir.display()),
            &lost_study(dir),
        )),
        Ok(None) => Err(Failure::input_text(
            format!("{} holds no study: there is no study.toml", dir.display()),
            "name the folder that `plateau run` wrote",
        )),
        Err(error) => {
            let mut failure = Failure::folder(&error);
            if is_ours {
                failure.add_help(&lost_study(dir));
            }
            Err(failure)
        }
    }
}

/// The paper as a PDF, where the typesetter is part of this build.
#[cfg(feature = "pdf")]
fn typeset(paper: TypstPaper, notes: &mut Vec<String>) -> Result<Option<OutputFile>, Failure> {
    let TypstPaper { main, files, fonts } = paper;
    let source = plateau_typeset::Source { main, files, fonts: fonts.to_vec() };
    let plateau_typeset::Pdf { bytes, missing } =
        plateau_typeset::pdf(&source).map_err(Failure::other)?;
    if !missing.is_empty() {
        let letters: Vec<String> = missing.iter().map(char::to_string).collect();
        notes.push(format!(
            "paper.pdf has no letters for {}: its fonts lack them; the other forms of the report \
             show them",
            letters.join(" ")
        ));
    }
    Ok(Some(OutputFile { path: "paper.pdf".to_owned(), bytes }))
}

#[cfg(not(feature = "pdf"))]
fn typeset(_paper: TypstPaper, _notes: &mut Vec<String>) -> Result<Option<OutputFile>, Failure> {
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
    lines.extend(runs.into_iter().map(|(phase, n)| format!("  {phase}: {}", count(n, "run"))));
    lines
}

/// Keeps a few images of each class beside the records, so that the report needs no data set.
/// Those that are there are kept if they can be read, unless they may be of other images.
pub(crate) fn store_samples(
    store: &Store,
    set: DataSet,
    data: &Prepared,
    are_unknown: bool,
) -> Result<(), Failure> {
    let is_there = || Pictures::read(store.dir()).is_ok_and(|pictures| pictures.samples.is_some());
    if !are_unknown && is_there() {
        return Ok(());
    }
    let data = data.load(set).map_err(Failure::other)?;
    write_pair(store, SAMPLES, samples(&data).to_files().map_err(Failure::other)?)
}

/// Keeps the test images that the report shows, its surest mistakes, beside the records.
fn store_shown(store: &Store, stored: &Stored, data: &Prepared) -> Result<(), Failure> {
    let predictions = stored.findings.predictions.as_ref();
    let mistakes = predictions.and_then(|predictions| predictions.mistakes.as_ref());
    let Some(mistakes) = mistakes.filter(|mistakes| !mistakes.surest.is_empty()) else {
        return Ok(());
    };
    let test = data.load(stored.study.data).map_err(Failure::other)?.test;
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
        let kept = store.write_file(name, &bytes).map_err(|error| Failure::store(&error))?;
        kept.iter().for_each(|place| tell_kept(place));
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
