//! `plateau run`: plans, trains, analyses, reports.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;

use plateau_study::plan::Results;
use plateau_study::{
    ExecuteError, Lock, Options, Outcome, Plan, Store, StoreError, Study, WorkerCommand, execute,
};
use serde_json::{Value, json};

use crate::args::RunArgs;
use crate::commands::report::{self, Written, tell_kept};
use crate::commands::train::{cannot_store, warn_of_lacks};
use crate::failure::Failure;
use crate::interrupt::Listening;
use crate::location::warn_of_altered;
use crate::output::{answer, count, say};
use crate::preflight;
use crate::progress::{StudyProgress, label};
use crate::question::Question;

pub(crate) fn run(args: &RunArgs) -> Result<(), Failure> {
    let started = Instant::now();
    let Question { study, source, folder, images } = Question::read(&args.study)?;
    warn_of_altered(&images);
    // Refused before anything is downloaded or trained.
    let first = Plan::new(&study, &Results::new());
    let fit = preflight::study(&first, args.jobs, args.threads)?;
    fit.notes.iter().for_each(say);
    let store = Store::open_for(&folder, &study).map_err(|error| Failure::folder(&error))?;
    let _lock = lock(&store, &args.study.study)?;
    let is_new = keep_study(&store, &study, &source, &first)?;
    let prepared = images.prepare()?;
    report::store_samples(&store, study.data, &prepared, is_new)?;
    let threads = NonZeroUsize::new(args.threads as usize).unwrap_or(NonZeroUsize::MIN);
    let listening = Listening::start()?;
    let options = Options {
        jobs: fit.jobs,
        threads: fit.jobs.saturating_mul(threads),
        data: prepared.batches.clone(),
        checkpoint_seconds: args.checkpoint_seconds,
        stop: listening.stop.clone(),
    };
    let mut progress = StudyProgress::new();
    let outcome = execute(&study, &store, &this_program()?, &options, &mut |event| {
        progress.show(&event);
    });
    progress.finish();
    drop(listening);
    let outcome = outcome.map_err(|error| match error {
        ExecuteError::Disk { .. } => Failure::text(
            error.to_string(),
            "what is stored is safe; make room or give permission, then run the same command again",
        ),
        ExecuteError::Store(error) => Failure::store(&error),
        error => Failure::other(error),
    })?;
    if outcome.stopped {
        return Err(stopped(&outcome));
    }
    tell_failures(&outcome);
    let written = report::write_with_images(&store, &prepared)?;
    written.tell();
    let seconds = started.elapsed().as_secs_f64();
    if args.study.place.json {
        answer(as_json(&study, &folder, &outcome, &written, seconds))?;
    } else {
        answer(format_args!(
            "{} done now, {} before, in {seconds:.0} s\nthe report is {}",
            count(outcome.n_ran, "run"),
            outcome.n_reused,
            written.page.display()
        ))?;
    }
    if outcome.is_complete() {
        return Ok(());
    }
    Err(incomplete(&outcome).after_answer())
}

fn as_json(
    study: &Study,
    folder: &Path,
    outcome: &Outcome,
    written: &Written,
    seconds: f64,
) -> Value {
    let failed = outcome.failed.iter().map(|failed| &failed.run.id).collect::<Vec<_>>();
    let blocked_runs = outcome.blocked_runs.iter().map(|run| &run.run.id).collect::<Vec<_>>();
    let blocked_phases = outcome
        .blocked_phases
        .iter()
        .map(|phase| json!({ "name": phase.name, "reason": phase.reason, "advice": phase.advice }));
    json!({
        "study": study.name,
        "folder": folder.to_string_lossy(),
        "report": written.page.to_string_lossy(),
        "complete": outcome.is_complete(),
        "ran": outcome.n_ran,
        "reused": outcome.n_reused,
        "not_of_the_study": outcome.others,
        "failed": failed,
        "blocked_runs": blocked_runs,
        "blocked_phases": blocked_phases.collect::<Vec<_>>(),
        "notes": written.notes,
        "seconds": seconds,
    })
}

