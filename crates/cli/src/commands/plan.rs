//! `plateau plan`: the runs that a study would do.

use plateau_record::{Group, PhaseRecord};
use plateau_study::plan::Results;
use plateau_study::store::STUDY_FILE;
use plateau_study::{PhaseState, Plan, PlannedPhase, Store};
use serde_json::{Value, json};

use crate::args::PlanArgs;
use crate::failure::Failure;
use crate::location::warn_of_altered;
use crate::output::{answer, count, say};
use crate::preflight::{self, Fit, size};
use crate::progress::{chosen, duration, schedule};
use crate::question::Question;

/// Multiply-adds per second and core, where no run of the study has been timed. On an AMD EPYC
/// core with AVX2 the quick study's runs at constant rates took as long as this makes of them,
/// evaluations included; the baseline's wider network is faster.
const USUAL_SPEED: f64 = 3.6e10;

pub(crate) fn plan(args: &PlanArgs) -> Result<(), Failure> {
    let question = Question::read(&args.study)?;
    warn_of_altered(&question.images);
    let store = Store::at(&question.folder);
    Store::check_for(&question.folder, &question.study).map_err(|error| Failure::folder(&error))?;
    let results = if question.folder.join(STUDY_FILE).is_file() {
        let stored = store.runs().map_err(|error| Failure::store(&error))?;
        for run in &stored.unreadable {
            say(format_args!(
                "run {} can't be used, and would be made again: {}",
                run.id, run.error
            ));
        }
        stored.runs
    } else {
        Results::new()
    };
    let plan = Plan::new(&question.study, &results);
    let fit = preflight::study(&plan, args.jobs, 1)?;
    let speed = speed(&plan, &results);
    let seconds = plan.remaining_cost(&results) / speed / fit.jobs.get() as f64;
    if args.study.place.json {
        return answer(as_json(&plan, &results, speed, seconds, &fit));
    }
    let mut lines = vec![format!("{}: {}", question.study.name, question.study.title)];
    for phase in &plan.phases {
        phase_lines(phase, &plan, &results, speed, &mut lines);
    }
    let done = plan.runs.iter().filter(|run| results.contains_key(&run.id)).count();
    lines.push(String::new());
    lines.extend(fit.notes.iter().cloned());
    lines.push(format!("a run takes about {} of memory at most", size(fit.bytes)));
    lines.push(format!(
        "{}, {done} of them done; about {} for the rest with {} side by side",
        count(plan.n_runs(), "run"),
        duration(seconds),
        fit.jobs
    ));
    answer(lines.join("\n"))
}

fn phase_lines(
    phase: &PlannedPhase,
    plan: &Plan,
    results: &Results,
    speed: f64,
    lines: &mut Vec<String>,
) {
    let time = duration(phase.cost / speed);
    lines.push(format!("\n{}  ({}, {time} on one core)", phase.name, count(phase.n_runs, "run")));
    match &phase.state {
        PhaseState::Resolved(record) => group_lines(record, plan, results, lines),
        PhaseState::Pending { waits_for } => {
            lines.push(format!("  follows from the results of {}", waits_for.join(", ")));
        }
        PhaseState::Blocked { reason, advice } => {
            lines.push(format!("  cannot be run: {reason}; {advice}"));
        }
    }
}

fn group_lines(phase: &PhaseRecord, plan: &Plan, results: &Results, lines: &mut Vec<String>) {
    lines.extend(phase.choices.iter().map(|choice| format!("  {}", chosen(choice))));
    for group in &phase.groups {
        lines.push(format!("  {}", settings(group)));
        for run in &group.runs {
            let sharing = plan.run(&run.id).map_or(&[][..], |planned| &planned.phases);
            let others: Vec<&str> =
                sharing.iter().map(String::as_str).filter(|name| *name != phase.name).collect();
            let shared = match others[..] {
                [] => String::new(),
                _ => format!("  shared with {}", others.join(", ")),
            };
            let done = if results.contains_key(&run.id) { "  done" } else { "" };
            lines.push(format!("    seed {:<3} {}{done}{shared}", run.seed, run.id));
        }
    }
}

fn settings(group: &Group) -> String {
    let norm = if group.batch_norm { ", batch norm" } else { "" };
    let frozen = if group.transfer { ", frozen convolutions" } else { "" };
    format!(
        "{}, dropout {}{norm}{frozen}, {} epochs",
        schedule(&group.schedule),
        group.dropout,
        group.epochs
    )
}

/// From the runs that are done, if any.
fn speed(plan: &Plan, results: &Results) -> f64 {
    let done = plan.runs.iter().filter_map(|run| Some((run.cost, results.get(&run.id)?)));
    let (cost, seconds) = done.fold((0.0, 0.0), |(cost, seconds), (run_cost, record)| {
        (cost + run_cost, seconds + record.result.seconds)
    });
    if seconds > 0.0 { cost / seconds } else { USUAL_SPEED }
}

fn as_json(plan: &Plan, results: &Results, speed: f64, seconds: f64, fit: &Fit) -> Value {
    let phases: Vec<Value> = plan
        .phases
        .iter()
        .map(|phase| match &phase.state {
            PhaseState::Resolved(record) => {
                json!({ "name": phase.name, "runs": phase.n_runs, "state": "resolved",
                        "choices": record.choices, "groups": record.groups })
            }
            PhaseState::Pending { waits_for } => {
                json!({ "name": phase.name, "runs": phase.n_runs, "state": "pending",
                        "waits_for": waits_for })
            }
            PhaseState::Blocked { reason, advice } => {
                json!({ "name": phase.name, "runs": phase.n_runs, "state": "blocked",
                        "reason": reason, "advice": advice })
            }
        })
        .collect();
    let runs: Vec<Value> = plan
        .runs
        .iter()
        .map(|run| {
            json!({ "id": run.id, "phases": run.phases, "config": run.config,
                    "done": results.contains_key(&run.id), "seconds": run.cost / speed })
        })
        .collect();
    json!({ "runs": plan.n_runs(), "seconds_left": seconds, "jobs": fit.jobs,
            "memory_bytes": fit.bytes, "notes": fit.notes, "phases": phases,
            "known": runs })
}
