//! `plateau plan`: the runs that a study would do.

use std::time::Duration;

use plateau_record::{Group, PhaseRecord};
use plateau_study::plan::Results;
use plateau_study::{PhaseState, Plan, PlannedPhase, Store};
use serde_json::{Value, json};

use crate::args::PlanArgs;
use crate::failure::Failure;
use crate::progress::{chosen, duration, schedule};
use crate::provenance::jobs;
use crate::question::Question;

/// Multiply-adds per second and core, where no run of the study has been timed. On an AMD EPYC
/// core with AVX2 the quick study's runs at constant rates took as long as this makes of them,
/// evaluations included; the baseline's wider network is faster.
const USUAL_SPEED: f64 = 3.6e10;

pub(crate) fn plan(args: &PlanArgs) -> Result<(), Failure> {
    let question = Question::read(&args.study)?;
    let results = if question.folder.join("study.toml").is_file() {
        Store::at(&question.folder).runs().map_err(Failure::other)?
    } else {
        Results::new()
    };
    let plan = Plan::new(&question.study, &results);
    let jobs = jobs(args.jobs);
    let speed = speed(&plan, &results);
    let seconds = plan.remaining_cost(&results) / speed / jobs.get() as f64;
    if args.study.place.json {
        println!("{}", as_json(&plan, &results, speed, seconds));
        return Ok(());
    }
    println!("{}: {}", question.study.name, question.study.title);
    for phase in &plan.phases {
        print_phase(phase, &plan, &results, speed);
    }
    let done = plan.runs.iter().filter(|run| results.contains_key(&run.id)).count();
    println!(
        "\n{} runs, {done} of them done; about {} for the rest with {jobs} side by side",
        plan.n_runs(),
        duration(Duration::from_secs_f64(seconds))
    );
    Ok(())
}

fn print_phase(phase: &PlannedPhase, plan: &Plan, results: &Results, speed: f64) {
    let time = duration(Duration::from_secs_f64(phase.cost / speed));
    println!("\n{}  ({} runs, {time} on one core)", phase.name, phase.n_runs);
    match &phase.state {
        PhaseState::Resolved(record) => print_groups(record, plan, results),
        PhaseState::Pending { waits_for } => {
            println!("  follows from the results of {}", waits_for.join(", "));
        }
        PhaseState::Blocked { reason } => println!("  cannot be run: {reason}"),
    }
}

fn print_groups(phase: &PhaseRecord, plan: &Plan, results: &Results) {
    for choice in &phase.choices {
        println!("  {}", chosen(choice));
    }
    for group in &phase.groups {
        println!("  {}", settings(group));
        for run in &group.runs {
            let sharing = plan.run(&run.id).map_or(&[][..], |planned| &planned.phases);
            let others: Vec<&str> =
                sharing.iter().map(String::as_str).filter(|name| *name != phase.name).collect();
            let shared = match others[..] {
                [] => String::new(),
                _ => format!("  shared with {}", others.join(", ")),
            };
            let done = if results.contains_key(&run.id) { "  done" } else { "" };
            println!("    seed {:<3} {}{done}{shared}", run.seed, run.id);
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

fn as_json(plan: &Plan, results: &Results, speed: f64, seconds: f64) -> Value {
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
            PhaseState::Blocked { reason } => {
                json!({ "name": phase.name, "runs": phase.n_runs, "state": "blocked",
                        "reason": reason })
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
    json!({ "runs": plan.n_runs(), "seconds_left": seconds, "phases": phases, "known": runs })
}
