//! What a configuration has to be for a run of it to be possible at all.
//!
//! What is wise to ask for is decided where settings are read; here is refused what would
//! otherwise be a panic, or a run that learns nothing by construction.

use plateau_record::bounds::{MAX_BLOCKS, MAX_EPOCHS, MAX_UNITS};
use plateau_record::{Optimizer, RunConfig, ScheduleShape};
use thiserror::Error;

/// A configuration that no run can have.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Precondition {
    /// Batch normalisation whose every batch has one image.
    #[error(
        "batch normalisation can't be trained on batches of one image, which have no variance: \
         expected batches of 2 images or more and as many training images, found batches of \
         {batch_size} and {train_images} training images"
    )]
    BatchOfOne {
        /// Images per step.
        batch_size: u32,
        /// Images to train on.
        train_images: u32,
    },
    /// Steps without images.
    #[error("batches have no images: expected 1 or more")]
    EmptyBatch,
    /// Another number of blocks than the images can be halved.
    #[error("the network has {found} blocks: expected 1 to {MAX_BLOCKS}")]
    Blocks {
        /// How many were asked for.
        found: usize,
    },
    /// A layer without units, or with too many.
    #[error("a layer has {found} units: expected 1 to {MAX_UNITS}")]
    Units {
        /// How many were asked for.
        found: u32,
    },
    /// More epochs than can be counted.
    #[error("the run has {found} epochs: expected at most {MAX_EPOCHS}")]
    Epochs {
        /// How many were asked for.
        found: u32,
    },
    /// A number that isn't one of its setting.
    #[error("{setting} is {found}: expected {expected}")]
    Number {
        /// Whose number.
        setting: &'static str,
        /// Which number.
        found: f64,
        /// Which numbers it may be.
        expected: &'static str,
    },
}

/// Fails if no run can have the configuration.
///
/// # Errors
/// With the first precondition that isn't met.
pub fn check(config: &RunConfig) -> Result<(), Precondition> {
    let network = &config.network;
    if !(1..=MAX_BLOCKS).contains(&network.channels.len()) {
        return Err(Precondition::Blocks { found: network.channels.len() });
    }
    for &found in network.channels.iter().chain([&network.hidden]) {
        if !(1..=MAX_UNITS).contains(&found) {
            return Err(Precondition::Units { found });
        }
    }
    let (batch_size, train_images) = (config.batch_size, config.data.split.train_images);
    if batch_size == 0 {
        return Err(Precondition::EmptyBatch);
    }
    if network.batch_norm && (batch_size == 1 || train_images == 1) {
        return Err(Precondition::BatchOfOne { batch_size, train_images });
    }
    if config.epochs.0 > MAX_EPOCHS {
        return Err(Precondition::Epochs { found: config.epochs.0 });
    }
    numbers(config)
}

/// The settings that aren't whole numbers. They are passed on in single precision, where
/// anything finite may still overflow: then the run diverges, which is a result.
fn numbers(config: &RunConfig) -> Result<(), Precondition> {
    let share = |setting, found: f64| {
        let is_share = (0.0..1.0).contains(&found);
        is_share.then_some(()).ok_or(Precondition::Number {
            setting,
            found,
            expected: "0 or more, and less than 1",
        })
    };
    let positive = |setting, found: f64| {
        let is_positive = found > 0.0 && found.is_finite();
        let expected = "a finite number above 0";
        is_positive.then_some(()).ok_or(Precondition::Number { setting, found, expected })
    };
    share("the dropout rate", config.network.dropout)?;
    match config.optimizer {
        Optimizer::Sgd { momentum, weight_decay } => {
            share("the momentum", momentum)?;
            if weight_decay != 0.0 {
                positive("the weight decay", weight_decay)?;
            }
        }
        Optimizer::Adam { beta_1, beta_2, epsilon } => {
            share("Adam's β₁", beta_1)?;
            share("Adam's β₂", beta_2)?;
            positive("Adam's ε", epsilon)?;
        }
    }
    positive("the learning rate", config.schedule.rate)?;
    match config.schedule.shape {
        ScheduleShape::Constant | ScheduleShape::Cosine => Ok(()),
        ScheduleShape::Step { factor, .. } => positive("the step schedule's factor", factor),
        ScheduleShape::RangeTest { to } => {
            positive("the range test's last rate", to)?;
            positive("the range test's last rate over its first", to / config.schedule.rate)
        }
    }
}
