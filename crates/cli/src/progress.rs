//! Bars on a terminal, plain lines elsewhere; always on standard error.

mod study;
mod time;

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use plateau_data::Progress;
use plateau_record::{Epoch, EpochRecord};

use crate::output::say;

pub(crate) use study::{StudyProgress, chosen, label, schedule};
pub(crate) use time::{duration, seconds};

/// Least time between two plain lines of the same sort.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
}

fn on_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Shows how the data arrive.
pub(crate) struct Fetching {
    bar: ProgressBar,
    last_line: Option<Instant>,
}

impl Default for Fetching {
    fn default() -> Self {
        let bar = ProgressBar::no_length();
        bar.set_style(style(
            "{bytes} of {total_bytes} {wide_bar:.cyan} {bytes_per_sec}, {eta} left",
        ));
        Self { bar, last_line: None }
    }
}

impl Fetching {
    pub(crate) fn show(&mut self, progress: &Progress) {
        match progress {
            Progress::Trying { source } => self.say(&format!("fetching CIFAR-10 from {source}")),
            Progress::Running { command } => self.say(&format!("running `{command}`")),
            Progress::Failed { source, reason } => self.say(&format!("{source}: {reason}")),
            Progress::Installed { file, done, total } => {
                self.say(&format!("{file} is checked and in place ({done} of {total})"));
            }
            Progress::Downloading { bytes, total } => self.download(*bytes, *total),
            _ => {}
        }
    }

    fn download(&mut self, bytes: u64, total: Option<u64>) {
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        self.bar.set_position(bytes);
        let quiet = self.last_line.is_some_and(|last| last.elapsed() < LINE_INTERVAL);
        if !on_terminal() && !quiet {
            self.last_line = Some(Instant::now());
            let of = total.map_or_else(String::new, |total| format!(" of {}", total / 1_000_000));
            say(format_args!("{}{of} MB", bytes / 1_000_000));
        }
    }

    fn say(&self, line: &str) {
        self.bar.suspend(|| say(line));
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Shows how one run goes.
pub(crate) struct TrainBar {
    bar: ProgressBar,
    n_epochs: Epoch,
}

impl TrainBar {
    pub(crate) fn new(n_steps: u64, n_epochs: Epoch) -> Self {
        let bar = ProgressBar::new(n_steps);
        bar.set_style(style("step {pos}/{len} {wide_bar:.cyan} {msg} {eta} left"));
        Self { bar, n_epochs }
    }

    pub(crate) fn step(&self, step: u64) {
        self.bar.set_position(step);
    }

    pub(crate) fn say(&self, line: &str) {
        self.bar.suspend(|| say(line));
    }

    pub(crate) fn epoch(&self, record: &EpochRecord) {
        let line = format!(
            "epoch {}/{}  training {:.2} %, {:.4}   validation {:.2} %, {:.4}   {:.0} images/s",
            record.epoch,
            self.n_epochs,
            100.0 * record.train.accuracy,
            record.train.loss,
            100.0 * record.validation.accuracy,
            record.validation.loss,
            record.images_per_second,
        );
        self.bar.suspend(|| say(line));
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
