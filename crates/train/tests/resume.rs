//! A run that is stopped anywhere, and goes on from its checkpoint as bytes, ends with the same
//! bits as one that never was.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::Cell;
use std::io;

use plateau_data::{Dataset, SyntheticSize, synthetic_of};
use plateau_model::Weights;
use plateau_record::{
    Activation, DataConfig, DataSet, Device, Epoch, EpochRecord, Network, Optimizer, RunConfig,
    RunResult, RunStatus, Schedule, ScheduleShape, Seed, Split, SplitScheme, Start,
};
use plateau_train::{
    Checkpoint, CheckpointError, Observer, Silent, StepReport, TrainError, Trained, fit, resume,
};

fn data() -> Dataset {
    synthetic_of(SyntheticSize { training_per_class: 10, test_per_class: 4 })
}

/// 70 images in batches of 16: five steps an epoch, the last one smaller.
fn config() -> RunConfig {
    RunConfig {
        data: DataConfig {
            set: DataSet::Synthetic,
            split: Split {
                seed: Seed(0),
                scheme: SplitScheme::Holdout,
                train_images: 70,
                validation_images: 30,
            },
            altered: None,
        },
        network: Network {
            channels: vec![4, 8],
            hidden: 16,
            activation: Activation::Relu,
            dropout: 0.0,
            batch_norm: false,
        },
        start: Start::Fresh,
        optimizer: Optimizer::Sgd { momentum: 0.9, weight_decay: 1e-3 },
        schedule: Schedule { rate: 0.02, shape: ScheduleShape::Cosine },
        batch_size: 16,
        epochs: Epoch(3),
        seed: Seed(3),
        device: Device::Cpu,
    }
}

/// Wants to stop at the n-th time it is asked anything, and keeps the checkpoint.
struct Interrupter {
    questions: Cell<u32>,
    stop_at: u32,
    kept: Option<Vec<u8>>,
}

impl Interrupter {
    fn after(questions: u32) -> Self {
        Self { questions: Cell::new(0), stop_at: questions, kept: None }
    }
}

impl Observer for Interrupter {
    fn wants_stop(&self) -> bool {
        self.questions.set(self.questions.get() + 1);
        self.questions.get() >= self.stop_at
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> io::Result<()> {
        self.kept = Some(checkpoint.to_bytes().map_err(io::Error::other)?);
        Ok(())
    }
}

/// All that a run leaves, without times.
fn timeless(trained: &Trained) -> Trained {
    let epochs = trained.epochs.iter().map(|record| EpochRecord {
        seconds: 0.0,
        images_per_second: 0.0,
        ..record.clone()
    });
    Trained {
        epochs: epochs.collect(),
        result: RunResult { seconds: 0.0, ..trained.result.clone() },
        ..trained.clone()
    }
}

fn assert_same(a: &Trained, b: &Trained, when: &str) {
    let (a, b) = (timeless(a), timeless(b));
    assert_eq!(a.epochs, b.epochs, "{when}");
    assert_eq!(a.gradients, b.gradients, "{when}");
    assert_eq!(a.range, b.range, "{when}");
    assert_eq!(a.predictions, b.predictions, "{when}");
    assert_eq!(a.result, b.result, "{when}");
    assert!(a.weights == b.weights, "weights, {when}");
}

/// Interrupts a run at every question, again and again until it ends.
fn interrupt_everywhere(config: &RunConfig, parent: Option<&Weights>) -> u32 {
    let data = data();
    let whole = fit(config, &data, parent, &mut Silent).unwrap();
    let mut n_interruptions = 0;
    for patience in 1.. {
        let mut kept: Option<Vec<u8>> = None;
        // The first leg has so much patience; the second one more: legs get longer, so that the
        // run ends.
        for leg in 0.. {
            let checkpoint =
                kept.as_ref().map(|bytes| Checkpoint::from_bytes(bytes, &config.id()).unwrap());
            let mut observer = Interrupter::after(patience + leg * 7);
            match resume(config, &data, parent, checkpoint, &mut observer) {
                Err(TrainError::Stopped) => {
                    n_interruptions += 1;
                    kept = observer.kept.or(kept);
                }
                ended => {
                    assert_same(&ended.unwrap(), &whole, &format!("patience {patience}"));
                    if leg == 0 {
                        return n_interruptions;
                    }
                    break;
                }
            }
        }
    }
    unreachable!("a run ends")
}

#[test]
fn a_plain_run_goes_on_from_anywhere() {
    // Three epochs of five steps, four evaluations of two sets, the test.
    assert!(interrupt_everywhere(&config(), None) > 25);
}

#[test]
fn so_does_one_with_dropout_and_batch_norm() {
    let mut config = config();
    config.network.dropout = 0.3;
    config.network.batch_norm = true;
    assert!(interrupt_everywhere(&config, None) > 25);
}

#[test]
fn so_does_one_with_adam() {
    let mut config = config();
    config.optimizer = Optimizer::Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8 };
    config.schedule.rate = 1e-3;
    config.epochs = Epoch(2);
    assert!(interrupt_everywhere(&config, None) > 15);
}

