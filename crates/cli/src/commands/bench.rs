//! `plateau bench`: how fast a network trains here, and where the time goes.

use plateau_kernels::{Isa, peak};
use plateau_model::operators::Sample;
use plateau_model::{Backend, Operators};
use plateau_record::{
    Activation, DataConfig, DataSet, Device, Epoch, Network, Optimizer, RunConfig, Schedule,
    ScheduleShape, Seed, Split, SplitScheme, Start,
};
use plateau_train::backend::backend;
use plateau_train::bench::{Duration, Measurement, Pass, measure};
use plateau_train::memory;
use serde_json::{Value, json};

use crate::args::{BenchArgs, OperatorsArg, PassArg, VariantArg};
use crate::commands::train::{check_blocks, on_threads};
use crate::failure::Failure;
use crate::output::answer;
use crate::preflight::{check_memory, size};

/// As many as the baseline trains on.
const IMAGES: u32 = 45_000;
/// Measurements of the peak; the best counts, since nothing makes arithmetic faster than it is.
const PEAK_TRIALS: usize = 200;

pub(crate) fn bench(args: &BenchArgs) -> Result<(), Failure> {
    check_blocks(&args.channels)?;
    let config = config(args);
    let backend = backend(config.device).map_err(Failure::input)?;
    let operators = match args.operators {
        OperatorsArg::Fused => Operators::Fused,
        OperatorsArg::Burn => Operators::Composed,
    };
    let backend = Backend { operators, ..backend };
    let pass = match args.pass {
        PassArg::Train => Pass::Training,
        PassArg::Evaluate => Pass::Evaluation,
    };
    check_memory("this measurement", &memory::of_bench(&config, pass, args.threads as usize))?;
    let duration = Duration { warmup: args.warmup as usize, steps: args.steps as usize };
    let measured =
        on_threads(args.threads as usize, || measure(&config, &backend, pass, duration))?
            .map_err(Failure::other)?;
    let isa = Isa::detect();
    let peak = (0..PEAK_TRIALS).map(|_| peak::flop_per_second(isa)).fold(0.0, f64::max);
    let report = Report::new(args, &config, &measured, peak);
    if args.json { answer(report.json(args, &config, isa)) } else { answer(report.text()) }
}

struct Report {
    /// Lower quartile, median, upper quartile.
    step_seconds: [f64; 3],
    images_per_second: f64,
    peak: f64,
    lines: Vec<Line>,
}

/// All executions of one operator.
struct Line {
    name: String,
    seconds_per_step: f64,
    microseconds_per_image: f64,
    /// Dense-equivalent, per second.
    flop_per_second: Option<f64>,
}

impl Report {
    fn new(args: &BenchArgs, config: &RunConfig, measured: &Measurement, peak: f64) -> Self {
        let step_seconds = quartiles(&measured.step_seconds);
        let batch = f64::from(config.batch_size);
        let n_steps = f64::from(args.steps);
        let profiled: f64 = measured.profiled_seconds.iter().sum();
        let line = |name: String, seconds: f64, flop: f64| Line {
            name,
            seconds_per_step: seconds / n_steps,
            microseconds_per_image: 1e6 * seconds / n_steps / batch,
            flop_per_second: (flop > 0.0).then(|| flop / seconds),
        };
        let mut lines: Vec<Line> = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        for Sample { work, .. } in &measured.samples {
            if !names.contains(&work.name.as_str()) {
                names.push(&work.name);
            }
        }
        for name in names {
            let of_name = measured.samples.iter().filter(|sample| sample.work.name == name);
            let sum = |of: fn(&Sample) -> f64| of_name.clone().map(of).sum();
            lines.push(line(name.to_owned(), sum(|s| s.seconds), sum(|s| s.work.flop)));
        }
        let known: f64 = measured.samples.iter().map(|sample| sample.seconds).sum();
        lines.push(line("everything else".to_owned(), (profiled - known).max(0.0), 0.0));
        Self { step_seconds, images_per_second: batch / step_seconds[1], peak, lines }
    }

