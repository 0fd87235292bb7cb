//! The file of a run's final weights: with all that is needed to use them elsewhere.

use std::collections::BTreeMap;
use std::fmt::Display;

use plateau_model::WeightsError;
use plateau_record::RunConfig;

use crate::fit::Trained;

impl Trained {
    /// A safetensors file of the final weights under PyTorch's names. Equal runs have equal
    /// bytes. Beside the tensors it says, as text:
    ///
    /// | key | what |
    /// |---|---|
    /// | `format` | `pt`: names and shapes are PyTorch's, as its loaders expect to be told |
    /// | `plateau.config` | the run's configuration, as JSON |
    /// | `plateau.input` | what the weights expect of an image, and the classes' names, as JSON: `shape`, `mean`, `std`, `classes` |
    /// | `input_shape` | channels, height, width, with commas between them |
    /// | `mean`, `std` | of red, green and blue in [0, 1]: (x − mean) / std is what the network reads; a `std` of 0 counts as 1 |
    /// | `classes` | the classes' names in the order of the logits |
    ///
    /// # Errors
    /// If it can't be laid out.
    pub fn weights_file(&self, config: &RunConfig) -> Result<Vec<u8>, WeightsError> {
        let input = &self.input;
        let entries = [
            ("format", "pt".to_owned()),
            ("plateau.config", serde_json::to_string(config)?),
            ("plateau.input", serde_json::to_string(input)?),
            ("input_shape", with_commas(&input.shape)),
            ("mean", with_commas(&input.mean)),
            ("std", with_commas(&input.std)),
            ("classes", with_commas(&input.classes)),
        ];
        let entries = entries.map(|(key, value)| (key.to_owned(), value));
        self.weights.to_safetensors_with(&BTreeMap::from(entries))
    }
}

fn with_commas<T: Display>(values: &[T]) -> String {
    values.iter().map(T::to_string).collect::<Vec<_>>().join(",")
}
