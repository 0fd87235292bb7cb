//! How fast a network trains and is evaluated here: the very steps of a run, on random images.

use std::time::Instant;

use burn::module::Module;
use plateau_data::image_set::IMAGE_BYTES;
use plateau_data::{Labelled, Normalisation};
use plateau_model::operators::{Sample, profile};
use plateau_model::{Backend, Cnn};
use plateau_record::{Concern, Epoch, N_CLASSES, RunConfig, Seed, Step, Stream};

use crate::epochs::{Next, Training};
use crate::error::TrainError;
use crate::evaluate::evaluate_in_batches;
use crate::examples::ImageExamples;
use crate::observer::Silent;
use crate::precondition::check;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Whole training steps: batch, forward, backward, statistics, update.
    Training,
    /// Evaluation of whole batches: batch, forward, loss and accuracy.
    Evaluation,
}

/// How long it is measured.
#[derive(Clone, Copy, Debug)]
pub struct Duration {
    /// Steps before the first that counts.
    pub warmup: usize,
    /// Steps that count, and as many again for the breakdown.
    pub steps: usize,
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// Wall time of each step, in the order of their execution.
    pub step_seconds: Vec<f64>,
    /// Every operator's executions in `profiled_steps` further steps.
    pub samples: Vec<Sample>,
    /// Wall time of each of those.
    pub profiled_seconds: Vec<f64>,
}

/// Measures the configuration's steps on as many random images as its training set has.
///
/// # Errors
/// If no run can have the configuration.
pub fn measure(
    config: &RunConfig,
    backend: &Backend,
    pass: Pass,
    duration: Duration,
) -> Result<Measurement, TrainError> {
    check(config)?;
    let images = RandomImages::new(config.data.split.train_images as usize);
    let normalisation = Normalisation::new([0.5; 3], [0.25; 3]);
    let examples = ImageExamples { view: &images, normalisation: &normalisation };
    let mut bench = Bench {
        training: Training::new(
            config,
            Cnn::init(&config.network, config.seed, &backend.differentiating()),
            backend.differentiating(),
        ),
        examples: &examples,
        backend,
        pass,
        batch_size: config.batch_size as usize,
    };
    bench.steps(duration.warmup)?;
    let step_seconds = bench.steps(duration.steps)?;
    let (profiled, samples) = profile(|| bench.steps(duration.steps));
    Ok(Measurement { step_seconds, samples, profiled_seconds: profiled? })
}

struct Bench<'a> {
    training: Training<'a, Cnn>,
    examples: &'a ImageExamples<'a, RandomImages>,
    backend: &'a Backend,
    pass: Pass,
    batch_size: usize,
}

impl Bench<'_> {
    /// Wall time of each of the next steps.
    fn steps(&mut self, n: usize) -> Result<Vec<f64>, TrainError> {
        match self.pass {
            Pass::Training => self.training_steps(n),
            Pass::Evaluation => Ok(self.evaluations(n)),
        }
    }

    fn training_steps(&mut self, n: usize) -> Result<Vec<f64>, TrainError> {
        let mut seconds = Vec::with_capacity(n);
        while seconds.len() < n {
            let mut last = Instant::now();
            let mut epoch = self.training.begin(Epoch(1));
            self.training.run_epoch(&mut epoch, self.examples, &mut Silent, |_, _, _| {
                seconds.push(last.elapsed().as_secs_f64());
                last = Instant::now();
                if seconds.len() < n { Next::Step } else { Next::Stop }
            })?;
        }
        Ok(seconds)
    }

    fn evaluations(&self, n: usize) -> Vec<f64> {
        let model = self.training.model().valid();
        let view = First { images: self.examples.view, n: self.batch_size };
        let examples = ImageExamples { view: &view, normalisation: self.examples.normalisation };
        let evaluate = |_| {
            let started = Instant::now();
            evaluate_in_batches(&model, &examples, &self.backend.device, self.batch_size, &|| true);
            started.elapsed().as_secs_f64()
        };
        (0..n).map(evaluate).collect()
    }
}

/// Bytes without meaning.
struct RandomImages {
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

impl RandomImages {
    fn new(n: usize) -> Self {
        let mut stream = Stream::new(Seed(0), Concern::Synthetic, Epoch(0), Step(0));
        let words = n * IMAGE_BYTES / size_of::<u32>();
        let mut pixels = Vec::with_capacity(words * size_of::<u32>());
        pixels.extend((0..words).flat_map(|_| stream.bits().to_le_bytes()));
        let labels = (0..n).map(|i| (i % N_CLASSES) as u8).collect();
        Self { pixels, labels }
    }
}

impl Labelled for RandomImages {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn image(&self, i: usize) -> &[u8] {
        &self.pixels[i * IMAGE_BYTES..][..IMAGE_BYTES]
    }

    fn label(&self, i: usize) -> u8 {
        self.labels[i]
    }

    fn pool_index(&self, i: usize) -> u32 {
        i as u32
    }
}

/// The first `n` images, or all if there are fewer.
struct First<'a> {
    images: &'a RandomImages,
    n: usize,
}

impl Labelled for First<'_> {
    fn len(&self) -> usize {
        self.n.min(self.images.len())
    }

    fn image(&self, i: usize) -> &[u8] {
        self.images.image(i)
    }

    fn label(&self, i: usize) -> u8 {
        self.images.label(i)
    }

    fn pool_index(&self, i: usize) -> u32 {
        self.images.pool_index(i)
    }
}
