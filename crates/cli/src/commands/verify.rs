//! `plateau verify`: what is stored is what was stored, and what was computed.

use std::fmt;
use std::io;

use plateau_data::Dataset;
use plateau_model::Weights;
use plateau_record::{DataConfig, EpochRecord, RunId, RunRecord, RunResult, Start, Step};
use plateau_study::store::StoredRuns;
use plateau_study::{Store, StoreError};
use plateau_train::{Checkpoint, Silent, Trained, resume};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::args::{DataSourceArgs, VerifyArgs};
use crate::checkpoints::maker;
use crate::commands::status::other_line_ends;
use crate::commands::train::on_threads;
use crate::failure::Failure;
use crate::location::Images;
use crate::output::{answer, count, say};
use crate::provenance::{cores, provenance};

pub(crate) fn verify(args: &VerifyArgs) -> Result<(), Failure> {
    check_options(args, args.sample == 0, "with --sample 0")?;
    let store = Store::at(&args.folder);
    let ids = store.run_ids().map_err(|error| Failure::store(&error))?;
    if ids.is_empty() && store.study().map_err(Failure::input)?.is_none() {
        return Err(Failure::input_text(
            format!("{} holds no runs", args.folder.display()),
            "name the folder that `plateau run` wrote",
        ));
    }
    let mut verified = Verified::default();
    let records = verified.check_runs(&store)?;
    verified.check_checkpoints(&store);
    verified.check_other_files(&store);
    let sample = sample(&store, &records, args.sample as usize);
    check_options(args, sample.is_empty(), "where no run has a checkpoint")?;
    if sample.is_empty() && args.sample > 0 {
        say("no run has a checkpoint here: none is computed again");
    } else if !sample.is_empty() {
        let threads = args.threads.unwrap_or_else(cores) as usize;
        on_threads(threads, || verified.recompute_all(&store, &sample, &args.data))??;
    }
    if args.json {
        answer(serde_json::to_string(&verified).map_err(Failure::other)?)?;
    } else {
        answer(verified.to_string().trim_end())?;
    }
    if verified.problems.is_empty() {
        return Ok(());
    }
    Err(Failure::text(
        format!("found {}", count(verified.problems.len(), "problem")),
        "`plateau run DIR` keeps runs and files aside that aren't what was stored, and makes them \
         again; `plateau report DIR` does so with the report",
    )
    .after_answer())
}

/// Options that say how runs are computed again mean nothing where none is.
fn check_options(args: &VerifyArgs, none_is: bool, when: &str) -> Result<(), Failure> {
    let options = [
        ("--data", args.data.data.is_some()),
        ("--accept-altered", args.data.accept_altered),
        ("--threads", args.threads.is_some()),
    ];
    let given = options.into_iter().find(|(_, given)| *given && none_is);
    given.map_or(Ok(()), |(name, _)| {
        Err(Failure::input_text(
            format!("{name} has no effect {when}: no run is computed again"),
            "leave it out",
        ))
    })
}

/// What was checked, and what was found.
#[derive(Debug, Default, Serialize)]
struct Verified {
    /// Runs all of whose files are what was stored.
    runs: usize,
    /// Those of them whose weights are not here.
    without_weights: usize,
    /// Those of them whose files have other line ends than were stored, and the same content.
    other_line_ends: usize,
    /// Checkpoints that are what was stored.
    checkpoints: usize,
    /// Files beside the records, and of the report, that are what was written.
    other_files: usize,
    /// Runs whose end was computed again, to the same bits.
    recomputed: Vec<RunId>,
    /// Runs whose end could not be computed again, and why not.
    not_recomputed: Vec<String>,
    problems: Vec<String>,
}

