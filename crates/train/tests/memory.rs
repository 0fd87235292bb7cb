//! Training takes no more memory the longer it lasts.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io;

use plateau_data::{SyntheticSize, synthetic_of};
use plateau_model::operators::pooled_bytes;
use plateau_record::{
    Activation, DataConfig, DataSet, Device, Epoch, EpochRecord, Network, Optimizer, RunConfig,
    Schedule, ScheduleShape, Seed, Split, SplitScheme, Start,
};
use plateau_train::{Observer, fit};

fn config(activation: Activation, dropout: f64, batch_norm: bool) -> RunConfig {
    RunConfig {
        data: DataConfig {
            set: DataSet::Synthetic,
            split: Split {
                seed: Seed(0),
                scheme: SplitScheme::Holdout,
                train_images: 150,
                validation_images: 50,
            },
            altered: None,
        },
        network: Network { channels: vec![4, 8, 8], hidden: 16, activation, dropout, batch_norm },
        start: Start::Fresh,
        optimizer: Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 },
        schedule: Schedule { rate: 0.01, shape: ScheduleShape::Constant },
        batch_size: 32,
        epochs: Epoch(10),
        seed: Seed(0),
        device: Device::Cpu,
    }
}

/// Bytes of a few of the small buffers; the smallest leak that was ever there took ten times as
/// much in five epochs.
const FEW: usize = 4096;

/// What the pool of buffers keeps after each epoch.
#[derive(Default)]
struct Pool(Vec<usize>);

impl Observer for Pool {
    fn epoch(&mut self, _record: &EpochRecord) -> io::Result<()> {
        self.0.push(pooled_bytes());
        Ok(())
    }
}

// One test: the pool is the process's. One thread: with more, how their work interleaves decides
// how many buffers are needed at a time.
#[test]
fn what_is_kept_for_the_next_step_does_not_grow() {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().unwrap();
    let data = synthetic_of(SyntheticSize { training_per_class: 20, test_per_class: 4 });
    for activation in [Activation::Relu, Activation::Tanh] {
        for dropout in [0.0, 0.5] {
            for batch_norm in [false, true] {
                let mut pool = Pool::default();
                fit(&config(activation, dropout, batch_norm), &data, None, &mut pool).unwrap();
                let kept = pool.0;
                // The first epochs fill it; which buffer serves which request then makes it go up
                // and down by a few small ones.
                assert!(
                    kept[6..].iter().max() <= kept[..6].iter().max().map(|m| m + FEW).as_ref(),
                    "{activation:?}, dropout {dropout}, batch norm {batch_norm}: {kept:?} bytes"
                );
            }
        }
    }
}
