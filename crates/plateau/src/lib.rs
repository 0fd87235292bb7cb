//! Plateau as a library, for notebooks and scripts: what takes a program many lines, in one.
//!
//! ```no_run
//! use plateau::prelude::*;
//!
//! # fn main() -> Result<(), plateau::Error> {
//! let network = image().block(32).block(64).block(128).fully_connected(256).logits();
//! let trained = Training::of(network).images(4_000, 1_000).epochs(3).train(&cifar10()?)?;
//! println!("{trained}");
//! let study = Study::open("reports/cifar10")?;
//! println!("{}", study.statements(1)?);
//! # Ok(())
//! # }
//! ```
//!
//! In a notebook with the evcxr kernel, figures and tables show as such when they are the value
//! of a cell.
//!
//! # Layout
//! - [`study`]: [`Study`], a study's records with its figures, tables and findings
//! - [`pictures`]: the images that a study keeps beside its records
//! - [`place`]: where a report stands, as far as its text speaks of that
//! - [`network`]: a network, layer by layer
//! - [`training`]: [`Training`], one run described in a line
//! - [`data`](mod@data): [`cifar10`] from the cache, or fetched into it
//! - [`error`](mod@error): [`Error`]

pub mod data;
pub mod error;
pub mod network;
pub mod pictures;
pub mod place;
pub mod study;
pub mod training;

pub use data::{cifar10, synthetic};
pub use error::Error;
pub use pictures::Pictures;
pub use study::Study;
pub use training::{Trained, Training};

pub use plateau_analysis as analysis;
pub use plateau_model as model;
pub use plateau_record as record;
pub use plateau_report as report;
pub use plateau_train as train;

/// What a notebook needs.
pub mod prelude {
    pub use crate::data::{cifar10, synthetic};
    pub use crate::network::{diagram, image, layers};
    pub use crate::study::Study;
    pub use crate::training::{Trained, Training};
    pub use plateau_data::{Dataset, Labelled};
    pub use plateau_record::{Activation, Network, Optimizer};
}
