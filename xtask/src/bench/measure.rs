//! From a contender to a value.

use serde::Serialize;
use serde_json::Value;

use super::contender::{Action, Invocation, Load, Programs};
use super::failure::Failure;
use super::{first_step, memory, process};

/// What measuring needs beside the contender.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tools<'a> {
    pub(crate) programs: &'a Programs,
    /// Training steps of each measurement.
    pub(crate) steps: u32,
}

/// One measurement of one contender.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Sample {
    pub(crate) value: f64,
    /// What each process reported of itself.
    pub(crate) reports: Vec<Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    Measured(Sample),
    /// Why this machine can't.
    NotMeasured(String),
}

impl Tools<'_> {
    pub(crate) fn measure(&self, action: Action) -> Result<Outcome, Failure> {
        match action {
            Action::Speed { load, processes } => self.sum(load, processes, "images_per_second"),
            Action::PeakOfSteps(load) => self.sum(load, 1, "peak_rss_bytes"),
            Action::PeakOfTraining => memory::peak_of_training(self.programs),
            Action::FirstStep => first_step::seconds(self.programs),
        }
    }

    /// The command of each process, as results name it.
    pub(crate) fn command(&self, action: Action) -> String {
        match action {
            Action::Speed { load, .. } | Action::PeakOfSteps(load) => {
                self.invocation(load).anywhere()
            }
            Action::PeakOfTraining => memory::SHOWN.to_owned(),
            Action::FirstStep => first_step::SHOWN.to_owned(),
        }
    }

    fn sum(&self, load: Load, count: usize, key: &'static str) -> Result<Outcome, Failure> {
        let invocation = self.invocation(load);
        let reports = process::reports(&invocation, count)?;
        let values = reports.iter().map(|report| {
            let value = report[key].as_f64().filter(|value| value.is_finite() && *value > 0.0);
            value.ok_or_else(|| process::no_report(&invocation, key, &report.to_string()))
        });
        let value = values.sum::<Result<f64, Failure>>()?;
        Ok(Outcome::Measured(Sample { value, reports }))
    }

    fn invocation(&self, load: Load) -> Invocation {
        load.invocation(self.programs, self.steps)
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::super::contender::{Engine, Pass, Variant};
    use super::super::fake::Fake;
    use super::*;

    const LOAD: Load =
        Load { engine: Engine::Burn, variant: Variant::BatchNorm, pass: Pass::Train, threads: 1 };

    #[test]
    fn speeds_of_processes_side_by_side_add_up() {
        let fake = Fake::new("echo '{\"images_per_second\": 1500.5, \"peak_rss_bytes\": 7}'");
        let tools = Tools { programs: &fake.programs(), steps: 20 };
        let Outcome::Measured(sample) =
            tools.measure(Action::Speed { load: LOAD, processes: 2 }).unwrap()
        else {
            panic!("not measured")
        };
        assert_eq!((sample.value, sample.reports.len()), (3001.0, 2));
        let Outcome::Measured(sample) = tools.measure(Action::PeakOfSteps(LOAD)).unwrap() else {
            panic!("not measured")
        };
        assert_eq!(sample.value, 7.0);
    }

    #[test]
    fn a_report_without_the_value_is_a_failure() {
        let fake = Fake::new("echo '{\"images_per_second\": null}'");
        let tools = Tools { programs: &fake.programs(), steps: 20 };
        let failure = tools.measure(Action::Speed { load: LOAD, processes: 1 }).unwrap_err();
        assert!(failure.to_string().contains("no JSON object with images_per_second"));
    }

    #[test]
    fn commands_are_the_same_on_every_machine() {
        let fake = Fake::new("");
        let tools = Tools { programs: &fake.programs(), steps: 20 };
        let command = |load| tools.command(Action::Speed { load, processes: 1 });
        assert_eq!(
            command(LOAD),
            "plateau bench --operators burn --variant bn --channels 32,64,128 --hidden 256 \
             --batch 128 --threads 1 --pass train --steps 20 --warmup 10 --json"
        );
        let load = Load { engine: Engine::Contiguous, pass: Pass::Evaluate, ..LOAD };
        assert_eq!(
            command(load),
            "python3 tools/bench/pytorch_step.py --memory-format contiguous --variant bn \
             --channels 32,64,128 --hidden 256 --batch 1000 --threads 1 --pass evaluate \
             --steps 5 --warmup 3 --json"
        );
    }
}
