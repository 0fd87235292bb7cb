//! The whole of a run.

use std::time::Instant;

use burn::module::Module;
use plateau_data::{Dataset, Normalisation, Partition, partition};
use plateau_model::{Backend, Cnn, Features, Head, Weights};
use plateau_record::{
    BestValidation, Epoch, EpochRecord, FORMAT_VERSION, GradientRecord, Predictions, RangeRecord,
    RunConfig, RunResult, RunStatus, ScheduleShape, Start, Step,
};

use crate::backend::backend;
use crate::epochs::{EpochEnd, Next, Training};
use crate::error::TrainError;
use crate::evaluate::{evaluate, test};
use crate::examples::{Examples, FeatureExamples, ImageExamples};
use crate::observer::Observer;
use crate::range_test::{RangeTest, Verdict};
use crate::trainable::Trainable;

/// All that a run leaves behind, apart from its provenance.
#[derive(Clone, Debug)]
pub struct Trained {
    /// One per epoch, epoch 0 first; empty for range tests.
    pub epochs: Vec<EpochRecord>,
    /// By epoch, layer and kind; empty for range tests.
    pub gradients: Vec<GradientRecord>,
    /// One per step of a range test.
    pub range: Vec<RangeRecord>,
    /// What the final weights say about each test image, if it was tested.
    pub predictions: Option<Predictions>,
    /// How it ended.
    pub result: RunResult,
    /// The final weights.
    pub weights: Weights,
}

/// Trains one run. `parent` holds the final weights of the run that a transfer run starts from.
///
/// The test images are looked at once, with the final weights, unless the run diverged or is a
/// range test.
///
/// # Errors
/// If the split doesn't fit the data, the parent's weights are missing or don't fit, the device
/// isn't part of this build, or the observer fails. Divergence is not an error.
pub fn fit(
    config: &RunConfig,
    data: &Dataset,
    parent: Option<&Weights>,
    observer: &mut dyn Observer,
) -> Result<Trained, TrainError> {
    let started = Instant::now();
    let backend = backend(config.device)?;
    let parts = partition(&data.training, &config.data.split)?;
    let normalisation = Normalisation::of(&parts.train);
    let mut run = Run { config, backend, observer, log: Log::default() };
    let (status, mut cnn) = match &config.start {
        Start::Fresh => run.fit_network(&parts, &normalisation)?,
        Start::Transfer { parent: id } => {
            let weights = parent.ok_or_else(|| TrainError::ParentMissing(id.clone()))?;
            let frozen = weights.features(&config.network, &run.backend)?;
            run.fit_head(&parts, &normalisation, &frozen)?
        }
    };
    let measures = matches!(status, RunStatus::Finished) && !is_range_test(config);
    let (test, predictions) = measures
        .then(|| {
            cnn = cnn.valid();
            test(&cnn, &data.test, &normalisation, &run.backend.device)
        })
        .unzip();
    let weights = Weights::of(&cnn);
    run.observer.finished(&weights)?;
    let Log { epochs, gradients, range } = run.log;
    let last = epochs.last().filter(|_| measures);
    let result = RunResult {
        id: config.id(),
        format: FORMAT_VERSION,
        status,
        train: last.map(|record| record.train),
        validation: last.map(|record| record.validation),
        best_validation: best_validation(&epochs),
        test,
        seconds: started.elapsed().as_secs_f64(),
    };
    Ok(Trained { epochs, gradients, range, predictions, result, weights })
}

#[derive(Default)]
struct Log {
    epochs: Vec<EpochRecord>,
    gradients: Vec<GradientRecord>,
    range: Vec<RangeRecord>,
}

struct Run<'a> {
    config: &'a RunConfig,
    /// Without differentiation.
    backend: Backend,
    observer: &'a mut dyn Observer,
    log: Log,
}

/// Where in a run a model is measured.
#[derive(Clone, Copy)]
struct Moment {
    epoch: Epoch,
    /// Updates done.
    step: Step,
    /// Of the last step, or of the first if none was done.
    rate: f64,
}

/// The three sets of examples that training looks at.
struct Views<'a> {
    train: &'a dyn Examples,
    train_metric: &'a dyn Examples,
    validation: &'a dyn Examples,
}

