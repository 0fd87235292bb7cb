//! From bytes to numbers with mean 0 and standard deviation 1 per channel.

use crate::image_set::{CHANNELS, IMAGE_BYTES, Labelled, PIXELS, TrainImages};

/// Mean and standard deviation of each channel, of pixels scaled to [0, 1], and the numbers
/// that follow from them: (v / 255 − mean) / std for each byte v.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalisation {
    mean: [f32; CHANNELS],
    std: [f32; CHANNELS],
    table: [[f32; 256]; CHANNELS],
}

impl Normalisation {
    /// The normalisation with these means and standard deviations, red, green, blue. A
    /// deviation of 0 (a channel without contrast) counts as 1.
    #[must_use]
    pub fn new(mean: [f32; CHANNELS], std: [f32; CHANNELS]) -> Self {
        let mut table = [[0.0; 256]; CHANNELS];
        for (channel, row) in table.iter_mut().enumerate() {
            let scale = if std[channel] == 0.0 { 1.0 } else { f64::from(std[channel]) };
            for (value, entry) in (0_u8..=255).zip(row) {
                let scaled = f64::from(value) / 255.0;
                *entry = ((scaled - f64::from(mean[channel])) / scale) as f32;
            }
        }
        Self { mean, std, table }
    }

    /// Mean and population standard deviation of all pixels of the training images. The sums
    /// are integers, so the result depends neither on the order of the images nor on the
    /// machine.
    ///
    /// # Panics
    /// If there are no images; [`crate::partition()`] makes none such.
    #[must_use]
    pub fn of(train: &TrainImages) -> Self {
        assert!(!train.is_empty(), "no images to take the mean of");
        let mut sums = [0_u64; CHANNELS];
        let mut squares = [0_u64; CHANNELS];
        for i in 0..train.len() {
            for (channel, plane) in train.image(i).chunks_exact(PIXELS).enumerate() {
                // At most 1024 · 255² in a plane: fits into 32 bits.
                let sum: u32 = plane.iter().map(|&v| u32::from(v)).sum();
                let square: u32 = plane.iter().map(|&v| u32::from(v) * u32::from(v)).sum();
                sums[channel] += u64::from(sum);
                squares[channel] += u64::from(square);
            }
        }
        let n = (train.len() * PIXELS) as u64;
        let mean = sums.map(|sum| (sum as f64 / n as f64 / 255.0) as f32);
        let mut std = [0.0; CHANNELS];
        for (channel, std) in std.iter_mut().enumerate() {
            // n² · variance = n · Σv² − (Σv)², in whole numbers.
            let sum = u128::from(sums[channel]);
            let spread = u128::from(n) * u128::from(squares[channel]) - sum * sum;
            *std = ((spread as f64).sqrt() / n as f64 / 255.0) as f32;
        }
        Self::new(mean, std)
    }

    /// Means of the channels: red, green, blue, of pixels in [0, 1].
    #[must_use]
    pub fn mean(&self) -> [f32; CHANNELS] {
        self.mean
    }

    /// Standard deviations of the channels: red, green, blue, of pixels in [0, 1].
    #[must_use]
    pub fn std(&self) -> [f32; CHANNELS] {
        self.std
    }

    /// Appends one normalised image to `out`.
    ///
    /// # Shapes
    /// `image`: 3×32×32 bytes, planar; appended: 3×32×32 numbers in the same order.
    ///
    /// # Panics
    /// If `image` hasn't [`IMAGE_BYTES`] bytes.
    pub fn apply(&self, image: &[u8], out: &mut Vec<f32>) {
        assert_eq!(image.len(), IMAGE_BYTES, "bytes of an image");
        for (plane, table) in image.chunks_exact(PIXELS).zip(&self.table) {
            out.extend(plane.iter().map(|&value| table[usize::from(value)]));
        }
    }

