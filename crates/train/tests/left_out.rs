//! Batch norm can't be trained on a batch of one: a last batch of one is left out, and what would
//! be nothing but such batches is refused.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::io;

use plateau_data::{Dataset, SyntheticSize, synthetic_of};
use plateau_record::{
    Activation, DataConfig, DataSet, Device, Epoch, Network, Optimizer, RunConfig, RunStatus,
    Schedule, ScheduleShape, Seed, Split, SplitScheme, Start,
};
use plateau_train::{
    Checkpoint, Observer, Precondition, Silent, StepReport, TrainError, Trained, fit, resume,
};

fn data() -> Dataset {
    synthetic_of(SyntheticSize { training_per_class: 120, test_per_class: 4 })
}

/// 40 images in batches of 3: a last batch of one.
fn config() -> RunConfig {
    RunConfig {
        data: DataConfig {
            set: DataSet::Synthetic,
            split: Split {
                seed: Seed(0),
                scheme: SplitScheme::Holdout,
                train_images: 40,
                validation_images: 31,
            },
            altered: None,
        },
        network: Network {
            channels: vec![4, 8],
            hidden: 16,
            activation: Activation::Relu,
            dropout: 0.0,
            batch_norm: true,
        },
        start: Start::Fresh,
        optimizer: Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 },
        schedule: Schedule { rate: 0.01, shape: ScheduleShape::Cosine },
        batch_size: 3,
        epochs: Epoch(2),
        seed: Seed(5),
        device: Device::Cpu,
    }
}

/// Keeps each step's images, and a checkpoint after each step.
#[derive(Default)]
struct Watch {
    steps: Vec<(Epoch, Vec<u32>)>,
    total: u64,
    kept: Vec<Vec<u8>>,
}

impl Observer for Watch {
    fn step(&mut self, report: &StepReport<'_>) -> io::Result<()> {
        self.steps.push((report.epoch, report.pool_indices.to_vec()));
        self.total = report.total_steps;
        Ok(())
    }

    fn wants_pause(&self) -> bool {
        true
    }

