//! Batches of labelled inputs: images, or the features that frozen convolutions made of them.

use burn::tensor::Device;
use plateau_data::image_set::{CHANNELS, PADDED_LEN, SIDE};
use plateau_data::{Labelled, Normalisation};
use plateau_model::operators::{for_each, with_values};
use plateau_model::{Buffer, Features, Mode};
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator};
use rayon::slice::ParallelSliceMut;

use crate::trainable::image_tensor;

/// Labelled inputs that can be gathered by position.
pub trait Examples {
    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The inputs and labels at these positions, in this order.
    fn gather(&self, positions: &[u32]) -> Batch;

    /// The position's index in the data set's pool of images.
    fn pool_index(&self, position: u32) -> u32;
}

/// Inputs and labels side by side.
#[derive(Debug)]
pub struct Batch {
    /// `[batch, …]`, row-major.
    pub inputs: Buffer,
    /// One per input.
    pub labels: Vec<u8>,
}

/// Images, normalised while they are gathered.
pub struct ImageExamples<'a, V> {
    /// Which images.
    pub view: &'a V,
    /// Mean and standard deviation of the training images.
    pub normalisation: &'a Normalisation,
}

impl<V: Labelled + Sync> Examples for ImageExamples<'_, V> {
    fn len(&self) -> usize {
        self.view.len()
    }

    fn gather(&self, positions: &[u32]) -> Batch {
        let mut inputs = Buffer::padded(positions.len(), [SIDE, SIDE, CHANNELS]);
        let images = inputs.par_chunks_mut(PADDED_LEN).zip(positions.into_par_iter());
        for_each(images.with_min_len(IMAGES_PER_TASK), |(padded, position)| {
            self.normalisation.apply(self.view.image(*position as usize), padded);
        });
        let labels = positions.iter().map(|p| self.view.label(*p as usize)).collect();
        Batch { inputs, labels }
    }

    fn pool_index(&self, position: u32) -> u32 {
        self.view.pool_index(position as usize)
    }
}

/// What frozen convolutions made of images: computed once per image, since they are a constant
/// function.
pub struct FeatureExamples {
    width: usize,
    features: Vec<f32>,
    labels: Vec<u8>,
    pool_indices: Vec<u32>,
}

/// Images per forward pass where no gradient is needed. Fixed, as it enters the rounding of
/// burn's operators.
pub const EVALUATION_BATCH: usize = 500;

/// Images that one thread gathers at least.
const IMAGES_PER_TASK: usize = 16;

impl FeatureExamples {
    /// Runs all images through the frozen blocks, in evaluation mode; none once `go_on` says no.
    pub fn compute<V: Labelled + Sync>(
        images: &ImageExamples<'_, V>,
        frozen: &mut Features,
        device: &Device,
        go_on: &dyn Fn() -> bool,
    ) -> Option<Self> {
        let n_images = images.len() as u32;
        let positions: Vec<u32> = (0..n_images).collect();
        let mut all = Self {
            width: 0,
            features: Vec::new(),
            labels: Vec::with_capacity(images.len()),
            pool_indices: positions.iter().map(|p| images.pool_index(*p)).collect(),
        };
        for chunk in positions.chunks(EVALUATION_BATCH) {
            if !go_on() {
                return None;
            }
            let batch = images.gather(chunk);
            all.labels.extend(&batch.labels);
            let features = frozen.forward(image_tensor(batch.inputs, device), Mode::Evaluation);
            all.width = features.dims()[1];
            all.features.reserve_exact(images.len() * all.width - all.features.len());
            with_values(&features, |values| all.features.extend_from_slice(values));
        }
        Some(all)
    }
}

impl Examples for FeatureExamples {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn gather(&self, positions: &[u32]) -> Batch {
        let mut inputs = Buffer::any(positions.len() * self.width);
        for (to, position) in inputs.chunks_exact_mut(self.width).zip(positions) {
            to.copy_from_slice(&self.features[*position as usize * self.width..][..self.width]);
        }
        let labels = positions.iter().map(|p| self.labels[*p as usize]).collect();
        Batch { inputs, labels }
    }

    fn pool_index(&self, position: u32) -> u32 {
        self.pool_indices[position as usize]
    }
}