impl Verified {
    /// Every file of every run; returns the runs whose files are all what was stored.
    fn check_runs(&mut self, store: &Store) -> Result<Vec<RunRecord>, Failure> {
        let StoredRuns { runs, unreadable, n_other_line_ends } =
            store.runs().map_err(|error| Failure::store(&error))?;
        self.other_line_ends = n_other_line_ends;
        let mut problems: Vec<(RunId, StoreError)> =
            unreadable.into_iter().map(|run| (run.id, run.error)).collect();
        let mut sound = Vec::new();
        for (id, run) in runs {
            if store.weights(&id).is_none() {
                self.without_weights += 1;
            } else if let Err(error) = store.read_weights(&id) {
                problems.push((id, error));
                continue;
            }
            sound.push(run);
        }
        self.runs = sound.len();
        problems.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.problems.extend(problems.into_iter().map(|(_, error)| error.to_string()));
        Ok(sound)
    }

    fn check_checkpoints(&mut self, store: &Store) {
        let checkpointed = store.checkpointed_runs().unwrap_or_else(|error| {
            self.problems.push(error.to_string());
            Vec::new()
        });
        for id in checkpointed {
            let checkpoints = store.checkpoints(&id);
            let steps = checkpoints.steps().unwrap_or_else(|error| {
                self.problems.push(error.to_string());
                Vec::new()
            });
            for step in steps {
                let checked = checkpoints.read(step);
                if let Err(StoreError::Io { source, .. }) = &checked
                    && source.kind() == io::ErrorKind::NotFound
                {
                    // Its run has gone on since.
                    continue;
                }
                let checked = checked.map_err(|error| error.to_string());
                let read = checked.and_then(|stored| {
                    let path = checkpoints.path(step);
                    Checkpoint::from_bytes(&stored.bytes, &id)
                        .map_err(|error| format!("{}: {error}", path.display()))
                });
                match read {
                    Ok(_) => self.checkpoints += 1,
                    Err(problem) => self.problems.push(problem),
                }
            }
        }
    }

    fn check_other_files(&mut self, store: &Store) {
        let (n_sound, problems) = store.check_files();
        self.other_files = n_sound;
        self.problems.extend(problems.iter().map(ToString::to_string));
    }

