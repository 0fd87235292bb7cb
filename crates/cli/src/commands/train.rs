//! `plateau train`: one run.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use plateau_model::Weights;
use plateau_record::bounds;
use plateau_record::{
    Activation, DataConfig, DataSet, Device, Epoch, EpochRecord, Network, Optimizer, Provenance,
    RunConfig, RunId, RunRecord, RunStatus, Schedule, ScheduleShape, Seed, Split, SplitScheme,
    Start, Step,
};
use plateau_study::spec::training_images;
use plateau_study::store::Lacks;
use plateau_study::{Lock, Store, StoreError};
use plateau_train::{Checkpoint, Observer, StepReport, Trace, TrainError, Trained, fit};
use serde_json::json;

use crate::args::{ActivationArg, OptimizerArg, ScheduleArg, TrainArgs};
use crate::checkpoints::{Saver, Told, maker};
use crate::failure::Failure;
use crate::interrupt::Listening;
use crate::location::{Images, Source, warn_of_altered};
use crate::output::{answer, say};
use crate::preflight;
use crate::progress::TrainBar;
use crate::provenance::{cores, provenance};

/// Time after which a checkpoint is left within an epoch, too.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(60);

/// Learning rates that train the baseline network where none is given: SGD's was found by the
/// founding study, Adam's is that of Kingma & Ba (2015).
const SGD_RATE: f64 = 0.03;
const ADAM_RATE: f64 = 0.001;

pub(crate) fn train(args: &TrainArgs) -> Result<(), Failure> {
    check_blocks(&args.channels)?;
    check_options(args)?;
    let source = Source::find(args.place.data.data.as_ref())?;
    let set = match source {
        Source::Synthetic => DataSet::Synthetic,
        Source::Named(_) | Source::Cache => DataSet::Cifar10,
    };
    check_trace(args.trace.as_deref())?;
    let images = Images::find(set, &args.place.data)?;
    warn_of_altered(&images);
    let config = config(args, set, images.altered());
    let threads = args.threads.unwrap_or_else(cores);
    for note in preflight::run(&config, threads)? {
        say(note);
    }
    let store = Store::at(&args.out);
    let id = config.id();
    if store.has(&id) {
        match store.load_whole(&id) {
            Ok(_) if args.trace.is_none() => {
                say("this run is stored already; nothing to train");
                return show(args, &store, &id);
            }
            Ok(_) => {}
            Err(error) => {
                if error.is_forbidden() {
                    return Err(Failure::store(&error));
                }
                let place = store.set_aside(&id).map_err(|error| Failure::store(&error))?;
                say(format_args!("{error}: kept in {}, and trained again", place.display()));
            }
        }
    }
    let lacks = store.probe().map_err(|error| cannot_store(&error))?;
    warn_of_lacks(lacks, None);
    let data = images.prepare()?.load(set).map_err(Failure::other)?;
    let provenance = provenance(data.md5.clone());
    let (checkpoints, maker) = (store.checkpoints(&id), maker(&provenance));
    let listening = Listening::start()?;
    let mut watch = Watch {
        trace: args.trace.as_deref().map(Trace::create).transpose().map_err(Failure::other)?,
        bar: TrainBar::new(config.total_steps(), config.epochs),
        saver: Saver::new(
            checkpoints.clone(),
            maker.clone(),
            CHECKPOINT_INTERVAL,
            listening.stop.clone(),
        ),
    };
    let trained = on_threads(threads as usize, || {
        if watch.trace.is_some() {
            // An account of all steps begins with the first.
            fit(&config, &data, None, &mut watch)
        } else {
            Saver::train(&checkpoints, &maker, (&config, &data, None), &mut watch)
        }
    })?;
    watch.bar.finish();
    let trained = trained.map_err(|error| match error {
        TrainError::Data(_) | TrainError::DeviceMissing(_) | TrainError::Precondition(_) => {
            Failure::input(error)
        }
        TrainError::Stopped if watch.trace.is_some() => Failure::interrupted(
            "stopped".to_owned(),
            "a trace is of a whole run: empty its folder, and the same command begins anew",
        ),
        TrainError::Stopped => Failure::interrupted(
            "stopped".to_owned(),
            "the same command goes on from the run's last checkpoint",
        ),
        TrainError::Observer(error) => Failure::of_the_disk(error.to_string()),
        other => Failure::other(other),
    })?;
    let stored = store_run(&store, &config, &provenance, &trained);
    stored.and_then(|()| checkpoints.keep_last()).map_err(|error| Failure::store(&error))?;
    drop(listening);
    show(args, &store, &id)
}

