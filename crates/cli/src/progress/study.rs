//! How a study goes: runs done, epochs, images per second, time left.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar};
use plateau_record::{Choice, RunConfig, RunId, Schedule, ScheduleShape, Start};
use plateau_study::{Event, PlannedRun};

use super::{duration, on_terminal, style};
use crate::output::say;

/// Listens to the executor.
pub(crate) struct StudyProgress {
    bars: MultiProgress,
    total: ProgressBar,
    active: BTreeMap<RunId, Active>,
    started: Instant,
    n_runs: usize,
    done: BTreeSet<RunId>,
    /// Multiply-adds of the runs that ended here.
    cost_done: f64,
    /// Multiply-adds of all that was missing, as last planned.
    cost_left: f64,
}

struct Active {
    bar: ProgressBar,
    cost: f64,
    /// Of its steps, done before this worker.
    before: f64,
    /// Done.
    share: f64,
    images_per_second: f64,
}

impl StudyProgress {
    pub(crate) fn new() -> Self {
        let bars = MultiProgress::new();
        let total = bars.add(ProgressBar::new(0));
        total.set_style(style("{pos}/{len} runs {wide_bar:.green} {msg}"));
        Self {
            bars,
            total,
            active: BTreeMap::new(),
            started: Instant::now(),
            n_runs: 0,
            done: BTreeSet::new(),
            cost_done: 0.0,
            cost_left: 0.0,
        }
    }

    pub(crate) fn show(&mut self, event: &Event<'_>) {
        match event {
            Event::Planned { plan, results } => {
                self.n_runs = plan.n_runs();
                let ids = plan.runs.iter().map(|run| &run.id);
                self.done = ids.filter(|id| results.contains_key(id)).cloned().collect();
                self.cost_left = plan.remaining_cost(results);
            }
            Event::PhaseResolved { phase } => {
                for choice in &phase.choices {
                    self.say(&format!("{}: {}", phase.name, chosen(choice)));
                }
            }
            Event::RunStarted { run, attempt, .. } => self.start(run, *attempt),
            Event::Progress { run, step, of } => {
                self.advance(&run.id, *step as f64 / (*of).max(1) as f64);
            }
            Event::Epoch { run, epoch, of, images_per_second, validation, .. } => {
                self.advance(&run.id, f64::from(epoch.0) / f64::from(of.0.max(1)));
                if let Some(active) = self.active.get_mut(&run.id) {
                    active.images_per_second = *images_per_second;
                    let accuracy = 100.0 * validation.accuracy;
                    active.bar.set_message(format!(
                        "epoch {epoch}/{of}, validation {accuracy:.1} %, {images_per_second:.0} images/s"
                    ));
                }
            }
            Event::RunResumed { run, step } => {
                let share = *step as f64 / run.config.total_steps().max(1) as f64;
                self.advance(&run.id, share);
                if let Some(active) = self.active.get_mut(&run.id) {
                    active.before = share;
                }
                self.plain(&format!("{} goes on after step {step}", label(run)));
            }
            Event::Notice { run, text } => self.say(&format!("{}: {text}", label(run))),
            Event::SetAside { id, error, place } => self.say(&format!(
                "run {id} can't be used: {error}\nit is kept in {}, and made again",
                place.display()
            )),
            Event::Kept { place } => self.say(&format!(
                "a file was changed by others than plateau: it is kept as {}",
                place.display()
            )),
            Event::FewerJobs { jobs } => {
                self.say(&format!("from now on {jobs} side by side, to need less memory"));
            }
            Event::Stopping => self.say("stopping: runs leave a checkpoint"),
            Event::RunFinished { run, diverged, seconds } => {
                self.end(run);
                self.done.insert(run.id.clone());
                let outcome = if *diverged { "diverged" } else { "done" };
                self.plain(&format!(
                    "[{}/{}] {} {outcome} in {seconds:.0} s{}",
                    self.done.len(),
                    self.n_runs,
                    label(run),
                    self.left()
                ));
            }
            Event::RunRetried { run, failure } => {
                self.active.remove(&run.id);
                self.say(&format!("{}: {failure}\ntrying it once more", label(run)));
            }
            Event::RunFailed { run, failure } => {
                self.end(run);
                self.say(&format!("{} is given up: {failure}", label(run)));
            }
            _ => {}
        }
        self.draw();
    }