/// Keeps others out, and tries all that storing takes.
fn lock(store: &Store, study: &Path) -> Result<Lock, Failure> {
    let holder = format!("process {} (plateau run {})", std::process::id(), study.display());
    let lock = store.lock(&holder).map_err(|error| match error {
        StoreError::Locked { .. } => Failure::store(&error),
        error => cannot_store(&error),
    })?;
    warn_of_lacks(store.probe().map_err(|error| cannot_store(&error))?, Some(&lock));
    Ok(lock)
}

/// What the folder is for stands in it before anything else does. Whether it said nothing before.
fn keep_study(store: &Store, study: &Study, source: &str, plan: &Plan) -> Result<bool, Failure> {
    let is_new = !matches!(store.study(), Ok(Some(_)));
    let mut kept = vec![store.write_written(source).map_err(|error| cannot_store(&error))?];
    if is_new {
        kept.push(store.write_study(&plan.record(study)).map_err(|error| cannot_store(&error))?);
    }
    kept.into_iter().flatten().for_each(|place| tell_kept(&place));
    Ok(is_new)
}

fn stopped(outcome: &Outcome) -> Failure {
    Failure::interrupted(
        format!(
            "stopped; {} of {} runs are done, those under way go on from their last checkpoint",
            outcome.results.len(),
            outcome.plan.n_runs()
        ),
        "the same command goes on, to the same results",
    )
}

/// Why there is no whole answer, and what to do: workers that failed may not fail again, but
/// results that allow no choice never will.
fn incomplete(outcome: &Outcome) -> Failure {
    let blocked = outcome.blocked_phases.iter();
    let blocked: Vec<(&str, &str, &str)> = blocked
        .filter_map(|phase| Some((&*phase.name, &*phase.reason, phase.advice.as_deref()?)))
        .collect();
    let reasons = blocked.iter().map(|(name, reason, _)| format!("phase {name}: {reason}"));
    let reasons = reasons.collect::<Vec<_>>().join("; ");
    let mut advice: Vec<&str> = blocked.iter().map(|(_, _, advice)| *advice).collect();
    advice.dedup();
    let advice = advice.join("; ");
    let n_failed = outcome.failed.len();
    if !outcome.has_failures() {
        return Failure::text(
            format!("no run failed, and the study has no whole answer: {reasons}"),
            &format!("{advice}; then run it again: what is done is kept"),
        );
    }
    let failed =
        format!("{} failed, and what follows from that is missing", count(n_failed, "run"));
    if blocked.is_empty() {
        return Failure::text(failed, "the same command tries them again");
    }
    Failure::text(
        format!("{failed}; besides, {reasons}"),
        &format!("the same command tries failed runs again; as to the rest, {advice}"),
    )
}

/// Workers are processes of this very program.
fn this_program() -> Result<WorkerCommand, Failure> {
    let program = std::env::current_exe().map_err(Failure::other)?;
    Ok(WorkerCommand { program, args: vec!["worker".into()], envs: Vec::new() })
}

fn tell_failures(outcome: &Outcome) {
    if !outcome.others.is_empty() {
        say(format_args!(
            "kept, though not part of the study as it is now: {}",
            count(outcome.others.len(), "run")
        ));
    }
    for failed in &outcome.failed {
        say(format_args!("failed: {} ({}): {}", label(&failed.run), failed.run.id, failed.failure));
    }
    for blocked in &outcome.blocked_runs {
        let (run, parent) = (label(&blocked.run), &blocked.parent);
        say(format_args!("not run: {run}: it starts from run {parent}"));
    }
    for phase in &outcome.blocked_phases {
        say(format_args!("not run: {}: {}", phase.name, phase.reason));
    }
}
