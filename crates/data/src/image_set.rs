//! Images with labels, and the distinct types that say what they may be used for.

use std::collections::BTreeMap;
use std::sync::Arc;

use plateau_record::{DataSet, N_CLASSES};

/// Colour channels: red, green, blue.
pub const CHANNELS: usize = 3;
/// Height and width of an image in pixels.
pub const SIDE: usize = 32;
/// Pixels of one channel of an image.
pub const PIXELS: usize = SIDE * SIDE;
/// Bytes of one image: planar, all red values row by row, then green, then blue.
pub const IMAGE_BYTES: usize = CHANNELS * PIXELS;

/// Numbers of one image with a border of one pixel on each side.
pub const PADDED_LEN: usize = (SIDE + 2) * (SIDE + 2) * CHANNELS;

/// Names of the classes, by label.
pub const CLASS_NAMES: [&str; N_CLASSES] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// Images and their labels, in the order in which the source has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageSet {
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

impl ImageSet {
    /// An empty set with room for `n` images.
    pub(crate) fn with_capacity(n: usize) -> Self {
        Self { pixels: Vec::with_capacity(n * IMAGE_BYTES), labels: Vec::with_capacity(n) }
    }

    /// Appends one image.
    ///
    /// # Panics
    /// If it hasn't [`IMAGE_BYTES`] bytes, or the label is no class.
    pub(crate) fn push(&mut self, image: &[u8], label: u8) {
        assert_eq!(image.len(), IMAGE_BYTES, "bytes of an image");
        assert!(usize::from(label) < N_CLASSES, "label {label} is no class");
        self.pixels.extend_from_slice(image);
        self.labels.push(label);
    }

    /// Number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The bytes of image `i`: 3×32×32, planar.
    ///
    /// # Panics
    /// If there are not so many images; likewise [`Self::label`].
    #[must_use]
    pub fn image(&self, i: usize) -> &[u8] {
        &self.pixels[i * IMAGE_BYTES..(i + 1) * IMAGE_BYTES]
    }

    /// The label of image `i`, below [`N_CLASSES`].
    #[must_use]
    pub fn label(&self, i: usize) -> u8 {
        self.labels[i]
    }

    /// All labels, in order.
    #[must_use]
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }
}

/// What all kinds of image collections have in common. Positions count from 0 to `len() - 1`
/// within the collection; a position beyond that panics.
pub trait Labelled {
    /// Number of images.
    fn len(&self) -> usize;

    /// The bytes of the image at position `i`: 3×32×32, planar.
    fn image(&self, i: usize) -> &[u8];

    /// The label of the image at position `i`, below [`N_CLASSES`].
    fn label(&self, i: usize) -> u8;

    /// The number of the image at position `i` within the set it was taken from: for views of
    /// the training pool, its number there.
    fn pool_index(&self, i: usize) -> u32;

    /// Whether there are no images.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

macro_rules! whole_set {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(Arc<ImageSet>);

        impl $name {
            pub(crate) fn new(images: ImageSet) -> Self {
                Self(Arc::new(images))
            }
        }

        impl Labelled for $name {
            fn len(&self) -> usize {
                self.0.len()
            }

            fn image(&self, i: usize) -> &[u8] {
                self.0.image(i)
            }

            fn label(&self, i: usize) -> u8 {
                self.0.label(i)
            }

            fn pool_index(&self, i: usize) -> u32 {
                assert!(i < self.0.len(), "image {i} of {}", self.0.len());
                i as u32
            }
        }
    };
}

whole_set! {
    /// All training images of a data set, before they are divided into those to train on and
    /// those to validate on. Cloning shares the images.
    TrainingPool
}
whole_set! {
    /// The test images: for the final evaluation of a finished run, and nothing else.
    TestImages
}

impl TrainingPool {
    /// The images.
    #[must_use]
    pub fn images(&self) -> &Arc<ImageSet> {
        &self.0
    }
}

macro_rules! view {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            images: Arc<ImageSet>,
            indices: Vec<u32>,
        }

        impl $name {
            /// The images of `pool` with these numbers, which must exist there.
            pub(crate) fn new(pool: &TrainingPool, indices: Vec<u32>) -> Self {
                Self { images: Arc::clone(&pool.0), indices }
            }

            /// Numbers within the training pool, by position.
            #[must_use]
            pub fn pool_indices(&self) -> &[u32] {
                &self.indices
            }
        }

        impl Labelled for $name {
            fn len(&self) -> usize {
                self.indices.len()
            }

            fn image(&self, i: usize) -> &[u8] {
                self.images.image(self.indices[i] as usize)
            }

            fn label(&self, i: usize) -> u8 {
                self.images.label(self.indices[i] as usize)
            }

            fn pool_index(&self, i: usize) -> u32 {
                self.indices[i]
            }
        }
    };
}

view! {
    /// The images that a run trains on.
    TrainImages
}
view! {
    /// The images that choices are made with: never trained on, never tested on.
    ValidationImages
}
view! {
    /// The training images that the training metrics are measured on.
    TrainMetricImages
}

/// A data set, whole, in memory.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Which one.
    pub set: DataSet,
    /// Its training images.
    pub training: TrainingPool,
    /// Its test images.
    pub test: TestImages,
    /// MD5 of each data file by name, in hexadecimal.
    pub md5: BTreeMap<String, String>,
}
