//! What is compared with what, and the targets.

use serde::Serialize;

use super::contender::Engine::{Burn, ChannelsLast, Contiguous, Fused};
use super::contender::Variant::{BatchNorm, Dropout, Plain};
use super::contender::{Action, Contender, Engine, Load, Pass, Variant};
use super::failure::Failure;

/// Contenders that are measured in turn, and the figures made of their values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    /// What `--only` calls it.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// How it is measured, where the title doesn't say it all.
    pub(crate) note: &'static str,
    pub(crate) unit: Unit,
    pub(crate) contenders: &'static [Contender],
    pub(crate) figures: &'static [Figure],
    /// Rounds at most: a peak of memory hardly varies, and takes a whole epoch to see.
    pub(crate) most_rounds: u32,
}

/// Of the contenders' values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    ImagesPerSecond,
    Bytes,
    Seconds,
}

/// A figure that has a target, or is worth knowing.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Figure {
    /// The value of contender `of` divided by that of contender `to` in the same round.
    Ratio { of: usize, to: usize, at_least: Option<f64> },
    /// The value of contender `of` itself.
    Value { of: usize, at_most: f64 },
}

const NO_LIMIT: u32 = u32::MAX;

const SCENARIOS: [Scenario; 8] = [
    Scenario {
        name: "plain",
        title: "training step, plain, batch 128, one thread",
        note: "",
        unit: Unit::ImagesPerSecond,
        contenders: &[
            alone("Plateau", Fused, Plain, Pass::Train),
            alone("PyTorch, channels last", ChannelsLast, Plain, Pass::Train),
            alone("PyTorch, contiguous", Contiguous, Plain, Pass::Train),
            alone("Plateau on burn's operators", Burn, Plain, Pass::Train),
        ],
        figures: &[ratio(0, 1, 3.0), ratio(0, 2, 3.0), ratio_only(0, 3)],
        most_rounds: NO_LIMIT,
    },
    Scenario {
        name: "dropout",
        title: "training step, dropout 0.5, batch 128, one thread",
        note: "",
        unit: Unit::ImagesPerSecond,
        contenders: &[
            alone("Plateau", Fused, Dropout, Pass::Train),
            alone("PyTorch, channels last", ChannelsLast, Dropout, Pass::Train),
            alone("Plateau on burn's operators", Burn, Dropout, Pass::Train),
        ],
        figures: &[ratio(0, 1, 3.0), ratio_only(0, 2)],
        most_rounds: NO_LIMIT,
    },
    Scenario {
        name: "batch-norm",
        title: "training step, batch norm, batch 128, one thread",
        note: "",
        unit: Unit::ImagesPerSecond,
        contenders: &[
            alone("Plateau", Fused, BatchNorm, Pass::Train),
            alone("PyTorch, channels last", ChannelsLast, BatchNorm, Pass::Train),
            alone("Plateau on burn's operators", Burn, BatchNorm, Pass::Train),
        ],
        figures: &[ratio(0, 1, 2.0), ratio_only(0, 2)],
        most_rounds: NO_LIMIT,
    },
    Scenario {
        name: "evaluate",
        title: "evaluation, plain, batch 1,000, one thread",
        note: "loss and accuracy, no gradients",
        unit: Unit::ImagesPerSecond,
        contenders: &[
            alone("Plateau", Fused, Plain, Pass::Evaluate),
            alone("PyTorch, channels last", ChannelsLast, Plain, Pass::Evaluate),
            alone("Plateau on burn's operators", Burn, Plain, Pass::Evaluate),
        ],
        figures: &[ratio(0, 1, 2.0), ratio_only(0, 2)],
        most_rounds: NO_LIMIT,
    },
    Scenario {
        name: "threads",
        title: "training step, plain, batch 128, two threads in one run",
        note: "",
        unit: Unit::ImagesPerSecond,
        contenders: &[
            crowded("Plateau, two threads", Fused, Crowd::TwoThreads),
            alone("Plateau, one thread", Fused, Plain, Pass::Train),
            crowded("PyTorch, two threads", ChannelsLast, Crowd::TwoThreads),
            alone("PyTorch, one thread", ChannelsLast, Plain, Pass::Train),
        ],
        figures: &[ratio(0, 1, 1.8), ratio_only(2, 3), ratio_only(0, 2)],
        most_rounds: NO_LIMIT,
    },
    Scenario {
        name: "side-by-side",
        title: "training step, plain, batch 128, two runs of one thread each at once",
        note: "both processes are started together and do the same number of steps; the sum of \
               their speeds, each from the median of its steps, counts",
        unit: Unit::ImagesPerSecond,
        contenders: &[
            crowded("Plateau, two runs", Fused, Crowd::TwoRuns),
            alone("Plateau, one run", Fused, Plain, Pass::Train),
            crowded("PyTorch, two runs", ChannelsLast, Crowd::TwoRuns),
            alone("PyTorch, one run", ChannelsLast, Plain, Pass::Train),
        ],
        figures: &[ratio(0, 1, 1.9), ratio_only(2, 3), ratio_only(0, 2)],
        most_rounds: NO_LIMIT,
    },
    Scenario {
        name: "memory",
        title: "peak resident memory of one training process, 45,000 images",
        note: "Plateau: `plateau train` on CIFAR-10 for one epoch, evaluations included; PyTorch: \
               the training step on 45,000 random images",
        unit: Unit::Bytes,
        contenders: &[
            Contender { label: "Plateau", action: Action::PeakOfTraining },
            Contender {
                label: "PyTorch, channels last",
                action: Action::PeakOfSteps(Load {
                    engine: ChannelsLast,
                    variant: Plain,
                    pass: Pass::Train,
                    threads: 1,
                }),
            },
        ],
        figures: &[Figure::Value { of: 0, at_most: 400e6 }, ratio_only(0, 1)],
        most_rounds: 1,
    },
    Scenario {
        name: "first-step",
        title: "from the start of a worker process to its first step, CIFAR-10, one thread",
        note: "the data set's files are in the system's cache after the first round",
        unit: Unit::Seconds,
        contenders: &[Contender { label: "Plateau", action: Action::FirstStep }],
        figures: &[Figure::Value { of: 0, at_most: 1.5 }],
        most_rounds: NO_LIMIT,
    },
];

