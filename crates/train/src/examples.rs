//! Batches of labelled inputs: images, or the features that frozen convolutions made of them.

use burn::tensor::{Device, Tensor, TensorData};
use plateau_data::{Labelled, Normalisation};
use plateau_model::{Features, Mode};

/// Labelled inputs that can be gathered by position.
pub trait Examples {
    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts the inputs and labels at these positions into the batch, in this order.
    fn gather(&self, positions: &[u32], batch: &mut Batch);

    /// The position's index in the data set's pool of images.
    fn pool_index(&self, position: u32) -> u32;
}

/// Inputs and labels side by side; reused from step to step.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// `[batch, …]`, row-major.
    pub inputs: Vec<f32>,
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

impl<V: Labelled> Examples for ImageExamples<'_, V> {
    fn len(&self) -> usize {
        self.view.len()
    }

    fn gather(&self, positions: &[u32], batch: &mut Batch) {
        self.normalisation.gather(self.view, positions, &mut batch.inputs, &mut batch.labels);
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

/// Images per forward pass where no gradient is needed. Fixed, as it may enter the rounding.
pub const EVALUATION_BATCH: usize = 250;

impl FeatureExamples {
    /// Runs all images through the frozen blocks, in evaluation mode.
    pub fn compute<V: Labelled>(
        images: &ImageExamples<'_, V>,
        frozen: &mut Features,
        device: &Device,
    ) -> Self {
        let n_images = images.len() as u32;
        let positions: Vec<u32> = (0..n_images).collect();
        let mut all = Self {
            width: 0,
            features: Vec::new(),
            labels: Vec::with_capacity(images.len()),
            pool_indices: positions.iter().map(|p| images.pool_index(*p)).collect(),
        };
        let mut batch = Batch::default();
        for chunk in positions.chunks(EVALUATION_BATCH) {
            images.gather(chunk, &mut batch);
            let features = frozen.forward(image_tensor(&batch, device), Mode::Evaluation);
            all.width = features.dims()[1];
            let values: Vec<f32> =
                features.into_data().try_to_vec().expect("features are 32-bit floats");
            all.features.extend(values);
            all.labels.extend(&batch.labels);
        }
        all
    }
}

impl Examples for FeatureExamples {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn gather(&self, positions: &[u32], batch: &mut Batch) {
        batch.inputs.clear();
        batch.labels.clear();
        for position in positions {
            let start = *position as usize * self.width;
            batch.inputs.extend_from_slice(&self.features[start..start + self.width]);
            batch.labels.push(self.labels[*position as usize]);
        }
    }

    fn pool_index(&self, position: u32) -> u32 {
        self.pool_indices[position as usize]
    }
}

/// `[batch, 3, 32, 32]`.
#[must_use]
pub fn image_tensor(batch: &Batch, device: &Device) -> Tensor<4> {
    let shape = [batch.labels.len(), 3, 32, 32];
    Tensor::from_data(TensorData::new(batch.inputs.clone(), shape), device)
}

/// `[batch, features]`.
#[must_use]
pub fn feature_tensor(batch: &Batch, device: &Device) -> Tensor<2> {
    let n = batch.labels.len();
    let width = batch.inputs.len() / n.max(1);
    Tensor::from_data(TensorData::new(batch.inputs.clone(), [n, width]), device)
}
