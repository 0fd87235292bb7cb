//! From bytes to numbers with mean 0 and standard deviation 1 per channel.

use plateau_record::Input;

use crate::image_set::{
    CHANNELS, CLASS_NAMES, IMAGE_BYTES, Labelled, PADDED_LEN, PIXELS, SIDE, TrainImages,
};

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

    /// What images have to be for weights that were trained with it, for the record.
    #[must_use]
    pub fn input(&self) -> Input {
        Input {
            shape: [CHANNELS as u32, SIDE as u32, SIDE as u32],
            mean: self.mean.to_vec(),
            std: self.std.to_vec(),
            classes: CLASS_NAMES.map(str::to_owned).to_vec(),
        }
    }

    /// Writes one normalised image, channels last, inside the border of `padded`, which is left
    /// as it is.
    ///
    /// # Shapes
    /// - `image`: 3×32×32 bytes, planar
    /// - `padded`: 34×34×3
    ///
    /// # Panics
    /// If a length is another.
    pub fn apply(&self, image: &[u8], padded: &mut [f32]) {
        assert_eq!(image.len(), IMAGE_BYTES, "bytes of an image");
        assert_eq!(padded.len(), PADDED_LEN, "floats of a padded image");
        let [red, green, blue] = [0, 1, 2].map(|i| image[i * PIXELS..][..PIXELS].as_chunks().0);
        let [table_red, table_green, table_blue] = &self.table;
        let rows = padded.chunks_exact_mut((SIDE + 2) * CHANNELS).skip(1);
        for (((row, red), green), blue) in rows.zip(red).zip(green).zip(blue) {
            let (pixels, _) = row[CHANNELS..].as_chunks_mut::<CHANNELS>();
            let (red, green, blue): (&[u8; SIDE], &[u8; SIDE], &[u8; SIDE]) = (red, green, blue);
            for (x, pixel) in pixels.iter_mut().take(SIDE).enumerate() {
                *pixel = [
                    table_red[usize::from(red[x])],
                    table_green[usize::from(green[x])],
                    table_blue[usize::from(blue[x])],
                ];
            }
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

    /// One channel of a padded image, row by row.
    fn inside(padded: &[f32], channel: usize) -> impl Iterator<Item = f64> {
        (0..PIXELS).map(move |i| {
            let (y, x) = (i / SIDE + 1, i % SIDE + 1);
            f64::from(padded[(y * (SIDE + 2) + x) * CHANNELS + channel])
        })
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
        let mut images = vec![0.0; 15 * PADDED_LEN];
        for (i, padded) in images.chunks_exact_mut(PADDED_LEN).enumerate() {
            normalisation.apply(train.image(i), padded);
        }
        for channel in 0..CHANNELS {
            let values: Vec<f64> =
                images.chunks_exact(PADDED_LEN).flat_map(|image| inside(image, channel)).collect();
            assert_eq!(values.len(), 15 * PIXELS);
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let square = values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64;
            assert!(mean.abs() < 1e-5 && (square - 1.0).abs() < 1e-5, "{mean} {square}");
        }
    }

    #[test]
    fn an_image_becomes_channels_last_inside_its_border() {
        let train = TrainImages::new(&random_pool(12), vec![11, 2, 7]);
        let normalisation = Normalisation::new([0.0; 3], [1.0 / 255.0; 3]);
        let mut padded = vec![-1.0; PADDED_LEN];
        normalisation.apply(train.image(2), &mut padded);
        let planes: Vec<u8> = (0..CHANNELS)
            .flat_map(|channel| inside(&padded, channel))
            .map(|value| value.round() as u8)
            .collect();
        assert_eq!(planes, train.image(2));
        let border = padded.iter().filter(|value| **value == -1.0).count();
        assert_eq!(border, PADDED_LEN - IMAGE_BYTES, "the border is left as it was");
    }

    #[test]
    fn channel_without_contrast_becomes_zero() {
        let mut images = ImageSet::default();
        images.push(&[100; IMAGE_BYTES], 0);
        let train = TrainImages::new(&TrainingPool::new(images), vec![0]);
        let normalisation = Normalisation::of(&train);
        assert_eq!(normalisation.std(), [0.0; 3]);
        let mut out = vec![0.0; PADDED_LEN];
        normalisation.apply(train.image(0), &mut out);
        assert!(out.iter().all(|v| v.abs() < 1e-6));
    }
}
