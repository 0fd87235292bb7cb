//! Executions with workers that make results up, or die.
//!
//! The worker is this very program, started for the one test [`worker_process`]. What the test
//! harness prints around it is a nice example of garbage on a worker's standard output.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process;

use plateau_record::{Epoch, Performance, Start};
use plateau_study::execute::{ExecuteError, Exit, Failure};
use plateau_study::{
    Event, Job, Message, Options, Outcome, Stop, Store, Study, WorkerCommand, execute,
};
use tempfile::TempDir;

use crate::support::{STUDY, parse, store_run, tiny_study};

const MODE: &str = "PLATEAU_FAKE_WORKER";

/// Does nothing as a test; as a worker it does what the environment says.
#[test]
fn worker_process() {
    #[expect(clippy::disallowed_methods, reason = "a program of its own")]
    let Ok(mode) = std::env::var(MODE) else { return };
    println!();
    let job = Job::read(&mut io::stdin().lock()).unwrap();
    let network = &job.config.network;
    match mode.as_str() {
        "sound" => {}
        "talkative" => println!("Hello!\n{{\"event\":\"tea\"}}\n{{\n\u{7f}"),
        "dies-once" => {
            let mark = job.store.with_extension(job.config.id().0);
            if fs::File::create_new(mark).is_ok() {
                eprintln!("not today");
                process::exit(3);
            }
        }
        "dies-at-0.5" if network.dropout == 0.5 => {
            for i in 1..=30 {
                eprintln!("line {i}");
            }
            process::abort();
        }
        "dies-at-0.2" if network.dropout == 0.2 && job.config.seed.0 == 1 => process::exit(1),
        "dies-after-storing" => {
            store_run(&job.store, &job.config).unwrap();
            process::exit(9);
        }
        _ => {}
    }
    if let Start::Transfer { parent } = &job.config.start {
        assert_eq!(Store::at(&job.store).read_weights(parent).unwrap(), b"weights");
    }
    let performance = Performance { loss: 1.0, accuracy: 0.5 };
    tell(&Message::Progress { step: 1, of: 2 });
    tell(&Message::Epoch {
        epoch: Epoch(1),
        of: job.config.epochs,
        images_per_second: 1.5,
        train: performance,
        validation: performance,
    });
    store_run(&job.store, &job.config).unwrap();
    tell(&Message::Done { id: job.config.id() });
}

fn tell(message: &Message) {
    println!("{}", message.to_line().unwrap());
}

struct Bench {
    _root: TempDir,
    dir: PathBuf,
}

/// What was told, in words, and the outcome.
struct Told {
    events: Vec<String>,
    outcome: Outcome,
}

impl Told {
    fn count(&self, beginning: &str) -> usize {
        self.events.iter().filter(|event| event.starts_with(beginning)).count()
    }
}

fn bench() -> Bench {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("out");
    Bench { _root: root, dir }
}

fn worker(mode: &str) -> WorkerCommand {
    let args = ["--exact", "execute::worker_process", "--nocapture", "--test-threads=1"];
    WorkerCommand {
        program: std::env::current_exe().unwrap(),
        args: args.map(OsString::from).to_vec(),
        envs: vec![(MODE.into(), mode.into())],
    }
}

fn options(jobs: usize) -> Options {
    let jobs = NonZeroUsize::new(jobs).unwrap();
    Options { jobs, threads: jobs, data: None, checkpoint_seconds: 60.0, stop: Stop::default() }
}

impl Bench {
    fn execute(&self, study: &Study, mode: &str, jobs: usize) -> Told {
        let store = Store::open(&self.dir, &study.name).unwrap();
        let mut events = Vec::new();
        let mut observer = |event: Event<'_>| events.push(in_words(&event));
        let outcome = execute(study, &store, &worker(mode), &options(jobs), &mut observer).unwrap();
        Told { events, outcome }
    }

    fn store(&self) -> Store {
        Store::at(&self.dir)
    }
}

fn in_words(event: &Event<'_>) -> String {
    match event {
        Event::Planned { plan, results } => {
            format!("planned {} of {}", results.len(), plan.n_runs())
        }
        Event::PhaseResolved { phase } => format!("resolved {}", phase.name),
        Event::RunStarted { run, attempt, .. } => format!("started {} {attempt}", run.id),
        Event::Progress { run, .. } => format!("progress {}", run.id),
        Event::Epoch { run, epoch, .. } => format!("epoch {} {epoch}", run.id),
        Event::RunFinished { run, .. } => format!("finished {}", run.id),
        Event::RunRetried { run, failure } => format!("retried {}: {failure}", run.id),
        Event::SetAside { id, .. } => format!("set aside {id}"),
        Event::RunFailed { run, failure } => format!("failed {}: {failure}", run.id),
        _ => "else".to_owned(),
    }
}

