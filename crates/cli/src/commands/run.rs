//! `plateau run`: plans, trains, analyses, reports.

use std::num::NonZeroUsize;
use std::time::Instant;

use plateau_study::{ExecuteError, Options, Outcome, Store, StoreError, WorkerCommand, execute};
use serde_json::json;

use crate::args::RunArgs;
use crate::commands::report;
use crate::failure::Failure;
use crate::interrupt::Listening;
use crate::location;
use crate::progress::{StudyProgress, label};
use crate::provenance::jobs;
use crate::question::Question;

pub(crate) fn run(args: &RunArgs) -> Result<(), Failure> {
    let started = Instant::now();
    let Question { study, folder } = Question::read(&args.study)?;
    // Refused before anything is downloaded or trained.
    let store = Store::open(&folder, &study.name).map_err(Failure::input)?;
    let _lock = store.lock(&this_process(&args.study.study)).map_err(|error| match error {
        StoreError::Locked { .. } => Failure::text(
            error.to_string(),
            "wait for it, or end it; `plateau status` shows how far it is",
        ),
        error => Failure::other(error),
    })?;
    let data = location::prepare(study.data, args.study.place.data.as_deref())?;
    report::store_samples(&store, study.data, data.as_deref())?;
    let jobs = jobs(args.jobs);
    let threads = NonZeroUsize::new(args.threads as usize).unwrap_or(NonZeroUsize::MIN);
    let listening = Listening::start()?;
    let options = Options {
        jobs,
        threads: jobs.saturating_mul(threads),
        data: data.clone(),
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
        error => Failure::other(error),
    })?;
    if outcome.stopped {
        return Err(stopped(&outcome));
    }
    tell_failures(&outcome);
    let page = report::write_with_images(&folder, &store, data.as_deref())?.page;
    if args.study.place.json {
        let line = json!({
            "study": study.name,
            "folder": folder,
            "report": page,
            "complete": outcome.is_complete(),
            "ran": outcome.n_ran,
            "reused": outcome.n_reused,
            "not_of_the_study": outcome.others,
            "failed": outcome.failed.iter().map(|failed| &failed.run.id).collect::<Vec<_>>(),
            "seconds": started.elapsed().as_secs_f64(),
        });
        println!("{line}");
    } else {
        println!(
            "{} runs done now, {} before, in {:.0} s",
            outcome.n_ran,
            outcome.n_reused,
            started.elapsed().as_secs_f64()
        );
        println!("the report is {}", page.display());
    }
    if outcome.is_complete() {
        return Ok(());
    }
    Err(Failure::text(
        format!("{} runs failed, and what follows from them is missing", outcome.failed.len()),
        "the same command tries them again",
    ))
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

/// What a process that finds the folder in use is told.
fn this_process(study: &str) -> String {
    format!("process {} (plateau run {study})", std::process::id())
}

/// Workers are processes of this very program.
fn this_program() -> Result<WorkerCommand, Failure> {
    let program = std::env::current_exe().map_err(Failure::other)?;
    Ok(WorkerCommand { program, args: vec!["worker".into()], envs: Vec::new() })
}

fn tell_failures(outcome: &Outcome) {
    if !outcome.others.is_empty() {
        eprintln!(
            "{} stored runs aren't part of the study as it is now; they are kept",
            outcome.others.len()
        );
    }
    for failed in &outcome.failed {
        eprintln!("failed: {} ({}): {}", label(&failed.run), failed.run.id, failed.failure);
    }
    for blocked in &outcome.blocked_runs {
        eprintln!("not run: {}: it starts from run {}", label(&blocked.run), blocked.parent);
    }
    for phase in &outcome.blocked_phases {
        eprintln!("not run: {}: {}", phase.name, phase.reason);
    }
}
