//! What a run is said to take of memory, against what processes really take.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::print_stdout, reason = "what was measured is worth reading")]

use std::io;
use std::process::Command;

use plateau_data::synthetic;
use plateau_model::Weights;
use plateau_record::{
    Activation, DataConfig, DataSet, Device, Epoch, Network, Optimizer, RunConfig, Schedule,
    ScheduleShape, Seed, Split, SplitScheme, Start,
};
use plateau_train::bench::{Duration, Pass, measure};
use plateau_train::memory::{Memory, of_bench, of_run};
use plateau_train::{Checkpoint, Observer, backend::backend, fit};
use serde::{Deserialize, Serialize};

const CHILD: [&str; 4] =
    ["a_child_process_does_its_job", "--exact", "--nocapture", "--test-threads=1"];

/// Tells the child process what to do.
const JOB: &str = "PLATEAU_TEST_MEMORY_OF";

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Job {
    config: RunConfig,
    what: What,
    threads: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum What {
    Run,
    BenchTraining,
    BenchEvaluation,
}

/// Leaves checkpoints, as the program does.
struct Careful;

impl Observer for Careful {
    fn wants_checkpoint(&self, _n_left: u32) -> bool {
        true
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> io::Result<()> {
        checkpoint.to_bytes().map(drop).map_err(io::Error::other)
    }
}

fn base() -> RunConfig {
    RunConfig {
        data: DataConfig {
            set: DataSet::Synthetic,
            split: Split {
                seed: Seed(0),
                scheme: SplitScheme::Holdout,
                train_images: 1000,
                validation_images: 500,
            },
            altered: None,
        },
        network: Network {
            channels: vec![32, 64, 128],
            hidden: 256,
            activation: Activation::Relu,
            dropout: 0.0,
            batch_norm: false,
        },
        start: Start::Fresh,
        optimizer: Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 },
        schedule: Schedule { rate: 0.001, shape: ScheduleShape::Constant },
        batch_size: 128,
        epochs: Epoch(2),
        seed: Seed(0),
        device: Device::Cpu,
    }
}

impl Job {
    fn new(channels: &[u32], hidden: u32, batch_size: u32) -> Self {
        let mut config = base();
        config.network.channels = channels.to_vec();
        config.network.hidden = hidden;
        config.batch_size = batch_size;
        // A few whole batches and a rest; of large networks as few as can be.
        let few = if channels.iter().any(|c| *c > 128) { 1 } else { 2 };
        config.data.split.train_images = (batch_size * few + batch_size / 3).clamp(40, 4500);
        config.data.split.validation_images = config.data.split.train_images.min(500);
        Self { config, what: What::Run, threads: 2 }
    }

    fn with(mut self, change: impl FnOnce(&mut RunConfig)) -> Self {
        change(&mut self.config);
        self
    }

    fn expected(&self) -> Memory {
        match self.what {
            What::Run => of_run(&self.config, self.threads),
            What::BenchTraining => of_bench(&self.config, Pass::Training, self.threads),
            What::BenchEvaluation => of_bench(&self.config, Pass::Evaluation, self.threads),
        }
    }

    /// What a process of its own took at most: resident, and of addresses.
    fn measured(&self) -> [u64; 2] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(CHILD)
            .env(JOB, serde_json::to_string(self).unwrap())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        let line = text.lines().find_map(|line| line.split_once("took ")).map(|(_, took)| took);
        serde_json::from_str(line.unwrap_or_else(|| panic!("{text}{errors}"))).unwrap()
    }

    fn run(&self) {
        let Self { config, what, threads } = self;
        rayon::ThreadPoolBuilder::new().num_threads(*threads).build_global().unwrap();
        rayon::scope(|_| match what {
            What::Run => {
                let parent = match &config.start {
                    Start::Fresh => None,
                    Start::Transfer { .. } => Some(parent(config)),
                };
                fit(config, &synthetic(), parent.as_ref(), &mut Careful).unwrap();
            }
            What::BenchTraining => bench(config, Pass::Training),
            What::BenchEvaluation => bench(config, Pass::Evaluation),
        });
    }
}

/// Weights of a run that took no steps worth speaking of.
fn parent(config: &RunConfig) -> Weights {
    let network = &config.network;
    let backend = backend(config.device).unwrap();
    Weights::of(&plateau_model::Cnn::init(network, Seed(1), &backend))
}

fn bench(config: &RunConfig, pass: Pass) {
    let duration = Duration { warmup: 1, steps: 2 };
    measure(config, &backend(config.device).unwrap(), pass, duration).unwrap();
}

/// Bytes of a line of `/proc/self/status`.
fn status(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    1024 * line.trim().strip_suffix("kB").unwrap().trim().parse::<u64>().unwrap()
}

#[test]
fn a_child_process_does_its_job() {
    #[expect(clippy::disallowed_methods, reason = "how the parent names the job")]
    let Ok(job) = std::env::var(JOB) else { return };
    serde_json::from_str::<Job>(&job).unwrap().run();
    println!("took [{},{}]", status("VmHWM:"), status("VmPeak:"));
}

const SMALL: &[u32] = &[4];
const FOUNDING: &[u32] = &[32, 64, 128];
const LARGE: &[u32] = &[256, 256];

/// Of an estimate, what needn't be proportional: small runs are told a constant more.
const CONSTANT: u64 = 40_000_000;