/// A store that can't be written to is told of before anything trains.
pub(crate) fn cannot_store(error: &StoreError) -> Failure {
    Failure::input_text(
        format!("nothing can be stored there: {error}"),
        error.advice().unwrap_or("name another folder with --out"),
    )
}

/// Says what a file system can't do, and what that means.
pub(crate) fn warn_of_lacks(lacks: Lacks, lock: Option<&Lock>) {
    if lacks.flush {
        say(
            "this file system can't flush folders: after a power cut, what was stored last may be \
             missing, and is made again",
        );
    }
    if lock.is_some_and(Lock::is_a_file) {
        say("this file system has no locks: the file .lock-owner stands for one");
    }
}

/// A trace goes to a folder of its own: what is there already is the user's.
fn check_trace(folder: Option<&Path>) -> Result<(), Failure> {
    let Some(folder) = folder else { return Ok(()) };
    let cannot = |why: String| {
        Failure::input_text(
            format!("--trace {}: {why}", folder.display()),
            "name a folder that is new or empty",
        )
    };
    match fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
        Ok(true) => Err(cannot("the folder is not empty, and nothing in it is replaced".into())),
        Ok(false) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder).map_err(|error| cannot(error.to_string()))
        }
        Err(error) => Err(cannot(error.to_string())),
    }
}

/// Options that belong to another choice have no effect, and are refused.
fn check_options(args: &TrainArgs) -> Result<(), Failure> {
    let adam = args.optimizer == OptimizerArg::Adam;
    let no_steps = args.schedule != ScheduleArg::Step;
    let options = [
        ("--momentum", args.momentum.is_some() && adam, "--optimizer sgd"),
        ("--weight-decay", args.weight_decay.is_some() && adam, "--optimizer sgd"),
        ("--every", args.every.is_some() && no_steps, "--schedule step"),
        ("--factor", args.factor.is_some() && no_steps, "--schedule step"),
    ];
    let idle = options.into_iter().find(|(_, is_idle, _)| *is_idle);
    idle.map_or(Ok(()), |(name, _, choice)| {
        Err(Failure::input_text(
            format!("{name} has no effect without {choice}"),
            &format!("leave it out, or give {choice}"),
        ))
    })
}

/// Fails if there are more blocks than the images can be halved.
pub(crate) fn check_blocks(channels: &[u32]) -> Result<(), Failure> {
    if channels.len() <= bounds::MAX_BLOCKS {
        return Ok(());
    }
    Err(Failure::input_text(
        format!("--channels has {} blocks, at most {}", channels.len(), bounds::MAX_BLOCKS),
        "each block halves the image's side of 32 pixels",
    ))
}

/// Writes a run into the store; the same run, stored before, is kept.
pub(crate) fn store_run(
    store: &Store,
    config: &RunConfig,
    provenance: &Provenance,
    trained: &Trained,
) -> Result<(), StoreError> {
    let mut writer = store.begin(config, provenance, Some(&trained.input))?;
    for record in &trained.epochs {
        writer.epoch(record)?;
    }
    for record in &trained.gradients {
        writer.gradient(record)?;
    }
    for record in &trained.range {
        writer.range(record)?;
    }
    if let Some(predictions) = &trained.predictions {
        writer.predictions(predictions)?;
    }
    let weights = trained.weights_file(config);
    let weights = weights.map_err(|error| StoreError::Unrepresentable {
        path: store.dir().to_owned(),
        reason: error.to_string(),
    })?;
    writer.finish(&trained.result, Some(&weights))?;
    Ok(())
}

/// Runs a job whose computations use so many threads. With more than one, the job itself runs
/// on one of them: waking them from outside would cost more than many an operator.
pub(crate) fn on_threads<T: Send>(n: usize, job: impl FnOnce() -> T + Send) -> Result<T, Failure> {
    rayon::ThreadPoolBuilder::new().num_threads(n).build_global().map_err(|error| {
        Failure::text(format!("cannot start {n} threads: {error}"), "ask for fewer with --threads")
    })?;
    Ok(if n > 1 { rayon::scope(|_| job()) } else { job() })
}

