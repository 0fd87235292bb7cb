//! Passes over the training images, and the state between them.

use std::time::Instant;

use burn::optim::GradientsParams;
use plateau_data::epoch_order;
use plateau_model::dropout::MaskKey;
use plateau_model::operators::{Work, cross_entropy, timed, with_values};
use plateau_model::{Backend, DropoutMasks, Mode};
use plateau_record::{Epoch, RunConfig, Step};

use crate::error::TrainError;
use crate::examples::{Batch, Examples};
use crate::gradients::GradientStatistics;
use crate::observer::{Observer, StepReport};
use crate::optimizer::{Misfit, Optimizer, ParameterState};
use crate::schedule::RateCurve;
use crate::trainable::Trainable;

/// The state of a run between two steps.
pub struct Training<'a, M> {
    config: &'a RunConfig,
    rates: RateCurve<'a>,
    backend: Backend,
    optimizer: Optimizer,
    model: Option<M>,
    step: Step,
}

/// Whether the caller wants the next step.
pub enum Next {
    /// Yes.
    Step,
    /// The run ends here.
    Stop,
}

/// How far an epoch is.
pub struct EpochProgress {
    /// Which epoch, from 1.
    pub epoch: Epoch,
    /// Its steps that are done.
    pub steps: u64,
    /// Images that these steps trained on.
    pub images: u64,
    /// Wall time of these steps.
    pub seconds: f64,
    /// Gradients of these steps.
    pub gradients: GradientStatistics,
}

/// Why an epoch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpochEnd {
    /// All images were seen.
    Complete,
    /// The caller wanted no more steps.
    Stopped,
    /// The observer wants a checkpoint, or the end of the run; the epoch may go on.
    Paused,
    /// The loss of the last step was not finite.
    Diverged,
}

impl<'a, M: Trainable> Training<'a, M> {
    /// Before the first step. `model` lives on `backend`, which differentiates.
    #[must_use]
    pub fn new(config: &'a RunConfig, model: M, backend: Backend) -> Self {
        Self {
            config,
            rates: RateCurve::new(&config.schedule, config.steps_per_epoch(), config.epochs.0),
            backend,
            optimizer: Optimizer::new(&config.optimizer),
            model: Some(model),
            step: Step(0),
        }
    }

    /// Goes on after so many steps, with what the optimiser then remembered.
    ///
    /// # Errors
    /// If that isn't of this optimiser and this model.
    pub fn after(mut self, step: Step, optimizer: &[ParameterState]) -> Result<Self, Misfit> {
        self.step = step;
        let model = self.model.as_ref().expect("the model is back after each step");
        self.optimizer.restore(model, optimizer)?;
        Ok(self)
    }

    /// What the optimiser remembers of the model's parameters.
    #[must_use]
    pub fn optimizer_state(&self) -> Vec<ParameterState> {
        self.optimizer.state(self.model())
    }

    /// An epoch before its first step.
    #[must_use]
    pub fn begin(&self, epoch: Epoch) -> EpochProgress {
        let gradients = GradientStatistics::new(self.model().trained());
        EpochProgress { epoch, steps: 0, images: 0, seconds: 0.0, gradients }
    }

    /// The model as it stands.
    ///
    /// # Panics
    /// Never: the model is away only while a step updates it.
    #[must_use]
    pub fn model(&self) -> &M {
        self.model.as_ref().expect("the model is back after each step")
    }

    /// Updates done so far.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step
    }

    /// Learning rate of the last step, or of the first if none was done.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rates.at(Step(self.step.0.max(1)))
    }

    /// Learning rate of the first step.
    #[must_use]
    pub fn first_rate(&self) -> f64 {
        self.rates.at(Step(1))
    }

    /// The rest of a pass over the examples in the epoch's own order. `after_step` sees rate and
    /// loss of each step before its update.
    ///
    /// # Errors
    /// If the observer can't take a report.
    pub fn run_epoch(
        &mut self,
        progress: &mut EpochProgress,
        examples: &dyn Examples,
        observer: &mut dyn Observer,
        mut after_step: impl FnMut(Step, f64, f64) -> Next,
    ) -> Result<EpochEnd, TrainError> {
        let epoch = progress.epoch;
        let order = epoch_order(self.config.seed, epoch, examples.len() as u32);
        let mut pool_indices = Vec::new();
        let (started, seconds_before) = (Instant::now(), progress.seconds);
        let mut end = EpochEnd::Complete;
        let mut is_first = true;
        let batches = order.chunks(self.config.batch_size as usize);
        let batches = batches.take(self.config.steps_per_epoch() as usize);
        for positions in batches.skip(progress.steps as usize) {
            // After a pause there is a step before the next one, whatever the observer wants.
            if observer.wants_stop() || (!is_first && observer.wants_pause()) {
                end = EpochEnd::Paused;
                break;
            }
            is_first = false;
            let step = Step(self.step.0 + 1);
            let rate = self.rates.at(step);
            let batch = timed(|| work("batch assembly"), || examples.gather(positions));
            let (loss, gradients) = self.backward(batch, epoch, step);
            timed(|| work("gradient statistics"), || progress.gradients.add(&gradients));
            progress.images = progress.images.saturating_add(positions.len() as u64);
            pool_indices.clear();
            pool_indices.extend(positions.iter().map(|p| examples.pool_index(*p)));
            observer.step(&StepReport {
                epoch,
                step,
                total_steps: self.config.total_steps(),
                learning_rate: rate,
                loss,
                pool_indices: &pool_indices,
            })?;
            self.step = step;
            progress.steps += 1;
            let next = after_step(step, rate, f64::from(loss));
            if !loss.is_finite() {
                end = EpochEnd::Diverged;
                break;
            }
            timed(|| work("optimiser"), || self.update(rate, gradients));
            if matches!(next, Next::Stop) {
                end = EpochEnd::Stopped;
                break;
            }
        }
        progress.seconds = seconds_before + started.elapsed().as_secs_f64();
        Ok(end)
    }

    /// Loss and gradients of the batch.
    fn backward(&mut self, batch: Batch, epoch: Epoch, step: Step) -> (f32, GradientsParams) {
        let model = self.model.as_mut().expect("the model is back after each step");
        let n = batch.labels.len();
        let Backend { device, operators } = &self.backend;
        let key = MaskKey { seed: self.config.seed, epoch, step };
        let rate = self.config.network.dropout;
        let shape = model.head().shape();
        let masks =
            timed(|| work("dropout masks"), || DropoutMasks::draw(rate, key, n, shape, device));
        // [batch, 10]
        let logits = model.logits(model.input(batch.inputs, device), masks, Mode::Training);
        let loss = cross_entropy(*operators, logits, &batch.labels); // [1]
        let gradients = GradientsParams::from_grads(loss.backward(), model);
        (with_values(&loss, |loss| loss[0]), gradients)
    }

    fn update(&mut self, rate: f64, gradients: GradientsParams) {
        let model = self.model.take().expect("the model is back after each step");
        self.model = Some(self.optimizer.step(rate, model, gradients));
    }
}

/// Part of a step that is no operator.
fn work(name: &str) -> Work {
    Work { name: name.to_owned(), flop: 0.0 }
}