    pub(crate) fn finish(&self) {
        self.total.finish_and_clear();
    }

    fn start(&mut self, run: &PlannedRun, attempt: u32) {
        let bar = self.bars.add(ProgressBar::new(1000));
        bar.set_style(style("  {prefix:36} {bar:20.cyan} {msg}"));
        let again = if attempt > 1 { " (again)" } else { "" };
        bar.set_prefix(format!("{}{again}", label(run)));
        let active =
            Active { bar, cost: run.cost, before: 0.0, share: 0.0, images_per_second: 0.0 };
        self.active.insert(run.id.clone(), active);
    }

    fn advance(&mut self, id: &RunId, share: f64) {
        if let Some(active) = self.active.get_mut(id) {
            active.share = active.share.max(share);
            active.bar.set_position((1000.0 * active.share) as u64);
        }
    }

    fn end(&mut self, run: &PlannedRun) {
        if let Some(active) = self.active.remove(&run.id) {
            active.bar.finish_and_clear();
            self.cost_done += (1.0 - active.before) * active.cost;
            self.cost_left = (self.cost_left - active.cost).max(0.0);
        }
    }

    fn draw(&self) {
        self.total.set_length(self.n_runs as u64);
        self.total.set_position(self.done.len() as u64);
        let speed: f64 = self.active.values().map(|active| active.images_per_second).sum();
        self.total.set_message(format!("{speed:.0} images/s{}", self.left()));
    }

    /// From what was computed here so far.
    fn left(&self) -> String {
        let under_way: f64 = self.active.values().map(|active| active.share * active.cost).sum();
        let here = |active: &Active| (active.share - active.before) * active.cost;
        let done = self.cost_done + self.active.values().map(here).sum::<f64>();
        if done <= 0.0 {
            return String::new();
        }
        let seconds = self.started.elapsed().as_secs_f64() * (self.cost_left - under_way) / done;
        format!(", about {} left", duration(seconds))
    }

    /// On any device.
    fn say(&self, line: &str) {
        self.bars.suspend(|| say(line));
    }

    /// Where there are no bars.
    fn plain(&self, line: &str) {
        if !on_terminal() {
            self.say(line);
        }
    }
}

/// What followed from results, and how.
pub(crate) fn chosen(choice: &Choice) -> String {
    let values: Vec<String> = choice.values.iter().map(f64::to_string).collect();
    format!("{} {} from {}: {}", choice.setting, values.join(", "), choice.from, choice.rule)
}

/// A run in a few words: what varies, and the seed.
pub(crate) fn label(run: &PlannedRun) -> String {
    let phase = run.phases.first().map_or("run", String::as_str);
    format!("{phase}: {}, seed {}", settings(&run.config), run.config.seed)
}

fn settings(config: &RunConfig) -> String {
    let mut parts = vec![schedule(&config.schedule)];
    if config.network.dropout > 0.0 {
        parts.push(format!("dropout {}", config.network.dropout));
    }
    if config.network.batch_norm {
        parts.push("batch norm".to_owned());
    }
    if matches!(config.start, Start::Transfer { .. }) {
        parts.push("frozen".to_owned());
    }
    parts.join(", ")
}

/// A schedule in a few words.
pub(crate) fn schedule(schedule: &Schedule) -> String {
    let rate = schedule.rate;
    match schedule.shape {
        ScheduleShape::Constant => format!("rate {rate}"),
        ScheduleShape::Cosine => format!("cosine {rate}"),
        ScheduleShape::Step { every, factor } => format!("steps {rate}×{factor}/{every}"),
        ScheduleShape::RangeTest { to } => format!("{rate}…{to}"),
    }
}
