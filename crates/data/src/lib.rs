//! The images: where they come from, how they are kept, divided, scaled and ordered.
//!
//! Training, validation and test images are distinct types, and nothing leads from
//! [`TestImages`] to any of the others: what asks for training or validation images cannot be
//! handed test images.
//!
//! ```compile_fail,E0308
//! fn train(images: &plateau_data::TrainImages) {}
//! train(&plateau_data::synthetic().test);
//! ```
//!
//! # Layout
//! - [`image_set`]: [`ImageSet`], [`TrainingPool`], [`TestImages`] and the views of a split
//! - [`partition`](mod@partition): the seeded, class-balanced division of the training images
//! - [`normalise`]: [`Normalisation`], and the way from bytes to a batch of numbers
//! - [`order`]: the order of the training images in each epoch
//! - [`synthetic`](mod@synthetic): a generated data set, for tests and machines without a network
//! - [`cache`]: [`Cache`], the folder where CIFAR-10 is kept, and what belongs into it
//! - [`location`]: where that folder is by default
//! - [`named`]: what the user names, opened and checked, never written to
//! - [`load`](mod@load): checking batches and reading them
//! - [`source`]: how the images get into the cache: [`fetch`]
//! - [`error`](mod@error): [`DataError`]

pub mod cache;
mod checksum;
pub mod error;
#[cfg(test)]
mod fixture;
pub mod image_set;
pub mod load;
pub mod location;
pub mod named;
pub mod normalise;
pub mod order;
pub mod partition;
pub mod source;
pub mod synthetic;
#[doc(hidden)]
pub mod untrusted;

pub use cache::Cache;
pub use error::{AlteredFile, DataError, Difference, FailedSource, FileProblem};
pub use image_set::{
    CHANNELS, CLASS_NAMES, Dataset, IMAGE_BYTES, ImageSet, Labelled, PIXELS, SIDE, TestImages,
    TrainImages, TrainMetricImages, TrainingPool, ValidationImages,
};
pub use load::{Check, load, open, verify};
pub use location::{Platform, Surroundings, default_cache_dir};
pub use named::{Acceptance, Named, Opened, md5_lines};
pub use normalise::Normalisation;
pub use order::epoch_order;
pub use partition::{Partition, partition};
pub use source::{FetchOptions, Progress, Source, fetch};
pub use synthetic::{SyntheticSize, synthetic, synthetic_of};