#[test]
fn so_does_a_range_test() {
    let mut config = config();
    config.schedule = Schedule { rate: 1e-4, shape: ScheduleShape::RangeTest { to: 1.0 } };
    assert!(interrupt_everywhere(&config, None) >= 10);
}

#[test]
fn so_does_a_transfer() {
    let parent = fit(&config(), &data(), None, &mut Silent).unwrap();
    let mut config = config();
    config.start = Start::Transfer { parent: config.id() };
    config.network.dropout = 0.2;
    assert!(interrupt_everywhere(&config, Some(&parent.weights)) > 25);
}

#[test]
fn so_does_one_that_diverges() {
    for rate in [1e3, 1e6, 1e30] {
        let mut config = config();
        config.schedule = Schedule { rate, shape: ScheduleShape::Constant };
        let whole = fit(&config, &data(), None, &mut Silent).unwrap();
        assert!(matches!(whole.result.status, RunStatus::Diverged { .. }), "{rate}");
        interrupt_everywhere(&config, None);
    }
}

/// Wants a checkpoint whenever it is asked.
#[derive(Default)]
struct Insatiable(u32);

impl Observer for Insatiable {
    fn wants_pause(&self) -> bool {
        true
    }

    fn checkpoint(&mut self, _checkpoint: &Checkpoint) -> io::Result<()> {
        self.0 += 1;
        Ok(())
    }
}

#[test]
fn a_run_gets_on_however_many_checkpoints_are_wanted() {
    let (config, data) = (config(), data());
    let mut observer = Insatiable::default();
    let watched = fit(&config, &data, None, &mut observer).unwrap();
    assert_same(&watched, &fit(&config, &data, None, &mut Silent).unwrap(), "insatiable");
    assert_eq!(observer.0, 12, "between two steps of each epoch");
}

/// Leaves a checkpoint whenever it may, and stops never.
#[derive(Default)]
struct Careful {
    kept: Vec<Vec<u8>>,
    steps: Vec<u64>,
    due: bool,
}

impl Observer for Careful {
    fn step(&mut self, report: &StepReport<'_>) -> io::Result<()> {
        self.steps.push(report.step.0);
        self.due = report.step.0 % 2 == 1;
        Ok(())
    }

    fn wants_pause(&self) -> bool {
        self.due
    }

    fn wants_checkpoint(&self, _n_left: u32) -> bool {
        true
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> io::Result<()> {
        self.kept.push(checkpoint.to_bytes().map_err(io::Error::other)?);
        self.due = false;
        Ok(())
    }
}

#[test]
fn checkpoints_on_the_way_change_nothing_and_each_leads_to_the_end() {
    let (config, data) = (config(), data());
    let whole = fit(&config, &data, None, &mut Silent).unwrap();
    let mut careful = Careful::default();
    let watched = fit(&config, &data, None, &mut careful).unwrap();
    assert_same(&watched, &whole, "with checkpoints");
    assert_eq!(careful.steps, (1..=15).collect::<Vec<_>>(), "no step is done twice");
    assert!(careful.kept.len() >= 8, "{}", careful.kept.len());
    for bytes in careful.kept {
        let checkpoint = Checkpoint::from_bytes(&bytes, &config.id()).unwrap();
        let step = checkpoint.head.step;
        let ended = resume(&config, &data, None, Some(checkpoint), &mut Silent).unwrap();
        assert_same(&ended, &whole, &format!("from step {step}"));
    }
}

#[test]
fn a_checkpoint_that_does_not_fit_is_refused() {
    let (config, data) = (config(), data());
    let mut careful = Careful::default();
    fit(&config, &data, None, &mut careful).unwrap();
    let checkpoint = || Checkpoint::from_bytes(&careful.kept[3], &config.id()).unwrap();
    let refused = |checkpoint| {
        let error = resume(&config, &data, None, Some(checkpoint), &mut Silent).unwrap_err();
        assert!(matches!(error, TrainError::Checkpoint(_)), "{error}");
        error.to_string()
    };
    let mut other = checkpoint();
    other.weights.0.remove("fc1.bias");
    assert!(refused(other).contains("fc1.bias"));
    let mut other = checkpoint();
    other.optimizer[1].means[0].pop();
    assert!(refused(other).contains("optimiser"));
    let mut other = checkpoint();
    other.optimizer.pop();
    assert!(refused(other).contains("optimiser"));
    let mut other = checkpoint();
    other.head.under_way.gradients.pop();
    assert!(refused(other).contains("gradient"));
    for epoch in [0, 7, u32::MAX] {
        let mut other = checkpoint();
        other.head.under_way.epoch = Epoch(epoch);
        assert!(refused(other).contains("steps"));
    }
    let mut other = config.clone();
    other.seed = Seed(4);
    let error = Checkpoint::from_bytes(&careful.kept[3], &other.id()).unwrap_err();
    assert!(matches!(error, CheckpointError::OtherRun { .. }), "{error}");
}