    fn wants_checkpoint(&self, _n_left: u32) -> bool {
        true
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> io::Result<()> {
        self.kept.push(checkpoint.to_bytes().map_err(io::Error::other)?);
        Ok(())
    }
}

fn images_of(steps: &[(Epoch, Vec<u32>)], epoch: Epoch) -> BTreeSet<u32> {
    steps.iter().filter(|step| step.0 == epoch).flat_map(|step| step.1.clone()).collect()
}

fn has_finite_statistics(trained: &Trained) -> bool {
    let statistics = trained.weights.0.iter().filter(|(name, _)| name.contains("running"));
    let mut values = statistics.flat_map(|(_, tensor)| &tensor.values);
    values.all(|value| value.is_finite() && value.abs() < 1e6)
}

#[test]
fn the_last_image_of_each_epoch_is_left_out_and_another_one_in_the_next() {
    let config = config();
    let mut watch = Watch::default();
    let trained = fit(&config, &data(), None, &mut watch).unwrap();
    assert_eq!((watch.steps.len(), watch.total), (26, 26), "two epochs of 13 steps");
    assert!(watch.steps.iter().all(|(_, images)| images.len() == 3));
    let [first, second] = [1, 2].map(|epoch| images_of(&watch.steps, Epoch(epoch)));
    assert_eq!((first.len(), second.len()), (39, 39));
    assert_ne!(first, second, "by the seed: two epochs could leave the same image out");
    // The counts of what was recorded are those of the steps that were done.
    let record = &trained.epochs[2];
    assert_eq!(record.step.0, 26);
    let images = record.images_per_second * record.seconds;
    assert!((images - 39.0).abs() < 1e-6, "{images}");
    let weights = 4 * 3 * 9;
    let gradients = trained.gradients.iter().find(|record| record.name == "conv1").unwrap();
    assert_eq!(gradients.count, 13 * weights);
}

#[test]
fn without_batch_norm_nothing_is_left_out() {
    let mut config = config();
    config.network.batch_norm = false;
    let mut watch = Watch::default();
    fit(&config, &data(), None, &mut watch).unwrap();
    assert_eq!(watch.steps.len(), 28);
    assert_eq!(images_of(&watch.steps, Epoch(1)).len(), 40);
}

#[test]
fn a_run_that_leaves_one_out_goes_on_from_each_of_its_checkpoints_to_the_same_bits() {
    let (config, data) = (config(), data());
    let whole = fit(&config, &data, None, &mut Silent).unwrap();
    let mut watch = Watch::default();
    fit(&config, &data, None, &mut watch).unwrap();
    assert!(watch.kept.len() >= 25, "{}", watch.kept.len());
    for bytes in watch.kept {
        let checkpoint = Checkpoint::from_bytes(&bytes, &config.id()).unwrap();
        let ended = resume(&config, &data, None, Some(checkpoint), &mut Silent).unwrap();
        assert!(ended.weights == whole.weights);
        assert_eq!(ended.gradients, whole.gradients);
        assert_eq!(ended.predictions, whole.predictions);
    }
}

#[test]
fn a_range_test_leaves_one_out_and_reaches_its_last_rate() {
    let mut config = config();
    config.schedule = Schedule { rate: 1e-5, shape: ScheduleShape::RangeTest { to: 1e-3 } };
    let trained = fit(&config, &data(), None, &mut Silent).unwrap();
    assert_eq!(trained.range.len(), 26);
    let last = trained.range[25].learning_rate;
    assert!((last / 1e-3 - 1.0).abs() < 1e-9, "{last}");
}

#[test]
fn a_transfer_leaves_one_out_since_its_hidden_layer_is_normalised_too() {
    let (parent, data) = (config(), data());
    let weights = fit(&parent, &data, None, &mut Silent).unwrap().weights;
    let mut config = config();
    config.start = Start::Transfer { parent: parent.id() };
    let mut watch = Watch::default();
    let trained = fit(&config, &data, Some(&weights), &mut watch).unwrap();
    assert_eq!(watch.steps.len(), 26);
    assert!(has_finite_statistics(&trained));
}

#[test]
fn a_thousand_images_in_batches_of_three_are_learned() {
    let mut config = config();
    config.data.split.train_images = 1000;
    config.data.split.validation_images = 200;
    config.network.channels = vec![8, 16];
    config.network.hidden = 32;
    config.schedule.rate = 0.001;
    config.epochs = Epoch(8);
    let trained = fit(&config, &data(), None, &mut Silent).unwrap();
    assert_eq!(trained.result.status, RunStatus::Finished);
    assert!(has_finite_statistics(&trained));
    let [before, after] = [0, 8].map(|epoch| trained.epochs[epoch].train);
    assert!(after.loss < 0.8 * before.loss && after.accuracy > 0.4, "{after:?}");
}

#[test]
fn what_is_nothing_but_batches_of_one_is_refused() {
    let refused = |config: &RunConfig, parent| {
        let error = fit(config, &data(), parent, &mut Silent).unwrap_err();
        let what = Precondition::BatchOfOne {
            batch_size: config.batch_size,
            train_images: config.data.split.train_images,
        };
        assert!(matches!(&error, TrainError::Precondition(found) if *found == what), "{error}");
    };
    let mut ones = config();
    ones.batch_size = 1;
    refused(&ones, None);
    ones.start = Start::Transfer { parent: ones.id() };
    refused(&ones, None);
    let mut one = config();
    one.data.split.train_images = 1;
    refused(&one, None);
    ones.start = Start::Fresh;
    ones.network.batch_norm = false;
    fit(&ones, &data(), None, &mut Silent).unwrap();
}

#[test]
fn evaluation_takes_a_last_batch_of_one() {
    // 501 images in batches of 500.
    let mut config = config();
    config.data.split.train_images = 600;
    config.data.split.validation_images = 501;
    config.batch_size = 100;
    config.epochs = Epoch(1);
    let trained = fit(&config, &data(), None, &mut Silent).unwrap();
    let accuracy = trained.epochs[1].validation.accuracy * 501.0;
    assert!((accuracy - accuracy.round()).abs() < 1e-9, "of 501 images: {accuracy}");
}