    /// Replaces the contents of `images` and `labels` by a batch: the images at these
    /// positions of the view. The vectors keep their memory from batch to batch.
    ///
    /// # Shapes
    /// `images`: batch×3×32×32 (NCHW); `labels`: batch.
    ///
    /// # Panics
    /// If a position is beyond the end of the view.
    pub fn gather(
        &self,
        view: &impl Labelled,
        positions: &[u32],
        images: &mut Vec<f32>,
        labels: &mut Vec<u8>,
    ) {
        images.clear();
        labels.clear();
        images.reserve(positions.len() * IMAGE_BYTES);
        labels.reserve(positions.len());
        for &position in positions {
            self.apply(view.image(position as usize), images);
            labels.push(view.label(position as usize));
        }
    }
}

#[cfg(test)]
mod tests {
    use plateau_record::{Concern, Epoch, Seed, Step, Stream};

    use super::*;
    use crate::image_set::{ImageSet, TrainingPool};

    fn random_pool(n: u32) -> TrainingPool {
        let mut images = ImageSet::default();
        for i in 0..n {
            let mut stream = Stream::new(Seed(5), Concern::Synthetic, Epoch(0), Step(i.into()));
            // Channels of different means and spreads.
            let image: Vec<u8> = (0..IMAGE_BYTES)
                .map(|byte| stream.below(60 * (byte / PIXELS) as u32 + 100) as u8 + 20)
                .collect();
            images.push(&image, (i % 10) as u8);
        }
        TrainingPool::new(images)
    }

    fn naive(train: &TrainImages, channel: usize) -> (f64, f64) {
        let values: Vec<f64> = (0..train.len())
            .flat_map(|i| train.image(i)[channel * PIXELS..][..PIXELS].to_vec())
            .map(|v| f64::from(v) / 255.0)
            .collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        (mean, (variance / values.len() as f64).sqrt())
    }

    #[test]
    fn agrees_with_a_naive_computation() {
        let train = TrainImages::new(&random_pool(17), vec![3, 4, 16, 0, 9]);
        let normalisation = Normalisation::of(&train);
        for channel in 0..CHANNELS {
            let (mean, std) = naive(&train, channel);
            assert!((f64::from(normalisation.mean()[channel]) - mean).abs() < 1e-7);
            assert!((f64::from(normalisation.std()[channel]) - std).abs() < 1e-7);
        }
    }

    #[test]
    fn gathered_training_images_have_mean_0_and_std_1() {
        let train = TrainImages::new(&random_pool(15), (0..15).collect());
        let normalisation = Normalisation::of(&train);
        let (mut images, mut labels) = (vec![7.0; 3], vec![7; 3]);
        let positions: Vec<u32> = (0..15).collect();
        normalisation.gather(&train, &positions, &mut images, &mut labels);
        assert_eq!(images.len(), 15 * IMAGE_BYTES);
        assert_eq!(labels, (0..15).map(|i| i % 10).collect::<Vec<u8>>());
        for channel in 0..CHANNELS {
            let values: Vec<f64> = images
                .chunks_exact(PIXELS)
                .skip(channel)
                .step_by(CHANNELS)
                .flatten()
                .map(|&v| f64::from(v))
                .collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let square = values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64;
            assert!(mean.abs() < 1e-5 && (square - 1.0).abs() < 1e-5, "{mean} {square}");
        }
    }

    #[test]
    fn gather_follows_the_positions() {
        let train = TrainImages::new(&random_pool(12), vec![11, 2, 7]);
        let normalisation = Normalisation::new([0.0; 3], [1.0 / 255.0; 3]);
        let (mut images, mut labels) = (Vec::new(), Vec::new());
        normalisation.gather(&train, &[2, 0, 2], &mut images, &mut labels);
        assert_eq!(labels, [7, 1, 7]);
        let bytes: Vec<u8> = images.iter().map(|v| v.round() as u8).collect();
        assert_eq!(bytes, [train.image(2), train.image(0), train.image(2)].concat());
    }

    #[test]
    fn channel_without_contrast_becomes_zero() {
        let mut images = ImageSet::default();
        images.push(&[100; IMAGE_BYTES], 0);
        let train = TrainImages::new(&TrainingPool::new(images), vec![0]);
        let normalisation = Normalisation::of(&train);
        assert_eq!(normalisation.std(), [0.0; 3]);
        let mut out = Vec::new();
        normalisation.apply(train.image(0), &mut out);
        assert!(out.iter().all(|v| v.abs() < 1e-6));
    }
}
