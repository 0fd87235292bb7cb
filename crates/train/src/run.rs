//! A run between its beginning and its result: epochs, measurements and checkpoints.

use std::time::Instant;

use burn::module::Module;
use plateau_data::{Labelled, Normalisation, Partition};
use plateau_model::{Backend, Cnn, Features, Head, Weights};
use plateau_record::{Epoch, EpochRecord, GradientRecord, RangeRecord, RunConfig, RunStatus, Step};

use crate::checkpoint::{Checkpoint, CheckpointError, Log, UnderWay};
use crate::epochs::{EpochEnd, EpochProgress, Next, Training};
use crate::error::TrainError;
use crate::evaluate::evaluate;
use crate::examples::{Examples, FeatureExamples, ImageExamples};
use crate::fit::is_range_test;
use crate::observer::Observer;
use crate::range_test::{RangeTest, Verdict};
use crate::trainable::Trainable;

/// A run under way.
pub(crate) struct Run<'a> {
    pub(crate) config: &'a RunConfig,
    /// Without differentiation.
    pub(crate) backend: Backend,
    pub(crate) observer: &'a mut dyn Observer,
    pub(crate) log: Log,
    pub(crate) started: Instant,
    /// Wall time of the run until the checkpoint that it goes on from.
    pub(crate) seconds_before: f64,
}

/// Where in a run a model is measured.
#[derive(Clone, Copy)]
struct Moment {
    epoch: Epoch,
    /// Updates done.
    step: Step,
    /// Of the last step, or of the first if none was done.
    rate: f64,
    /// Wall time of the epoch's steps.
    seconds: f64,
    /// Images of the epoch's steps.
    images: u64,
}

/// The three sets of examples that training looks at.
struct Views<'a> {
    train: &'a dyn Examples,
    train_metric: &'a dyn Examples,
    validation: &'a dyn Examples,
}

/// A model in training, and how far its epoch is.
struct State<'a, M> {
    training: Training<'a, M>,
    progress: EpochProgress,
}

impl<M: Trainable> State<'_, M> {
    /// How a run ends that diverged at its last step.
    fn diverged(&self) -> RunStatus {
        RunStatus::Diverged { epoch: self.progress.epoch, step: self.training.step() }
    }
}

impl<'a> Run<'a> {
    /// Trains all layers.
    pub(crate) fn fit_network(
        &mut self,
        parts: &Partition,
        normalisation: &Normalisation,
        checkpoint: Option<Checkpoint>,
    ) -> Result<(RunStatus, Cnn), TrainError> {
        let backend = self.backend.differentiating();
        let cnn = Cnn::init(&self.config.network, self.config.seed, &backend);
        self.observer.started(&Weights::of(&cnn))?;
        let train = ImageExamples { view: &parts.train, normalisation };
        if is_range_test(self.config) {
            return self.range_test(cnn, &train, checkpoint);
        }
        let views = Views {
            train: &train,
            train_metric: &ImageExamples { view: &parts.train_metric, normalisation },
            validation: &ImageExamples { view: &parts.validation, normalisation },
        };
        self.all_epochs(cnn, &views, checkpoint)
    }