#[test]
fn a_whole_study_is_run_phase_after_phase() {
    let bench = bench();
    let study = tiny_study();
    let told = bench.execute(&study, "sound", 2);
    assert!(told.outcome.is_complete(), "{:?}", told.outcome.blocked_phases);
    assert_eq!((told.outcome.n_ran, told.outcome.n_reused), (20, 0));
    assert_eq!(told.outcome.results.len(), 20);
    assert_eq!(told.events[0], "planned 0 of 20");
    for beginning in ["started", "progress", "epoch", "finished"] {
        assert_eq!(told.count(beginning), 20, "{beginning}: {:#?}", told.events);
    }
    let resolved: Vec<_> =
        told.events.iter().filter_map(|event| event.strip_prefix("resolved ")).collect();
    assert_eq!(resolved, ["constant", "scheduled", "dropout", "batch-norm", "transfer"]);
    let record = bench.store().study().unwrap().unwrap();
    assert!(record.pending.is_empty());
    assert_eq!(record, told.outcome.plan.record(&study));
    assert_eq!(bench.store().runs().unwrap().runs, told.outcome.results);
}

#[test]
fn runs_go_side_by_side_up_to_the_number_of_jobs() {
    let told = bench().execute(&tiny_study(), "sound", 3);
    let (mut now, mut most) = (0_usize, 0);
    for event in &told.events {
        if event.starts_with("started") {
            now += 1;
        } else if event.starts_with("finished") {
            now -= 1;
        }
        most = most.max(now);
    }
    assert_eq!(most, 3);
}

#[test]
fn a_second_execution_runs_only_what_is_missing() {
    let bench = bench();
    let study = tiny_study();
    let first = bench.execute(&study, "sound", 2);
    let again = bench.execute(&study, "sound", 2);
    assert_eq!((again.outcome.n_ran, again.outcome.n_reused), (0, 20));
    assert_eq!(again.outcome.plan, first.outcome.plan);
    assert_eq!(again.events, ["planned 20 of 20"]);

    let lost = first.outcome.plan.runs.last().unwrap().id.clone();
    fs::remove_dir_all(bench.dir.join("runs").join(&lost.0)).unwrap();
    let repaired = bench.execute(&study, "sound", 2);
    assert_eq!((repaired.outcome.n_ran, repaired.outcome.n_reused), (1, 19));
    assert_eq!(repaired.count(&format!("finished {lost}")), 1);
}

#[test]
fn a_worker_that_dies_is_started_once_more() {
    let told = bench().execute(&tiny_study(), "dies-once", 2);
    assert!(told.outcome.is_complete());
    assert_eq!(
        (told.count("started"), told.count("retried"), told.count("finished")),
        (40, 20, 20)
    );
    let retried = told.events.iter().find(|event| event.starts_with("retried")).unwrap();
    assert!(retried.contains("exited with code 3 without storing the run"), "{retried}");
    assert!(retried.ends_with("not today"), "{retried}");
}

#[test]
fn a_run_that_fails_twice_is_given_up_and_the_rest_goes_on() {
    let told = bench().execute(&tiny_study(), "dies-at-0.5", 2);
    let outcome = &told.outcome;
    assert_eq!(outcome.failed.len(), 2, "one per seed");
    assert_eq!((told.count("retried"), told.count("failed")), (2, 2));
    let Failure::Worker { exit, last_lines } = &outcome.failed[0].failure else {
        panic!("{:?}", outcome.failed[0]);
    };
    if cfg!(unix) {
        assert_eq!(*exit, Exit::Signal(6));
    }
    assert!(last_lines.len() <= 20);
    assert!(last_lines.iter().any(|line| line == "line 30"), "{last_lines:?}");
    assert_eq!(outcome.n_ran, 14);
    let blocked: Vec<_> = outcome.blocked_phases.iter().map(|phase| phase.name.as_str()).collect();
    assert_eq!(blocked, ["transfer"]);
    assert_eq!(
        outcome.blocked_phases[0].reason,
        "follows from dropout, which could not be finished"
    );
    assert!(!outcome.is_complete());
}

