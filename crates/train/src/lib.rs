//! Training one run, from its configuration and the data to its records and weights.
//!
//! # Layout
//! - [`fit()`]: the whole of a run; `run`, the run under way
//! - [`precondition`]: which configurations no run can have
//! - [`memory`]: what a run takes of it, known beforehand
//! - [`backend`]: the burn device of a run
//! - [`schedule`]: the learning rate at each step
//! - [`optimizer`]: optimisers with PyTorch's meaning
//! - [`examples`]: batches of images, or of cached features
//! - [`trainable`]: what is trained: the whole network, or its fully connected layers alone
//! - [`epochs`]: passes over the training images, and the state between them
//! - [`range_test`]: the learning-rate range test
//! - [`gradients`]: moments of the loss gradient by layer
//! - [`checkpoint`]: the state of a run between two steps
//! - `weights_file`: the final weights, with all that is needed to use them elsewhere
//! - [`evaluate`]: loss, accuracy and confusion in evaluation mode
//! - [`bench`]: how fast all this is
//! - [`observer`], [`trace`]: who watches a run, and a full account of its steps

pub mod backend;
pub mod bench;
pub mod checkpoint;
pub mod epochs;
pub mod error;
pub mod evaluate;
pub mod examples;
pub mod fit;
pub mod gradients;
pub mod memory;
pub mod observer;
pub mod optimizer;
pub mod precondition;
pub mod range_test;
mod run;
pub mod schedule;
pub mod trace;
pub mod trainable;
mod weights_file;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use error::TrainError;
pub use fit::{Trained, fit, resume};
pub use memory::Memory;
pub use observer::{Observer, Silent, StepReport};
pub use precondition::Precondition;
pub use trace::Trace;
