//! The whole of a run.

use std::time::Instant;

use burn::module::Module;
use plateau_data::{Dataset, Normalisation, partition};
use plateau_model::Weights;
use plateau_record::{
    BestValidation, Epoch, EpochRecord, FORMAT_VERSION, GradientRecord, Input, Predictions,
    RangeRecord, RunConfig, RunResult, RunStatus, ScheduleShape, Start, Step,
};

use crate::backend::backend;
use crate::checkpoint::{Checkpoint, Log};
use crate::error::TrainError;
use crate::evaluate::test;
use crate::observer::Observer;
use crate::precondition::check;
use crate::run::Run;

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
    /// What they expect of an image.
    pub input: Input,
}

/// Trains one run. `parent` holds the final weights of the run that a transfer run starts from.
///
/// The test images are looked at once, with the final weights, unless the run diverged or is a
/// range test.
///
/// # Errors
/// If no run can have the configuration, the split doesn't fit the data, the parent's weights are missing or don't fit, the device
/// isn't part of this build, or the observer fails or wants the run to stop. Divergence is not
/// an error.
pub fn fit(
    config: &RunConfig,
    data: &Dataset,
    parent: Option<&Weights>,
    observer: &mut dyn Observer,
) -> Result<Trained, TrainError> {
    resume(config, data, parent, None, observer)
}

/// [`fit()`], from a checkpoint if there is one: to the same bits, wall times apart.
///
/// # Errors
/// As [`fit()`], and if the checkpoint isn't one of this run.
pub fn resume(
    config: &RunConfig,
    data: &Dataset,
    parent: Option<&Weights>,
    checkpoint: Option<Checkpoint>,
    observer: &mut dyn Observer,
) -> Result<Trained, TrainError> {
    let started = Instant::now();
    check(config)?;
    let backend = backend(config.device)?;
    let parts = partition(&data.training, &config.data.split)?;
    let normalisation = Normalisation::of(&parts.train);
    let seconds_before = checkpoint.as_ref().map_or(0.0, |checkpoint| checkpoint.head.seconds);
    let log = checkpoint.as_ref().map_or_else(Log::default, |c| c.head.log.clone());
    let mut run = Run { config, backend, observer, log, started, seconds_before };
    let (mut status, mut cnn) = match &config.start {
        Start::Fresh => run.fit_network(&parts, &normalisation, checkpoint)?,
        Start::Transfer { parent: id } => {
            let weights = parent.ok_or_else(|| TrainError::ParentMissing(id.clone()))?;
            let frozen = weights.features(&config.network, &run.backend)?;
            run.fit_head(&parts, &normalisation, (&frozen, checkpoint))?
        }
    };
    let mut measures = matches!(status, RunStatus::Finished) && !is_range_test(config);
    let (test, predictions) = measures
        .then(|| {
            cnn = cnn.valid();
            test(&cnn, &data.test, &normalisation, &run.backend.device)
        })
        .filter(|(test, _)| test.performance.loss.is_finite())
        .unzip();
    if measures && test.is_none() {
        // Weights that make infinite outputs of some images; by luck, of none seen before.
        let last = run.log.epochs.last();
        let (epoch, step) = last.map_or((Epoch(0), Step(0)), |record| (record.epoch, record.step));
        status = RunStatus::Diverged { epoch, step };
        measures = false;
    }
    let weights = Weights::of(&cnn);
    run.observer.finished(&weights)?;
    let seconds = run.seconds();
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
        seconds,
    };
    let input = normalisation.input();
    Ok(Trained { epochs, gradients, range, predictions, result, weights, input })
}

pub(crate) fn is_range_test(config: &RunConfig) -> bool {
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
