//! A generated ten-class data set of CIFAR-10's shape, for tests and machines without a network.
//!
//! Every picture shows a patch of stripes. Its class gives the stripes their direction (one of
//! five) and their width (one of two), and leans on their colour; position, size, phase,
//! contrast and background are random, and so are discs in front of it and the noise over it.
//! One picture in twenty is drawn from another class than its label says, so that no honest
//! network reaches an accuracy of 1, and one that memorises pays for it.
//!
//! Only additions, multiplications and divisions go into it: the bytes are the same on every
//! machine.

use std::array;
use std::collections::BTreeMap;

use plateau_record::{Concern, DataSet, Epoch, N_CLASSES, Seed, Step, Stream};

use crate::checksum::Checksum;
use crate::image_set::{
    CHANNELS, Dataset, IMAGE_BYTES, ImageSet, PIXELS, SIDE, TestImages, TrainingPool,
};

/// How many images to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntheticSize {
    /// Training images of each class.
    pub training_per_class: u32,
    /// Test images of each class.
    pub test_per_class: u32,
}

impl Default for SyntheticSize {
    fn default() -> Self {
        Self { training_per_class: 500, test_per_class: 100 }
    }
}

/// The synthetic data set: 5,000 training and 1,000 test images.
#[must_use]
pub fn synthetic() -> Dataset {
    synthetic_of(SyntheticSize::default())
}

/// The synthetic data set in another size. A smaller set is the beginning of a larger one.
#[must_use]
pub fn synthetic_of(size: SyntheticSize) -> Dataset {
    let (training, training_md5) = generate(Epoch(0), size.training_per_class);
    let (test, test_md5) = generate(Epoch(1), size.test_per_class);
    Dataset {
        set: DataSet::Synthetic,
        training: TrainingPool::new(training),
        test: TestImages::new(test),
        md5: BTreeMap::from([
            ("synthetic-training".to_owned(), training_md5),
            ("synthetic-test".to_owned(), test_md5),
        ]),
    }
}

/// Images of all classes in turn, and their MD5 in the layout of a CIFAR-10 batch. `part` keeps
/// the streams of training and test images apart.
fn generate(part: Epoch, per_class: u32) -> (ImageSet, String) {
    let n_images = per_class * N_CLASSES as u32;
    let mut images = ImageSet::with_capacity(n_images as usize);
    let mut checksum = Checksum::default();
    let mut picture = [0; IMAGE_BYTES];
    for i in 0..n_images {
        let label = (i % N_CLASSES as u32) as u8;
        let mut stream = Stream::new(Seed(0), Concern::Synthetic, part, Step(i.into()));
        let is_mislabelled = stream.below(20) == 0;
        let other = (u32::from(label) + 1 + stream.below(N_CLASSES as u32 - 1)) % 10;
        let class_idx = if is_mislabelled { other as usize } else { usize::from(label) };
        draw(class_idx, &mut stream, &mut picture);
        checksum.update(&[label]);
        checksum.update(&picture);
        images.push(&picture, label);
    }
    (images, checksum.hex())
}

/// Cosine and sine of 0°, 36°, 72°, 108° and 144°: the directions across the stripes.
const DIRECTIONS: [[f32; 2]; 5] = [
    [1.0, 0.0],
    [0.809_017, 0.587_785],
    [0.309_017, 0.951_057],
    [-0.309_017, 0.951_057],
    [-0.809_017, 0.587_785],
];

/// Stripes per pixel: broad ones for the first five classes, narrow ones for the others.
const FREQUENCIES: [f32; 2] = [0.085, 0.16];

/// The classes' own colours: how strongly the stripes show in red, green and blue.
const COLOURS: [[f32; CHANNELS]; N_CLASSES] = [
    [1.0, 0.4, 0.4],
    [0.4, 1.0, 0.4],
    [0.4, 0.4, 1.0],
    [0.9, 0.9, 0.2],
    [0.2, 0.9, 0.9],
    [0.4, 0.4, 1.0],
    [0.9, 0.2, 0.9],
    [1.0, 0.4, 0.4],
    [0.4, 1.0, 0.4],
    [0.7, 0.7, 0.7],
];

/// A patch of stripes that fades towards its edge.
struct Patch {
    centre: [f32; 2],
    radius: f32,
    /// Unit vector across the stripes.
    direction: [f32; 2],
    /// Stripes per pixel.
    frequency: f32,
    phase: f32,
    /// Contrast by channel, in levels of 255.
    contrast: [f32; CHANNELS],
}

/// A disc of one colour.
struct Disc {
    centre: [f32; 2],
    radius: f32,
    /// What it adds to each channel, in levels of 255.
    shade: [f32; CHANNELS],
}

fn between(stream: &mut Stream, low: f32, high: f32) -> f32 {
    low + (high - low) * stream.uniform()
}