/// Those named, in the table's order; all if none is named.
pub(crate) fn chosen(only: &[String]) -> Result<Vec<&'static Scenario>, Failure> {
    let known = |name: &String| SCENARIOS.iter().any(|scenario| scenario.name == name);
    if let Some(unknown) = only.iter().find(|name| !known(name)) {
        return Err(Failure::usage(format!("--only {unknown}: no such scenario")));
    }
    let is_chosen = |scenario: &&Scenario| {
        only.is_empty() || only.iter().any(|name| name.as_str() == scenario.name)
    };
    Ok(SCENARIOS.iter().filter(is_chosen).collect())
}

/// What the second core is used for.
#[derive(Clone, Copy)]
enum Crowd {
    TwoThreads,
    TwoRuns,
}

const fn alone(label: &'static str, engine: Engine, variant: Variant, pass: Pass) -> Contender {
    let load = Load { engine, variant, pass, threads: 1 };
    Contender { label, action: Action::Speed { load, processes: 1 } }
}

const fn crowded(label: &'static str, engine: Engine, crowd: Crowd) -> Contender {
    let (threads, processes) = match crowd {
        Crowd::TwoThreads => (2, 1),
        Crowd::TwoRuns => (1, 2),
    };
    let load = Load { engine, variant: Plain, pass: Pass::Train, threads };
    Contender { label, action: Action::Speed { load, processes } }
}

const fn ratio(of: usize, to: usize, at_least: f64) -> Figure {
    Figure::Ratio { of, to, at_least: Some(at_least) }
}

const fn ratio_only(of: usize, to: usize) -> Figure {
    Figure::Ratio { of, to, at_least: None }
}

#[cfg(test)]
mod tests {
    use super::super::options::USAGE;
    use super::*;

    #[test]
    fn figures_are_of_contenders_that_exist() {
        for scenario in &SCENARIOS {
            for figure in scenario.figures {
                let (of, to) = match *figure {
                    Figure::Ratio { of, to, .. } => (of, to),
                    Figure::Value { of, .. } => (of, of),
                };
                assert!(of.max(to) < scenario.contenders.len(), "{}", scenario.name);
            }
        }
    }

    #[test]
    fn scenarios_are_chosen_by_names_that_the_usage_lists() {
        let names: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        assert!(USAGE.ends_with(&format!("scenarios: {}", names.join(", "))));
        assert_eq!(chosen(&[]).unwrap().len(), SCENARIOS.len());
        let two = chosen(&["memory".to_owned(), "plain".to_owned()]).unwrap();
        assert_eq!(
            two.iter().map(|scenario| scenario.name).collect::<Vec<_>>(),
            ["plain", "memory"]
        );
        assert!(chosen(&["plane".to_owned()]).is_err());
    }
}