#[test]
fn runs_that_start_from_a_failed_one_are_blocked() {
    let source = STUDY.replace("{ best_of = \"dropout\", above = 0.0 }", "0.2");
    let told = bench().execute(&parse(&source), "dies-at-0.2", 2);
    let outcome = told.outcome;
    assert_eq!((outcome.failed.len(), outcome.blocked_runs.len()), (1, 1));
    assert_eq!(outcome.blocked_runs[0].parent, outcome.failed[0].run.id);
    assert!(outcome.blocked_phases.is_empty());
    assert_eq!(outcome.n_ran, 18);
}

#[test]
fn only_the_store_tells_whether_a_run_succeeded() {
    let told = bench().execute(&tiny_study(), "talkative", 2);
    assert!(told.outcome.is_complete());
    let told = bench().execute(&tiny_study(), "dies-after-storing", 2);
    assert!(told.outcome.is_complete());
    assert_eq!(told.count("retried"), 0);
}

#[test]
fn shared_runs_are_run_once() {
    let again = "[phase.again]\nsplit = { half = \"A\", images = 100 }\n\
                 rate = { same_as = \"scheduled\" }\nschedule = \"cosine\"\n";
    let told = bench().execute(&parse(&format!("{STUDY}\n{again}")), "sound", 2);
    assert!(told.outcome.is_complete());
    assert_eq!(told.outcome.n_ran, 20);
}

#[test]
fn a_run_whose_weights_are_gone_is_made_again_for_those_that_start_from_it() {
    for damage in [(|path| fs::remove_file(path).unwrap()) as fn(PathBuf), |path| {
        fs::write(path, "others").unwrap();
    }] {
        let bench = bench();
        let study = tiny_study();
        let first = bench.execute(&study, "sound", 2);
        let run = first.outcome.plan.runs.last().unwrap();
        let parent = run.parent().unwrap();
        fs::remove_dir_all(bench.dir.join("runs").join(&run.id.0)).unwrap();
        damage(bench.store().weights(parent).unwrap());
        let told = bench.execute(&study, "sound", 2);
        assert!(told.outcome.is_complete());
        assert_eq!((told.outcome.n_ran, told.outcome.n_reused), (2, 18));
        assert_eq!(told.count(&format!("set aside {parent}")), 1, "{:?}", told.events);
        assert!(bench.dir.join("damaged").join(&parent.0).join("run.json").is_file());
    }
}

#[test]
fn runs_that_cannot_be_read_are_made_again_and_the_others_kept() {
    let damages: [fn(&Path); 5] = [
        |run| fs::remove_file(run.join("result.json")).unwrap(),
        |run| fs::remove_file(run.join("SHA256SUMS")).unwrap(),
        |run| fs::write(run.join("epochs.jsonl"), "{}").unwrap(),
        |run| fs::remove_dir_all(run).unwrap(),
        |run| {
            fs::remove_dir_all(run).unwrap();
            fs::write(run, "no folder").unwrap();
        },
    ];
    for (which, damage) in damages.into_iter().enumerate() {
        let bench = bench();
        let study = tiny_study();
        let first = bench.execute(&study, "sound", 2);
        let before = bench.store().runs().unwrap().runs;
        let damaged = first.outcome.plan.runs[3].id.clone();
        damage(&bench.dir.join("runs").join(&damaged.0));
        let left = bench.store().runs().unwrap();
        assert_eq!(left.runs.len(), 19, "damage {which}");
        let told = bench.execute(&study, "sound", 2);
        assert!(told.outcome.is_complete(), "damage {which}");
        assert_eq!((told.outcome.n_ran, told.outcome.n_reused), (1, 19), "damage {which}");
        assert_eq!(bench.store().runs().unwrap().runs, before, "damage {which}");
    }
}

#[test]
fn a_worker_that_cannot_be_started_ends_the_execution() {
    let bench = bench();
    let study = tiny_study();
    let store = Store::open(&bench.dir, &study.name).unwrap();
    let missing =
        WorkerCommand { program: Path::new("/nonexistent/plateau").to_owned(), ..worker("sound") };
    let error = execute(&study, &store, &missing, &options(2), &mut |_| {}).unwrap_err();
    assert!(matches!(error, ExecuteError::Spawn { .. }), "{error}");
    assert!(error.to_string().starts_with("cannot start the worker /nonexistent/plateau"));
}
