//! One run, described in a line.

use std::fmt;

use plateau_analysis::LearningCurves;
use plateau_data::Dataset;
use plateau_record::{
    DataConfig, DataSet, Device, Epoch, EpochRecord, Network, Optimizer, RunConfig, Schedule,
    ScheduleShape, Seed, Split, SplitScheme, Start, TestRecord,
};
use plateau_report::evcxr::show;
use plateau_report::figure::{Figure, Heading};
use plateau_report::figures::curves::learning;
use plateau_train::{Silent, fit};

use crate::Error;

/// A run to be trained: SGD with momentum 0.9 in batches of 128, unless said otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    config: RunConfig,
}

impl Training {
    /// 4,000 training and 1,000 validation images, 5 epochs at the rate 0.02, seed 0.
    #[must_use]
    pub fn of(network: Network) -> Self {
        let split = Split {
            seed: Seed(0),
            scheme: SplitScheme::Holdout,
            train_images: 4_000,
            validation_images: 1_000,
        };
        let config = RunConfig {
            data: DataConfig { set: DataSet::Cifar10, split, altered: None },
            network,
            start: Start::Fresh,
            optimizer: Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 },
            schedule: Schedule { rate: 0.02, shape: ScheduleShape::Constant },
            batch_size: 128,
            epochs: Epoch(5),
            seed: Seed(0),
            device: Device::Cpu,
        };
        Self { config }
    }

    /// So many images to train on, and others to validate on.
    #[must_use]
    pub fn images(mut self, training: u32, validation: u32) -> Self {
        self.config.data.split.train_images = training;
        self.config.data.split.validation_images = validation;
        self
    }

    /// Passes over the training images.
    #[must_use]
    pub fn epochs(mut self, epochs: u32) -> Self {
        self.config.epochs = Epoch(epochs);
        self
    }

    /// The (first) learning rate.
    #[must_use]
    pub fn rate(mut self, rate: f64) -> Self {
        self.config.schedule.rate = rate;
        self
    }

    /// The rate falls to zero along a cosine.
    #[must_use]
    pub fn cosine(mut self) -> Self {
        self.config.schedule.shape = ScheduleShape::Cosine;
        self
    }

    /// Another optimiser.
    #[must_use]
    pub fn optimizer(mut self, optimizer: Optimizer) -> Self {
        self.config.optimizer = optimizer;
        self
    }

    /// Images per step.
    #[must_use]
    pub fn batch_size(mut self, images: u32) -> Self {
        self.config.batch_size = images;
        self
    }

    /// The seed of the initial weights, the order of the images and the dropout masks.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.seed = Seed(seed);
        self
    }

    /// All that the run is asked to do.
    #[must_use]
    pub fn config(&self) -> &RunConfig {
        &self.config
    }

    /// Trains the run, on one thread.
    ///
    /// # Errors
    /// If the data have too few images.
    pub fn train(&self, data: &Dataset) -> Result<Trained, Error> {
        let trained = fit(&self.config, data, None, &mut Silent)?;
        Ok(Trained {
            config: self.config.clone(),
            epochs: trained.epochs,
            test: trained.result.test,
        })
    }
}

/// A trained run.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// What was asked.
    pub config: RunConfig,
    /// Loss and accuracy after each epoch, epoch 0 being the untrained network.
    pub epochs: Vec<EpochRecord>,
    /// On the test images, if the loss stayed finite.
    pub test: Option<TestRecord>,
}

impl Trained {
    /// Its learning curves.
    #[must_use]
    pub fn curves(&self) -> Figure {
        let curves = LearningCurves::of(&self.epochs);
        learning(Heading::new("trained", "Learning curves of one run", ""), &curves)
    }

    /// Shows the outcome as the output of a notebook's cell.
    pub fn evcxr_display(&self) {
        show("text/plain", &self.to_string());
    }
}

impl fmt::Display for Trained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |accuracy: f64| accuracy * 100.0;
        if let Some(last) = self.epochs.last() {
            write!(
                f,
                "after {} epochs: accuracy {:.1} % on training images, {:.1} % on validation images",
                last.epoch,
                percent(last.train.accuracy),
                percent(last.validation.accuracy)
            )?;
        }
        match &self.test {
            Some(test) => write!(f, ", {:.1} % on test images", percent(test.performance.accuracy)),
            None => f.write_str("; the loss did not stay finite"),
        }
    }
}
