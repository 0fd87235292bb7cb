//! Checkpoints of the baseline cost less than two per cent of its time.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io;
use std::time::{Duration, Instant};

use plateau_record::{
    Activation, DataConfig, DataSet, Device, Epoch, EpochRecord, Network, Optimizer, RunConfig,
    Schedule, ScheduleShape, Seed, Split, SplitScheme, Start,
};
use plateau_study::{Checkpoints, Store};
use plateau_train::{Checkpoint, Observer, fit};

/// Steps of the baseline's epoch: 45,000 images in batches of 128.
const STEPS_PER_EPOCH: f64 = 352.0;

/// The baseline's network and batches, with fewer of them.
fn config() -> RunConfig {
    RunConfig {
        data: DataConfig {
            set: DataSet::Synthetic,
            split: Split {
                seed: Seed(0),
                scheme: SplitScheme::Holdout,
                train_images: 1_280,
                validation_images: 100,
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
        schedule: Schedule { rate: 0.01, shape: ScheduleShape::Constant },
        batch_size: 128,
        epochs: Epoch(6),
        seed: Seed(0),
        device: Device::Cpu,
    }
}

struct Watch {
    checkpoints: Checkpoints,
    costs: Vec<Duration>,
    n_bytes: usize,
    step_seconds: Vec<f64>,
}

impl Observer for Watch {
    fn epoch(&mut self, record: &EpochRecord) -> io::Result<()> {
        if record.epoch > Epoch(0) {
            self.step_seconds.push(record.seconds / 10.0);
        }
        Ok(())
    }

    fn wants_checkpoint(&self, _n_left: u32) -> bool {
        true
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> io::Result<()> {
        let started = Instant::now();
        let bytes = checkpoint.to_bytes().map_err(io::Error::other)?;
        self.checkpoints.save(checkpoint.head.step, "me", &bytes).map_err(io::Error::other)?;
        self.costs.push(started.elapsed());
        self.n_bytes = bytes.len();
        Ok(())
    }
}

#[test]
fn a_checkpoint_per_epoch_costs_less_than_two_per_cent() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = Store::at(folder.path()).checkpoints(&config().id());
    let mut watch = Watch { checkpoints, costs: Vec::new(), n_bytes: 0, step_seconds: Vec::new() };
    fit(&config(), &plateau_data::synthetic(), None, &mut watch).unwrap();
    watch.costs.sort();
    watch.step_seconds.sort_by(f64::total_cmp);
    let (cost, step) = (watch.costs[watch.costs.len() / 2], watch.step_seconds[3]);
    let share = cost.as_secs_f64() / (step * STEPS_PER_EPOCH);
    println!(
        "a checkpoint of {} bytes takes {cost:.1?}, an epoch of the baseline {:.1} s: {:.2} %",
        watch.n_bytes,
        step * STEPS_PER_EPOCH,
        share * 100.0
    );
    assert!(share < 0.02, "{share}");
}