fn batch_norm(config: &mut RunConfig) {
    config.network.batch_norm = true;
}

fn dropout(config: &mut RunConfig) {
    config.network.dropout = 0.5;
}

fn adam(config: &mut RunConfig) {
    config.optimizer = Optimizer::Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8 };
}

fn transfer(config: &mut RunConfig) {
    config.start = Start::Transfer { parent: config.id() };
}

fn tanh(config: &mut RunConfig) {
    config.network.activation = Activation::Tanh;
}

fn assert_estimates(jobs: &[Job]) {
    let mut wrong = Vec::new();
    for job in jobs {
        let Memory { bytes, address_space, .. } = job.expected();
        let [resident, addresses] = job.measured();
        let Job { config, what, threads } = job;
        let (network, batch) = (&config.network, config.batch_size);
        let line = format!(
            "{what:?}, {threads} threads, batch {batch}, {network:?}: {resident} bytes resident, \
             {bytes} expected; {addresses} bytes of addresses, {address_space} expected"
        );
        println!("{line}");
        if !(resident <= bytes && bytes <= 2 * resident + CONSTANT && addresses <= address_space) {
            wrong.push(line);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_run_takes_what_it_was_said_to() {
    assert_estimates(&[
        Job::new(SMALL, 64, 1),
        Job::new(SMALL, 2048, 128).with(dropout),
        Job::new(FOUNDING, 256, 32).with(batch_norm).with(adam),
        Job::new(FOUNDING, 256, 128),
        Job::new(FOUNDING, 256, 128).with(batch_norm).with(dropout),
        Job::new(FOUNDING, 256, 128).with(transfer),
        Job::new(FOUNDING, 256, 32).with(tanh).with(batch_norm),
        Job::new(FOUNDING, 256, 1000),
        Job::new(FOUNDING, 256, 1000).with(batch_norm),
        Job::new(FOUNDING, 2048, 128).with(adam),
        Job::new(LARGE, 64, 32).with(batch_norm),
    ]);
}

#[test]
fn a_benchmark_takes_what_it_was_said_to() {
    for what in [What::BenchTraining, What::BenchEvaluation] {
        assert_estimates(&[
            Job { what, ..Job::new(FOUNDING, 256, 1000) },
            Job { what, ..Job::new(FOUNDING, 256, 4000) },
            Job { what, ..Job::new(LARGE, 64, 32).with(batch_norm) },
        ]);
    }
}

#[test]
fn so_does_one_of_many_threads() {
    let job = Job::new(FOUNDING, 256, 128).with(batch_norm);
    assert_estimates(&[1, 8].map(|threads| Job { threads, ..job.clone() }));
}

/// All combinations that the estimate was calibrated by, where the variable is set: a quarter
/// of an hour, and 5 GB.
#[test]
fn all_that_was_calibrated_by_takes_what_it_was_said_to() {
    #[expect(clippy::disallowed_methods, reason = "a slow test")]
    if std::env::var_os("PLATEAU_TEST_ALL_MEMORY").is_none() {
        return;
    }
    let mut jobs = Vec::new();
    for channels in [SMALL, FOUNDING, LARGE] {
        for hidden in [64, 256, 2048] {
            for batch in [1, 32, 128, 1000, 4000] {
                if batch == 4000 && (channels == LARGE || hidden == 2048) {
                    continue;
                }
                let job = || Job::new(channels, hidden, batch);
                jobs.extend([job(), job().with(dropout), job().with(adam), job().with(transfer)]);
                if batch > 1 {
                    jobs.push(job().with(batch_norm));
                }
                if batch <= 128 && channels != LARGE {
                    jobs.push(job().with(tanh));
                }
                for what in [What::BenchTraining, What::BenchEvaluation] {
                    jobs.push(Job { what, ..job() });
                }
            }
        }
    }
    assert_estimates(&jobs);
}

#[test]
fn the_largest_numbers_neither_overflow_nor_come_out_small() {
    let mut config = base();
    config.network.channels = vec![8192; 5];
    config.network.hidden = 8192;
    config.network.batch_norm = true;
    config.batch_size = u32::MAX;
    config.data.split.train_images = u32::MAX;
    config.data.split.validation_images = u32::MAX;
    let run = of_run(&config, usize::MAX);
    assert!(run.bytes > 1 << 50 && run.address_space >= run.bytes, "{run:?}");
    for pass in [Pass::Training, Pass::Evaluation] {
        assert!(of_bench(&config, pass, 1).bytes > 1 << 50);
    }
    // What no run can have is refused before; its estimate means nothing, but is one.
    config.network.channels = vec![u32::MAX; 100];
    assert_eq!(of_run(&config, 1).bytes, of_run(&config, 1).bytes);
    config.network.channels = Vec::new();
    config.batch_size = 0;
    assert!(of_run(&config, 0).bytes > 0);
}

/// `ulimit -v` is how clusters bound a job.
#[test]
fn a_run_fits_into_the_addresses_it_was_said_to_need() {
    let job = Job::new(FOUNDING, 256, 128).with(batch_norm);
    let script = format!("ulimit -v {} && exec \"$0\" \"$@\"", job.expected().address_space / 1024);
    let status = Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .args(CHILD)
        .env(JOB, serde_json::to_string(&job).unwrap())
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    assert!(String::from_utf8_lossy(&status.stdout).contains("took ["));
}