fn config(args: &TrainArgs, set: DataSet, altered: Option<String>) -> RunConfig {
    let pool = training_images(set);
    RunConfig {
        data: DataConfig {
            set,
            split: Split {
                seed: Seed(args.split_seed),
                scheme: SplitScheme::Holdout,
                train_images: args.train_size.unwrap_or(pool / 10 * 9),
                validation_images: args.validation_size.unwrap_or(pool / 10),
            },
            altered,
        },
        network: Network {
            channels: args.channels.clone(),
            hidden: args.hidden,
            activation: match args.activation {
                ActivationArg::Relu => Activation::Relu,
                ActivationArg::LeakyRelu => Activation::LeakyRelu,
                ActivationArg::Tanh => Activation::Tanh,
            },
            dropout: args.dropout,
            batch_norm: args.batch_norm,
        },
        start: Start::Fresh,
        optimizer: match args.optimizer {
            OptimizerArg::Sgd => Optimizer::Sgd {
                momentum: args.momentum.unwrap_or(0.9),
                weight_decay: args.weight_decay.unwrap_or(0.0),
            },
            OptimizerArg::Adam => Optimizer::Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8 },
        },
        schedule: Schedule {
            rate: args.lr.unwrap_or(match args.optimizer {
                OptimizerArg::Sgd => SGD_RATE,
                OptimizerArg::Adam => ADAM_RATE,
            }),
            shape: match args.schedule {
                ScheduleArg::Constant => ScheduleShape::Constant,
                ScheduleArg::Cosine => ScheduleShape::Cosine,
                ScheduleArg::Step => ScheduleShape::Step {
                    every: Epoch(args.every.unwrap_or(5)),
                    factor: args.factor.unwrap_or(0.1),
                },
            },
        },
        batch_size: args.batch,
        epochs: Epoch(args.epochs),
        seed: Seed(args.seed),
        device: args.place.device.map_or(Device::Cpu, Device::from),
    }
}

/// Prints what is stored.
fn show(args: &TrainArgs, store: &Store, id: &RunId) -> Result<(), Failure> {
    let record = store.load(id).map_err(|error| Failure::store(&error))?;
    let folder = args.out.join("runs").join(&record.id.0);
    if args.place.json {
        answer(json!({ "folder": folder.to_string_lossy(), "result": record.result }))
    } else {
        answer(format_args!("{}stored in {}", text(&record), folder.display()))
    }
}

fn text(record: &RunRecord) -> String {
    let result = &record.result;
    let mut text = match result.status {
        RunStatus::Finished => String::new(),
        RunStatus::Diverged { epoch, step } => {
            format!("diverged in epoch {epoch}, at step {step}: the loss was no longer finite\n")
        }
    };
    let lines = [
        ("training", result.train),
        ("validation", result.validation),
        ("test", result.test.as_ref().map(|test| test.performance)),
    ];
    for (name, performance) in lines {
        if let Some(performance) = performance {
            let accuracy = 100.0 * performance.accuracy;
            text +=
                &format!("{name:10}  accuracy {accuracy:6.2} %   loss {:.4}\n", performance.loss);
        }
    }
    text + &format!("run {} took {:.0} s\n", record.id, result.seconds)
}

/// Draws the bar, leaves checkpoints, and writes the trace if one is wanted.
struct Watch {
    trace: Option<Trace>,
    bar: TrainBar,
    saver: Saver,
}

impl Observer for Watch {
    fn started(&mut self, weights: &Weights) -> io::Result<()> {
        self.trace.as_mut().map_or(Ok(()), |trace| trace.started(weights))
    }

    fn step(&mut self, report: &StepReport<'_>) -> io::Result<()> {
        self.bar.step(report.step.0);
        self.trace.as_mut().map_or(Ok(()), |trace| trace.step(report))
    }

    fn epoch(&mut self, record: &EpochRecord) -> io::Result<()> {
        self.bar.epoch(record);
        Ok(())
    }

    fn finished(&mut self, weights: &Weights) -> io::Result<()> {
        self.trace.as_mut().map_or(Ok(()), |trace| trace.finished(weights))
    }

    fn wants_stop(&self) -> bool {
        self.saver.wants_stop()
    }

    fn wants_pause(&self) -> bool {
        self.saver.wants_pause()
    }

    fn wants_checkpoint(&self, n_left: u32) -> bool {
        self.saver.wants_checkpoint(n_left)
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> io::Result<()> {
        self.saver.save(checkpoint)
    }
}

impl Told for Watch {
    fn resumed(&mut self, step: Step) {
        self.notice(&format!("going on after step {step}"));
    }

    fn notice(&mut self, text: &str) {
        self.bar.say(text);
    }
}