    fn text(&self) -> String {
        let [low, median, high] = self.step_seconds.map(|seconds| 1e3 * seconds);
        let mut lines = vec![
            format!("{:.0} images/s", self.images_per_second),
            format!("a step takes {median:.2} ms (quartiles {low:.2} and {high:.2})"),
            format!("peak of one thread: {:.1} GFLOP/s", 1e-9 * self.peak),
        ];
        lines.extend(peak_memory().map(|bytes| format!("largest memory: {}", size(bytes))));
        lines.push(format!(
            "\n{:<54}{:>9}{:>10}{:>9}",
            "a step, operator by operator", "µs/image", "GFLOP/s", "of peak"
        ));
        for line in &self.lines {
            let rate = line.flop_per_second.map_or_else(String::new, |rate| {
                format!("{:>10.1}{:>7.0} %", 1e-9 * rate, 100.0 * rate / self.peak)
            });
            lines.push(format!("{:<54}{:>9.2}{rate}", line.name, line.microseconds_per_image));
        }
        lines.push(
            "\nGFLOP/s: of the plain algorithm; sparse and Winograd kernels need fewer".into(),
        );
        lines.join("\n")
    }

    fn json(&self, args: &BenchArgs, config: &RunConfig, isa: Isa) -> Value {
        let [lower_quartile, median, upper_quartile] = self.step_seconds;
        let breakdown: Vec<Value> = self
            .lines
            .iter()
            .map(|line| {
                json!({
                    "operator": line.name,
                    "seconds_per_step": line.seconds_per_step,
                    "flop_per_second": line.flop_per_second,
                })
            })
            .collect();
        json!({
            "program": "plateau",
            "version": env!("CARGO_PKG_VERSION"),
            "commit": env!("PLATEAU_COMMIT"),
            "pass": match args.pass { PassArg::Train => "train", PassArg::Evaluate => "evaluate" },
            "variant": match args.variant {
                VariantArg::Plain => "plain",
                VariantArg::Dropout => "dropout",
                VariantArg::Bn => "bn",
            },
            "operators": match args.operators {
                OperatorsArg::Fused => "fused",
                OperatorsArg::Burn => "burn",
            },
            "instruction_set": isa.name(),
            "channels": args.channels,
            "hidden": args.hidden,
            "batch": config.batch_size,
            "threads": args.threads,
            "steps": args.steps,
            "images_per_second": self.images_per_second,
            "step_seconds": {
                "lower_quartile": lower_quartile,
                "median": median,
                "upper_quartile": upper_quartile,
            },
            "peak_flop_per_second": self.peak,
            "peak_rss_bytes": peak_memory(),
            "breakdown": breakdown,
        })
    }
}

fn config(args: &BenchArgs) -> RunConfig {
    let batch_size = args.batch.unwrap_or(match args.pass {
        PassArg::Train => 128,
        PassArg::Evaluate => 1000,
    });
    RunConfig {
        data: DataConfig {
            set: DataSet::Synthetic,
            split: Split {
                seed: Seed(0),
                scheme: SplitScheme::Holdout,
                train_images: IMAGES.max(batch_size),
                validation_images: 0,
            },
            altered: None,
        },
        network: Network {
            channels: args.channels.clone(),
            hidden: args.hidden,
            activation: Activation::Relu,
            dropout: if args.variant == VariantArg::Dropout { 0.5 } else { 0.0 },
            batch_norm: args.variant == VariantArg::Bn,
        },
        start: Start::Fresh,
        optimizer: Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 },
        schedule: Schedule { rate: 0.01, shape: ScheduleShape::Constant },
        batch_size,
        epochs: Epoch(1),
        seed: Seed(0),
        device: Device::Cpu,
    }
}

fn quartiles(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
    [at(0.25), at(0.5), at(0.75)]
}

/// Largest resident memory of this process; `None` where the system has no `/proc`.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kibibytes)
}