    fn recompute_all(
        &mut self,
        store: &Store,
        sample: &[&RunRecord],
        data: &DataSourceArgs,
    ) -> Result<(), Failure> {
        let mut loaded: Option<(Dataset, Option<String>)> = None;
        for record in sample {
            let DataConfig { set, altered, .. } = &record.config.data;
            let same = loaded.take().filter(|(loaded, id)| loaded.set == *set && id == altered);
            let loaded = match same {
                Some(same) => loaded.insert(same),
                None => {
                    let images = Images::find(*set, data)?;
                    if images.altered() != *altered {
                        let expected = set.title_of(altered.as_deref());
                        self.not_recomputed.push(format!(
                            "{}: it was trained on {expected}: name these images with --data",
                            record.id
                        ));
                        continue;
                    }
                    let dataset = images.prepare()?.load(*set).map_err(Failure::other)?;
                    loaded.insert((dataset, altered.clone()))
                }
            };
            match recompute(store, record, &loaded.0) {
                Ok(()) => self.recomputed.push(record.id.clone()),
                Err(Recomputation::Impossible(why)) => {
                    self.not_recomputed.push(format!("{}: {why}", record.id));
                }
                Err(Recomputation::Differs(what)) => {
                    self.problems.push(format!("run {}: {what} came out otherwise", record.id));
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", are_stored(self.runs, "run"))?;
        if self.without_weights > 0 {
            writeln!(f, "the weights of {} of them are not here", self.without_weights)?;
        }
        if self.other_line_ends > 0 {
            writeln!(f, "{}", other_line_ends(self.other_line_ends))?;
        }
        writeln!(f, "{}", are_stored(self.checkpoints, "checkpoint"))?;
        writeln!(f, "{}", are_stored(self.other_files, "file of the study and its report"))?;
        for id in &self.recomputed {
            writeln!(f, "the end of run {id} was computed again, to the same bits")?;
        }
        for why in &self.not_recomputed {
            writeln!(f, "not computed again: {why}")?;
        }
        for problem in &self.problems {
            writeln!(f, "problem: {problem}")?;
        }
        Ok(())
    }
}

fn are_stored(n: usize, what: &str) -> String {
    let verb = if n == 1 { "is" } else { "are" };
    format!("{} {verb} what was stored", count(n, what))
}

/// Some of the runs that have a checkpoint, spread over all of them.
fn sample<'a>(store: &Store, records: &'a [RunRecord], n: usize) -> Vec<&'a RunRecord> {
    let has_checkpoint = |record: &&RunRecord| last_step(store, &record.id).is_some();
    let all: Vec<&RunRecord> = records.iter().filter(has_checkpoint).collect();
    let n = n.min(all.len());
    (0..n).map(|i| all[i * all.len() / n]).collect()
}

fn last_step(store: &Store, id: &RunId) -> Option<Step> {
    store.checkpoints(id).steps().ok()?.last().copied()
}

/// Why a run's end isn't confirmed.
enum Recomputation {
    /// It can't be computed here.
    Impossible(String),
    /// Something came out otherwise.
    Differs(&'static str),
}

/// Trains a finished run from its checkpoint to its end, and compares all that it leaves, wall
/// times apart.
fn recompute(store: &Store, record: &RunRecord, data: &Dataset) -> Result<(), Recomputation> {
    let impossible = |why: &dyn fmt::Display| Recomputation::Impossible(why.to_string());
    let checkpoints = store.checkpoints(&record.id);
    let step = last_step(store, &record.id).ok_or_else(|| impossible(&"no checkpoint"))?;
    let stored = checkpoints.read(step).map_err(|error| impossible(&error))?;
    let here = maker(&provenance(data.md5.clone()));
    if stored.maker != here {
        return Err(Recomputation::Impossible(format!(
            "it was made by {}, this is {here}",
            stored.maker
        )));
    }
    let checkpoint = Checkpoint::from_bytes(&stored.bytes, &record.id);
    let checkpoint = checkpoint.map_err(|error| impossible(&error))?;
    let parent = match &record.config.start {
        Start::Fresh => None,
        Start::Transfer { parent } => {
            let bytes = store.read_weights(parent).map_err(|error| impossible(&error))?;
            Some(Weights::from_safetensors(&bytes).map_err(|error| impossible(&error))?)
        }
    };
    let trained = resume(&record.config, data, parent.as_ref(), Some(checkpoint), &mut Silent);
    let trained = trained.map_err(|error| impossible(&error))?;
    match difference(store, record, &trained) {
        None => Ok(()),
        Some(what) => Err(Recomputation::Differs(what)),
    }
}

fn difference(store: &Store, record: &RunRecord, trained: &Trained) -> Option<&'static str> {
    let sum = || -> Option<String> {
        let bytes = trained.weights_file(&record.config).ok()?;
        Some(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
    };
    let timeless = |epochs: &[EpochRecord]| -> Vec<EpochRecord> {
        let timeless =
            |e: &EpochRecord| EpochRecord { seconds: 0.0, images_per_second: 0.0, ..e.clone() };
        epochs.iter().map(timeless).collect()
    };
    let result = |result: &RunResult| RunResult { seconds: 0.0, ..result.clone() };
    let checks = [
        ("its final weights", sum() == store.weights_sum(&record.id).ok().flatten()),
        ("its epochs", timeless(&record.epochs) == timeless(&trained.epochs)),
        ("its gradients", record.gradients == trained.gradients),
        ("its range test", record.range == trained.range),
        ("its predictions", record.predictions == trained.predictions),
        ("its result", result(&record.result) == result(&trained.result)),
    ];
    checks.into_iter().find(|(_, same)| !same).map(|(what, _)| what)
}