impl Run<'_> {
    /// Trains all layers.
    fn fit_network(
        &mut self,
        parts: &Partition,
        normalisation: &Normalisation,
    ) -> Result<(RunStatus, Cnn), TrainError> {
        let backend = self.backend.differentiating();
        let cnn = Cnn::init(&self.config.network, self.config.seed, &backend);
        self.observer.started(&Weights::of(&cnn))?;
        let train = ImageExamples { view: &parts.train, normalisation };
        if is_range_test(self.config) {
            return self.range_test(cnn, &train);
        }
        let views = Views {
            train: &train,
            train_metric: &ImageExamples { view: &parts.train_metric, normalisation },
            validation: &ImageExamples { view: &parts.validation, normalisation },
        };
        self.all_epochs(cnn, &views)
    }

    /// Trains the fully connected layers on the cached features of frozen convolutions.
    fn fit_head(
        &mut self,
        parts: &Partition,
        normalisation: &Normalisation,
        frozen: &Features,
    ) -> Result<(RunStatus, Cnn), TrainError> {
        let mut frozen = frozen.valid();
        let backend = self.backend.differentiating();
        let head = Head::reinit(&self.config.network, self.config.seed, &backend);
        let whole = |head: Head, features: &Features| Cnn { features: features.clone(), head };
        self.observer.started(&Weights::of(&whole(head.clone(), &frozen)))?;
        let train = ImageExamples { view: &parts.train, normalisation };
        let train_metric = ImageExamples { view: &parts.train_metric, normalisation };
        let validation = ImageExamples { view: &parts.validation, normalisation };
        let views = Views {
            train: &FeatureExamples::compute(&train, &mut frozen, &self.backend.device),
            train_metric: &FeatureExamples::compute(
                &train_metric,
                &mut frozen,
                &self.backend.device,
            ),
            validation: &FeatureExamples::compute(&validation, &mut frozen, &self.backend.device),
        };
        let (status, head) = self.all_epochs(head, &views)?;
        Ok((status, whole(head.valid(), &frozen)))
    }

    fn all_epochs<M: Trainable>(
        &mut self,
        model: M,
        views: &Views<'_>,
    ) -> Result<(RunStatus, M), TrainError> {
        let mut training = Training::new(self.config, model, self.backend.differentiating());
        let names = self.config.network.layer_names();
        // Measured after the first epoch, for the run to be at its first step the sooner.
        let mut untrained = Some((training.model().clone(), training.rate()));
        for epoch in (1..=self.config.epochs.0).map(Epoch) {
            let outcome =
                training.run_epoch(epoch, views.train, self.observer, |_, _, _| Next::Step)?;
            if let Some((model, rate)) = untrained.take() {
                let at = Moment { epoch: Epoch(0), step: Step(0), rate };
                let record = self.measure(&model, views, at, (0.0, 0));
                self.record(record)?;
            }
            let diverged = RunStatus::Diverged { epoch, step: training.step() };
            if outcome.end == EpochEnd::Diverged {
                return Ok((diverged, training.model().clone()));
            }
            let at = Moment { epoch, step: training.step(), rate: training.rate() };
            let done = (outcome.seconds, outcome.images);
            let measured = self.measure(training.model(), views, at, done);
            if !(measured.train.loss.is_finite() && measured.validation.loss.is_finite()) {
                return Ok((diverged, training.model().clone()));
            }
            self.log.gradients.extend(outcome.gradients.records(epoch, &names));
            self.record(measured)?;
        }
        Ok((RunStatus::Finished, training.model().clone()))
    }

    fn range_test(
        &mut self,
        cnn: Cnn,
        train: &dyn Examples,
    ) -> Result<(RunStatus, Cnn), TrainError> {
        let mut training = Training::new(self.config, cnn, self.backend.differentiating());
        let mut test = RangeTest::default();
        for epoch in (1..=self.config.epochs.0).map(Epoch) {
            let outcome =
                training.run_epoch(epoch, train, self.observer, |step, learning_rate, loss| {
                    match test.add(RangeRecord { step, learning_rate, loss }) {
                        Verdict::GoOn => Next::Step,
                        Verdict::Stop => Next::Stop,
                    }
                })?;
            if outcome.end != EpochEnd::Complete {
                break;
            }
        }
        self.log.range = test.into_records();
        Ok((RunStatus::Finished, training.model().clone()))
    }

    fn measure<M: Trainable>(
        &self,
        model: &M,
        views: &Views<'_>,
        Moment { epoch, step, rate }: Moment,
        (seconds, images): (f64, u64),
    ) -> EpochRecord {
        let performance =
            |examples: &dyn Examples| evaluate(model, examples, &self.backend.device).performance;
        EpochRecord {
            epoch,
            step,
            learning_rate: rate,
            train: performance(views.train_metric),
            validation: performance(views.validation),
            seconds,
            images_per_second: if seconds > 0.0 { images as f64 / seconds } else { 0.0 },
        }
    }

    fn record(&mut self, record: EpochRecord) -> Result<(), TrainError> {
        self.observer.epoch(&record)?;
        self.log.epochs.push(record);
        Ok(())
    }
}

fn is_range_test(config: &RunConfig) -> bool {
    matches!(config.schedule.shape, ScheduleShape::RangeTest { .. })
}

/// The first of the epochs with the highest validation accuracy, epoch 0 left out.
fn best_validation(epochs: &[EpochRecord]) -> Option<BestValidation> {
    let mut best: Option<BestValidation> = None;
    for record in epochs.iter().filter(|record| record.epoch > Epoch(0)) {
        let better = best.is_none_or(|b| record.validation.accuracy > b.performance.accuracy);
        if better {
            best = Some(BestValidation { epoch: record.epoch, performance: record.validation });
        }
    }
    best
}
