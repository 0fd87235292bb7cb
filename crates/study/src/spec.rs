//! A study file: read, checked, and resolved.
//!
//! A study is a list of *phases* (runs that differ in the seed and in the rate, dropout or batch
//! norm), and of *experiments* that give phases a role. A phase may refer to the results of
//! another: the rates that a range test proposes, the dropout rate that did best, the weights
//! of a run. `studies/cifar10.toml` shows all there is.
//!
//! # Layout
//! - [`error`]: [`SpecError`], with the place in the file
//! - [`encoding`]: bytes to text
//! - `keys`: the keys of a table, each taken once, the others reported
//! - `values`, `settings`: numbers, lists, names; rates, schedules, splits
//! - `written`: the study as written: what may be left out is left out
//! - [`overrides`]: what the command line changes in it
//! - `resolve`, `references`, `roles`: everything filled in and checked
//! - [`resolved`]: [`Study`], the outcome
//! - [`presets`]: the studies that come with the program

pub mod encoding;
pub mod error;
mod keys;
pub mod overrides;
pub mod presets;
mod references;
mod resolve;
pub mod resolved;
mod roles;
mod settings;
mod values;
mod written;

pub use encoding::{EncodingError, MAX_STUDY_BYTES, decode};
pub use error::{SpecError, SpecErrors};
pub use overrides::Overrides;
pub use presets::{PRESETS, Preset, preset};
pub use resolved::{Dropout, Phase, Rates, Study};

use plateau_record::DataSet;

impl Study {
    /// Reads a study file, applies `overrides`, fills in what was left out and checks it all.
    ///
    /// # Errors
    /// All that is wrong with it: of the file's form if it cannot be read, else of its values,
    /// else of what they mean together.
    pub fn parse(source: &str, overrides: &Overrides) -> Result<Self, SpecErrors> {
        let mut written = written::read(source)?;
        overrides.apply(&mut written);
        let study = resolve::resolve(&written)?;
        let is_shortened = overrides.epochs.is_some();
        Ok(Self { is_shortened, arguments: overrides.arguments(), ..study })
    }
}

/// Number of training images that a data set has.
#[must_use]
pub fn training_images(set: DataSet) -> u32 {
    match set {
        DataSet::Cifar10 => 50_000,
        DataSet::Synthetic => 5_000,
    }
}

/// Number of test images that a data set has.
#[must_use]
pub fn test_images(set: DataSet) -> u32 {
    match set {
        DataSet::Cifar10 => 10_000,
        DataSet::Synthetic => 1_000,
    }
}
