//! What competes, and the command lines that it is.

use std::path::PathBuf;
use std::process::Command;

/// Where the programs are.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    pub(crate) plateau: PathBuf,
    pub(crate) python: PathBuf,
    /// `tools/bench/pytorch_step.py`.
    pub(crate) script: PathBuf,
}

/// One of those that are compared in a scenario.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contender {
    /// How tables name it.
    pub(crate) label: &'static str,
    pub(crate) action: Action,
}

/// What a contender does, and what is read off it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// Images per second, summed over this many processes at once.
    Speed { load: Load, processes: usize },
    /// Peak resident memory that the process reports of itself.
    PeakOfSteps(Load),
    /// Peak resident memory of `plateau train` on CIFAR-10, seen from outside.
    PeakOfTraining,
    /// Seconds from the start of a worker process to its first step.
    FirstStep,
}

/// Steps of the baseline network: which, and how they are computed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) engine: Engine,
    pub(crate) variant: Variant,
    pub(crate) pass: Pass,
    pub(crate) threads: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Engine {
    /// Plateau with its own operators.
    Fused,
    /// Plateau's network on burn's operators.
    Burn,
    /// PyTorch, images and weights in memory as [image, row, column, channel].
    ChannelsLast,
    /// PyTorch, [image, channel, row, column].
    Contiguous,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Variant {
    Plain,
    Dropout,
    BatchNorm,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Pass {
    /// Batches of 128.
    Train,
    /// Batches of 1,000.
    Evaluate,
}

/// A command line.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    program: PathBuf,
    /// How results name it: the same on every machine.
    name: &'static str,
    first: Vec<PathBuf>,
    arguments: Vec<String>,
}

impl Invocation {
    pub(crate) fn plateau(programs: &Programs, arguments: &[&str]) -> Self {
        Self {
            program: programs.plateau.clone(),
            name: "plateau",
            first: Vec::new(),
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
        }
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.first).args(&self.arguments);
        command
    }

    /// As it ran here, for messages about failures.
    pub(crate) fn here(&self) -> String {
        let first = self.first.iter().map(|path| path.display().to_string());
        let words = [self.program.display().to_string()].into_iter().chain(first);
        words.chain(self.arguments.iter().cloned()).collect::<Vec<_>>().join(" ")
    }

    /// As it would be typed anywhere, for results.
    pub(crate) fn anywhere(&self) -> String {
        format!("{} {}", self.name, self.arguments.join(" "))
    }
}

impl Load {
    /// `steps` is that of training; evaluation does a quarter of them, as its batches are eight
    /// times as large and there is no backward pass.
    pub(crate) fn invocation(self, programs: &Programs, steps: u32) -> Invocation {
        let (steps, warmup) = match self.pass {
            Pass::Train => (steps, 10),
            Pass::Evaluate => (steps.div_ceil(4), 3),
        };
        let variant = match self.variant {
            Variant::Plain => "plain",
            Variant::Dropout => "dropout",
            Variant::BatchNorm => "bn",
        };
        let (pass, batch) = match self.pass {
            Pass::Train => ("train", 128),
            Pass::Evaluate => ("evaluate", 1_000),
        };
        let (program, name, first, engine) = match self.engine {
            Engine::Fused => plateau(programs, "fused"),
            Engine::Burn => plateau(programs, "burn"),
            Engine::ChannelsLast => pytorch(programs, "channels_last"),
            Engine::Contiguous => pytorch(programs, "contiguous"),
        };
        let network = format!("{engine} --variant {variant} --channels 32,64,128 --hidden 256");
        let work = format!("--batch {batch} --threads {} --pass {pass}", self.threads);
        let measure = format!("--steps {steps} --warmup {warmup} --json");
        let line = [network, work, measure].join(" ");
        let arguments = line.split_whitespace().map(str::to_owned).collect();
        Invocation { program, name, first, arguments }
    }
}

type Beginning = (PathBuf, &'static str, Vec<PathBuf>, String);

fn plateau(programs: &Programs, operators: &str) -> Beginning {
    let engine = format!("bench --operators {operators}");
    (programs.plateau.clone(), "plateau", Vec::new(), engine)
}

fn pytorch(programs: &Programs, memory_format: &str) -> Beginning {
    let engine = format!("--memory-format {memory_format}");
    let script = vec![programs.script.clone()];
    (programs.python.clone(), "python3 tools/bench/pytorch_step.py", script, engine)
}