    /// Trains the fully connected layers on the cached features of frozen convolutions.
    pub(crate) fn fit_head(
        &mut self,
        parts: &Partition,
        normalisation: &Normalisation,
        (frozen, checkpoint): (&Features, Option<Checkpoint>),
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
            train: &self.features(&train, &mut frozen)?,
            train_metric: &self.features(&train_metric, &mut frozen)?,
            validation: &self.features(&validation, &mut frozen)?,
        };
        let (status, head) = self.all_epochs(head, &views, checkpoint)?;
        Ok((status, whole(head.valid(), &frozen)))
    }

    /// What frozen convolutions make of images.
    fn features<V: Labelled + Sync>(
        &self,
        images: &ImageExamples<'_, V>,
        frozen: &mut Features,
    ) -> Result<FeatureExamples, TrainError> {
        let go_on = || !self.observer.wants_stop();
        let features = FeatureExamples::compute(images, frozen, &self.backend.device, &go_on);
        features.ok_or(TrainError::Stopped)
    }

    fn all_epochs<M: Trainable>(
        &mut self,
        model: M,
        views: &Views<'_>,
        checkpoint: Option<Checkpoint>,
    ) -> Result<(RunStatus, M), TrainError> {
        // Measured after the first epoch, for the run to be at its first step the sooner.
        let untrained = model.clone();
        let mut state = self.begin(model, checkpoint)?;
        let names = self.config.network.layer_names();
        while state.progress.epoch <= self.config.epochs {
            let epoch = state.progress.epoch;
            let end = self.run_epoch(&mut state, views.train, |_, _, _| Next::Step)?;
            if self.log.epochs.is_empty() {
                let rate = state.training.first_rate();
                let at = Moment { epoch: Epoch(0), step: Step(0), rate, seconds: 0.0, images: 0 };
                // The step that diverged was not applied: from there a run couldn't go on.
                let saved = Some(&state).filter(|_| end != EpochEnd::Diverged);
                let record = self.measure(&untrained, views, at, saved)?;
                // Weights that a transfer run starts from may be anything.
                if !is_finite(&record) {
                    return Ok((state.diverged(), untrained));
                }
                self.record(record)?;
            }
            let State { training, progress } = &state;
            if end == EpochEnd::Diverged {
                return Ok((state.diverged(), training.model().clone()));
            }
            let at = Moment {
                epoch,
                step: training.step(),
                rate: training.rate(),
                seconds: progress.seconds,
                images: progress.images,
            };
            let measured = self.measure(training.model(), views, at, Some(&state))?;
            let gradients = progress.gradients.records(epoch, &names);
            // An infinite gradient may leave weights behind that no image meets: the loss is
            // finite, but neither the weights nor the record are of use.
            if !is_finite(&measured) || !gradients.iter().all(has_finite_moments) {
                return Ok((state.diverged(), training.model().clone()));
            }
            self.log.gradients.extend(gradients);
            self.record(measured)?;
            self.end_epoch(&mut state)?;
        }
        Ok((RunStatus::Finished, state.training.model().clone()))
    }

    fn range_test(
        &mut self,
        cnn: Cnn,
        train: &dyn Examples,
        checkpoint: Option<Checkpoint>,
    ) -> Result<(RunStatus, Cnn), TrainError> {
        let mut state = self.begin(cnn, checkpoint)?;
        let mut test = RangeTest::after(&self.log.range);
        while state.progress.epoch <= self.config.epochs {
            let State { training, progress } = &mut state;
            let end = training.run_epoch(
                progress,
                train,
                self.observer,
                |step, learning_rate, loss| match test.add(RangeRecord {
                    step,
                    learning_rate,
                    loss,
                }) {
                    Verdict::GoOn => Next::Step,
                    Verdict::Stop => Next::Stop,
                },
            )?;
            self.log.range = test.records().to_vec();
            match end {
                EpochEnd::Complete => self.end_epoch(&mut state)?,
                EpochEnd::Paused => self.pause(&state)?,
                EpochEnd::Stopped | EpochEnd::Diverged => break,
            }
        }
        Ok((RunStatus::Finished, state.training.model().clone()))
    }

    /// Before the first step, or after those of a checkpoint.
    fn begin<M: Trainable>(
        &self,
        model: M,
        checkpoint: Option<Checkpoint>,
    ) -> Result<State<'a, M>, TrainError> {
        let backend = self.backend.differentiating();
        let Some(Checkpoint { head, weights, optimizer }) = checkpoint else {
            let training = Training::new(self.config, model, backend);
            let progress = training.begin(Epoch(1));
            return Ok(State { training, progress });
        };
        let misfit = |what| TrainError::from(CheckpointError::Misfit(what));
        let model = M::from_weights(&weights, &self.config.network, &backend)
            .map_err(CheckpointError::from)?;
        let training = Training::new(self.config, model, backend).after(head.step, &optimizer);
        let training = training.map_err(|_| misfit("the optimiser's state"))?;
        let UnderWay { epoch, steps, images, seconds, gradients } = head.under_way;
        let before = u64::from(epoch.0.saturating_sub(1)) * self.config.steps_per_epoch();
        // After the last epoch, the next one is under way, and will never begin.
        let is_epoch = (1..=self.config.epochs.0 + 1).contains(&epoch.0);
        let fits = is_epoch && steps <= self.config.steps_per_epoch();
        if !fits || before + steps != head.step.0 {
            return Err(misfit("the number of steps"));
        }
        let fresh = training.begin(epoch).gradients.with_sums(&gradients);
        let gradients = fresh.ok_or_else(|| misfit("the gradient statistics"))?;
        let progress = EpochProgress { epoch, steps, images, seconds, gradients };
        Ok(State { training, progress })
    }

    /// Runs the epoch to its end, with as many checkpoints on the way as the observer wants.
    fn run_epoch<M: Trainable>(
        &mut self,
        state: &mut State<'_, M>,
        examples: &dyn Examples,
        mut after_step: impl FnMut(Step, f64, f64) -> Next,
    ) -> Result<EpochEnd, TrainError> {
        loop {
            let State { training, progress } = &mut *state;
            let end = training.run_epoch(progress, examples, self.observer, &mut after_step)?;
            if end != EpochEnd::Paused {
                return Ok(end);
            }
            self.pause(state)?;
        }
    }

    /// Goes on to the next epoch, past a checkpoint if the observer wants one.
    fn end_epoch<M: Trainable>(&mut self, state: &mut State<'_, M>) -> Result<(), TrainError> {
        let n_left = self.config.epochs.0 - state.progress.epoch.0;
        state.progress = state.training.begin(Epoch(state.progress.epoch.0 + 1));
        if n_left > 0 && self.observer.wants_checkpoint(n_left) {
            self.save(state)?;
        }
        // What comes after the last epoch is short, and has nothing to save.
        if n_left == 0 && self.observer.wants_stop() {
            self.save(state)?;
            return Err(TrainError::Stopped);
        }
        Ok(())
    }

    /// Saves a checkpoint, after which the run goes on or stops, as the observer wants.
    fn pause<M: Trainable>(&mut self, state: &State<'_, M>) -> Result<(), TrainError> {
        self.save(state)?;
        if self.observer.wants_stop() { Err(TrainError::Stopped) } else { Ok(()) }
    }

    fn save<M: Trainable>(
        &mut self,
        State { training, progress }: &State<'_, M>,
    ) -> Result<(), TrainError> {
        let under_way = UnderWay {
            epoch: progress.epoch,
            steps: progress.steps,
            images: progress.images,
            seconds: progress.seconds,
            gradients: progress.gradients.sums(),
        };
        let weights = training.model().weights(&self.config.network);
        let checkpoint = Checkpoint::new(
            self.config.id(),
            (training.step(), under_way),
            self.log.clone(),
            self.seconds(),
            (weights, training.optimizer_state()),
        );
        Ok(self.observer.checkpoint(&checkpoint)?)
    }

    /// Wall time of the run so far.
    pub(crate) fn seconds(&self) -> f64 {
        self.seconds_before + self.started.elapsed().as_secs_f64()
    }

    /// Loss and accuracy of a model. If the observer wants the run to stop meanwhile, it does,
    /// and leaves `state`, if there is one, as a checkpoint.
    fn measure<M: Trainable>(
        &mut self,
        model: &M,
        views: &Views<'_>,
        at: Moment,
        state: Option<&State<'_, M>>,
    ) -> Result<EpochRecord, TrainError> {
        let performance = |examples: &dyn Examples| {
            let go_on = || !self.observer.wants_stop();
            Some(evaluate(model, examples, &self.backend.device, &go_on)?.performance)
        };
        let measured = performance(views.train_metric).zip(performance(views.validation));
        let Some((train, validation)) = measured else {
            if let Some(state) = state {
                self.save(state)?;
            }
            return Err(TrainError::Stopped);
        };
        let Moment { epoch, step, rate, seconds, images } = at;
        Ok(EpochRecord {
            epoch,
            step,
            learning_rate: rate,
            train,
            validation,
            seconds,
            images_per_second: if seconds > 0.0 { images as f64 / seconds } else { 0.0 },
        })
    }

    fn record(&mut self, record: EpochRecord) -> Result<(), TrainError> {
        self.observer.epoch(&record)?;
        self.log.epochs.push(record);
        Ok(())
    }
}

fn is_finite(record: &EpochRecord) -> bool {
    record.train.loss.is_finite() && record.validation.loss.is_finite()
}

fn has_finite_moments(record: &GradientRecord) -> bool {
    let moments = [record.signed, record.absolute];
    moments.iter().all(|moments| moments.mean.is_finite() && moments.std.is_finite())
}