impl Patch {
    fn random(class_idx: usize, stream: &mut Stream) -> Self {
        let centre = array::from_fn(|_| between(stream, 9.0, 23.0));
        let radius = between(stream, 9.0, 16.0);
        // A turn of up to ±0.2 rad, by the first terms of sine and cosine.
        let turn = between(stream, -0.2, 0.2);
        let (cos, sin) = (1.0 - turn * turn / 2.0, turn - turn * turn * turn / 6.0);
        let [x, y] = DIRECTIONS[class_idx % 5];
        let frequency = FREQUENCIES[class_idx / 5] * between(stream, 0.85, 1.15);
        let phase = stream.uniform();
        let contrast = between(stream, 40.0, 95.0);
        let colour = COLOURS[class_idx];
        Self {
            centre,
            radius,
            direction: [x * cos - y * sin, x * sin + y * cos],
            frequency,
            phase,
            contrast: colour.map(|own| contrast * (0.7 * own + 0.3 * stream.uniform())),
        }
    }

    /// How bright the stripes are at a pixel, in −0.6 … 1.4: bright ones more than dark ones, so
    /// that colour alone is a hint.
    fn at(&self, x: f32, y: f32) -> f32 {
        let (dx, dy) = (x - self.centre[0], y - self.centre[1]);
        let fade = 1.0 - (dx * dx + dy * dy) / (self.radius * self.radius);
        if fade <= 0.0 {
            return 0.0;
        }
        let along = dx * self.direction[0] + dy * self.direction[1];
        fade * (0.4 + wave(along * self.frequency + self.phase))
    }
}

/// A sine of period 1, made of parabolas: 0 at 0, 1 at ¼, −1 at ¾.
fn wave(t: f32) -> f32 {
    let t = t - t.floor();
    if t < 0.5 { 16.0 * t * (0.5 - t) } else { -16.0 * (t - 0.5) * (1.0 - t) }
}

impl Disc {
    fn random(stream: &mut Stream) -> Self {
        Self {
            centre: array::from_fn(|_| between(stream, 0.0, 32.0)),
            radius: between(stream, 2.0, 5.5),
            shade: array::from_fn(|_| between(stream, -70.0, 70.0)),
        }
    }

    fn covers(&self, x: f32, y: f32) -> bool {
        let (dx, dy) = (x - self.centre[0], y - self.centre[1]);
        dx * dx + dy * dy < self.radius * self.radius
    }
}

/// Draws one picture of a class: 3×32×32, planar.
fn draw(class_idx: usize, stream: &mut Stream, picture: &mut [u8; IMAGE_BYTES]) {
    let background: [f32; CHANNELS] = array::from_fn(|_| between(stream, 70.0, 185.0));
    let patch = Patch::random(class_idx, stream);
    let discs: [Disc; 3] = array::from_fn(|_| Disc::random(stream));
    let noise_level = between(stream, 0.1, 0.3);
    for pixel in 0..PIXELS {
        let (x, y) = ((pixel % SIDE) as f32 + 0.5, (pixel / SIDE) as f32 + 0.5);
        let brightness = patch.at(x, y);
        let disc = discs.iter().find(|disc| disc.covers(x, y));
        for channel in 0..CHANNELS {
            let shade = disc.map_or(0.0, |disc| disc.shade[channel]);
            let value = background[channel] + patch.contrast[channel] * brightness + shade;
            let noise = noise_level * noise(stream.bits());
            picture[channel * PIXELS + pixel] = (value + noise + 0.5) as u8;
        }
    }
}

/// Noise close to normal, mean 0, standard deviation 148, from 32 random bits: the sum of four
/// bytes.
fn noise(bits: u32) -> f32 {
    let sum: i32 = bits.to_le_bytes().map(i32::from).iter().sum();
    (sum - 510) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image_set::Labelled;

    const SMALL: SyntheticSize = SyntheticSize { training_per_class: 3, test_per_class: 2 };

    #[test]
    fn bytes_are_pinned() {
        let data = synthetic_of(SMALL);
        // A change of these values changes what stored runs on synthetic data mean.
        assert_eq!(data.md5["synthetic-training"], "effc0559c3957932e6b0812c5a693863");
        assert_eq!(data.md5["synthetic-test"], "17bf106be1686d1c8171678b644e7628");
    }

    #[test]
    fn classes_are_balanced_and_a_smaller_set_is_the_beginning_of_a_larger() {
        let small = synthetic_of(SMALL);
        let large = synthetic_of(SyntheticSize { training_per_class: 4, test_per_class: 1 });
        assert_eq!((small.training.len(), small.test.len()), (30, 20));
        for i in 0..30 {
            assert_eq!(usize::from(small.training.label(i)), i % N_CLASSES);
            assert_eq!(small.training.image(i), large.training.image(i));
        }
        assert_ne!(small.training.image(0), small.test.image(0));
    }

    #[test]
    fn wave_has_the_zeros_and_peaks_of_a_sine() {
        for (t, expected) in [(0.0, 0.0), (0.25, 1.0), (0.5, 0.0), (0.75, -1.0), (-1.75, 1.0)] {
            assert!((wave(t) - expected).abs() < 1e-6, "{t}");
        }
    }

    /// The mean brightness of a class says little: stripes have to be recognised.
    #[test]
    fn pixels_use_the_range_without_saturating() {
        let data = synthetic_of(SMALL);
        let bytes: Vec<u8> = (0..30).flat_map(|i| data.training.image(i).to_vec()).collect();
        let clipped = bytes.iter().filter(|&&v| v == 0 || v == 255).count();
        assert!(clipped * 20 < bytes.len(), "{clipped} of {}", bytes.len());
    }
}
