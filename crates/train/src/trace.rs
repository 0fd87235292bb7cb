//! A full account of a run's steps, so that it can be repeated in another framework:
//! `initial.safetensors`, `steps.jsonl` (epoch, step, learning rate, loss, image indices) and
//! `final.safetensors`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use plateau_model::Weights;
use serde_json::json;

use crate::observer::{Observer, StepReport};

/// Writes the account into a folder.
pub struct Trace {
    folder: PathBuf,
    steps: BufWriter<File>,
}

impl Trace {
    /// Creates the folder and its `steps.jsonl`.
    ///
    /// # Errors
    /// If they can't be created.
    pub fn create(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let steps = BufWriter::new(File::create(folder.join("steps.jsonl"))?);
        Ok(Self { folder: folder.to_owned(), steps })
    }

    fn write_weights(&self, name: &str, weights: &Weights) -> io::Result<()> {
        let bytes = weights.to_safetensors().map_err(io::Error::other)?;
        fs::write(self.folder.join(name), bytes)
    }
}

impl Observer for Trace {
    fn started(&mut self, weights: &Weights) -> io::Result<()> {
        self.write_weights("initial.safetensors", weights)
    }

    fn step(&mut self, report: &StepReport<'_>) -> io::Result<()> {
        let line = json!({
            "epoch": report.epoch,
            "step": report.step,
            "learning_rate": report.learning_rate,
            "loss": report.loss,
            "images": report.pool_indices,
        });
        writeln!(self.steps, "{line}")
    }

    fn finished(&mut self, weights: &Weights) -> io::Result<()> {
        self.steps.flush()?;
        self.write_weights("final.safetensors", weights)
    }
}
