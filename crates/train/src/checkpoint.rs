//! The state of a run between two steps: with it, a run goes on to the bits of one that was
//! never interrupted. Random streams are keyed, so that they need no state.

use std::collections::BTreeMap;

use plateau_kernels::statistics::Sums;
use plateau_model::weights::{TensorData, write};
use plateau_model::{NamedTensor, Weights, WeightsError};
use plateau_record::{Epoch, EpochRecord, GradientRecord, RangeRecord, RunId, Step};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::optimizer::ParameterState;

/// Version of the checkpoints' format. Others are refused.
const FORMAT: u32 = 1;

/// The key under which a safetensors file keeps what is no tensor.
const HEAD: &str = "plateau";

const WEIGHTS: &str = "weights.";

/// All that a run is, after some of its steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// What is no tensor.
    pub head: CheckpointHead,
    /// Of the whole network, or of the layers that are trained; running statistics included.
    pub weights: Weights,
    /// What the optimiser remembers, in the module's order of parameters.
    pub optimizer: Vec<ParameterState>,
}

/// The part of a checkpoint that is no tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointHead {
    format: u32,
    /// The run.
    pub run: RunId,
    /// Updates done.
    pub step: Step,
    /// The epoch under way.
    pub under_way: UnderWay,
    /// What was recorded so far.
    pub log: Log,
    /// Wall time of the run so far.
    pub seconds: f64,
    /// Updates that the optimiser has seen, of each parameter.
    updates: Vec<u32>,
}

/// How far an epoch is: also before its first step, and after its last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnderWay {
    /// Which epoch, from 1.
    pub epoch: Epoch,
    /// Its steps that are done.
    pub steps: u64,
    /// The images of these steps.
    pub images: u64,
    /// Wall time of these steps.
    pub seconds: f64,
    /// The gradients of these steps, by parameter.
    #[serde(with = "sums")]
    pub gradients: Vec<Sums>,
}

/// What a run has recorded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// One per epoch, epoch 0 first.
    pub epochs: Vec<EpochRecord>,
    /// By epoch, layer and kind.
    pub gradients: Vec<GradientRecord>,
    /// One per step of a range test.
    pub range: Vec<RangeRecord>,
}

/// A checkpoint that can't be used.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// The tensors can't be read, or don't fit the network.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// What is no tensor can't be read.
    #[error("the checkpoint's head: {0}")]
    Head(#[from] serde_json::Error),
    /// There is no head.
    #[error("the checkpoint has no head: expected the metadata entry `{HEAD}`")]
    NoHead,
    /// Of another version of the format.
    #[error("checkpoint format {0}, this program reads {FORMAT}")]
    Format(u32),
    /// Of another run.
    #[error("expected a checkpoint of run {expected}, found one of run {found}")]
    OtherRun {
        /// The run that is to go on.
        expected: RunId,
        /// The run that it belongs to.
        found: RunId,
    },
    /// The state isn't one of this run: too many steps, or tensors of other sizes.
    #[error("the checkpoint doesn't fit the run: {0}")]
    Misfit(&'static str),
}

impl Checkpoint {
    /// Takes its parts together.
    #[must_use]
    pub fn new(
        run: RunId,
        (step, under_way): (Step, UnderWay),
        log: Log,
        seconds: f64,
        (weights, optimizer): (Weights, Vec<ParameterState>),
    ) -> Self {
        let updates = optimizer.iter().map(|state| state.updates).collect();
        let head = CheckpointHead { format: FORMAT, run, step, under_way, log, seconds, updates };
        Self { head, weights, optimizer }
    }

    /// A safetensors file: `weights.NAME` by PyTorch's names, `optimizer.PARAMETER.MEAN` by
    /// number, the head as JSON in its metadata.
    ///
    /// # Errors
    /// If it can't be laid out.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CheckpointError> {
        let weights = self.weights.0.iter().map(|(name, NamedTensor { shape, values })| {
            (format!("{WEIGHTS}{name}"), TensorData { shape: shape.into(), values })
        });
        let states = self.optimizer.iter().enumerate().flat_map(|(parameter, state)| {
            state.means.iter().enumerate().map(move |(mean, values)| {
                (
                    mean_name(parameter, mean),
                    TensorData { shape: vec![values.len()].into(), values },
                )
            })
        });
        let tensors = weights.chain(states).map(|(name, tensor)| (name.into(), tensor));
        let head = serde_json::to_string(&self.head)?;
        Ok(write(&tensors.collect(), &BTreeMap::from([(HEAD.to_owned(), head)]))?)
    }

    /// Reads what [`Checkpoint::to_bytes`] gave.
    ///
    /// # Errors
    /// If it is damaged, of another version, or of another run than the one expected.
    pub fn from_bytes(bytes: &[u8], expected: &RunId) -> Result<Self, CheckpointError> {
        let (mut tensors, metadata) = Weights::from_safetensors_with(bytes)?;
        let head = metadata.get(HEAD).ok_or(CheckpointError::NoHead)?;
        let format = serde_json::from_str::<Format>(head)?.format;
        if format != FORMAT {
            return Err(CheckpointError::Format(format));
        }
        let head: CheckpointHead = serde_json::from_str(head)?;
        if head.run != *expected {
            let (expected, found) = (expected.clone(), head.run);
            return Err(CheckpointError::OtherRun { expected, found });
        }
        let optimizer = head.updates.iter().enumerate().map(|(parameter, updates)| {
            let means = (0..).map_while(|mean| tensors.0.remove(&mean_name(parameter, mean)));
            ParameterState { means: means.map(|mean| mean.values).collect(), updates: *updates }
        });
        let optimizer = optimizer.collect();
        let weights = tensors
            .0
            .into_iter()
            .filter_map(|(name, tensor)| Some((name.strip_prefix(WEIGHTS)?.to_owned(), tensor)));
        Ok(Self { weights: Weights(weights.collect()), optimizer, head })
    }
}

/// The version is read first: another version's fields may well differ.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

fn mean_name(parameter: usize, mean: usize) -> String {
    format!("optimizer.{parameter}.{mean}")
}

/// Sums as their bits: they may be infinite, which JSON can't say.
mod sums {
    use plateau_kernels::statistics::Sums;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(sums: &[Sums], to: S) -> Result<S::Ok, S::Error> {
        let bits = |s: &Sums| (s.count, s.sum.to_bits(), s.abs.to_bits(), s.squares.to_bits());
        sums.iter().map(bits).collect::<Vec<_>>().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Sums>, D::Error> {
        let bits = Vec::<(u64, u64, u64, u64)>::deserialize(from)?;
        let sums = bits.into_iter().map(|(count, sum, abs, squares)| Sums {
            count,
            sum: f64::from_bits(sum),
            abs: f64::from_bits(abs),
            squares: f64::from_bits(squares),
        });
        Ok(sums.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plateau_record::Performance;

    fn checkpoint() -> Checkpoint {
        let performance = Performance { loss: 0.1 + 0.2, accuracy: 1.0 / 3.0 };
        let record = EpochRecord {
            epoch: Epoch(1),
            step: Step(3),
            learning_rate: 0.1,
            train: performance,
            validation: performance,
            seconds: 1e-3,
            images_per_second: 1e4 / 3.0,
        };
        let gradients =
            vec![Sums { count: 7, sum: f64::NEG_INFINITY, abs: 0.1 + 0.7, squares: 1e-300 }];
        let under_way = UnderWay { epoch: Epoch(2), steps: 1, images: 8, seconds: 0.5, gradients };
        let tensor = NamedTensor { shape: vec![1, 2], values: vec![-0.0, f32::MIN_POSITIVE / 3.0] };
        let weights = Weights([("fc1.weight".to_owned(), tensor)].into());
        let seen = ParameterState { means: vec![vec![f32::INFINITY], vec![1.0 / 3.0]], updates: 4 };
        let optimizer = vec![seen, ParameterState::default()];
        let log = Log { epochs: vec![record], ..Log::default() };
        Checkpoint::new(RunId("a".into()), (Step(4), under_way), log, 2.5, (weights, optimizer))
    }

    #[test]
    fn comes_back_with_the_same_bits() {
        let checkpoint = checkpoint();
        let bytes = checkpoint.to_bytes().unwrap();
        let read = Checkpoint::from_bytes(&bytes, &RunId("a".into())).unwrap();
        assert_eq!(read, checkpoint);
        assert!(read.weights.0["fc1.weight"].values[0].is_sign_negative());
        assert_eq!(read.to_bytes().unwrap(), bytes);
    }

    #[test]
    fn another_runs_and_another_versions_are_refused() {
        let mut checkpoint = checkpoint();
        let bytes = checkpoint.to_bytes().unwrap();
        let error = Checkpoint::from_bytes(&bytes, &RunId("b".into())).unwrap_err();
        assert!(matches!(error, CheckpointError::OtherRun { .. }), "{error}");
        checkpoint.head.format = 9;
        let bytes = checkpoint.to_bytes().unwrap();
        let error = Checkpoint::from_bytes(&bytes, &RunId("a".into())).unwrap_err();
        assert!(matches!(error, CheckpointError::Format(9)), "{error}");
        let bytes = checkpoint.weights.to_safetensors().unwrap();
        let error = Checkpoint::from_bytes(&bytes, &RunId("a".into())).unwrap_err();
        assert!(matches!(error, CheckpointError::NoHead), "{error}");
    }

    /// What a checksum would find, but the reader must survive by itself.
    #[test]
    fn no_change_of_its_bytes_makes_the_reader_panic() {
        let bytes = checkpoint().to_bytes().unwrap();
        let run = RunId("a".into());
        for at in 0..bytes.len() {
            for value in [0, 1, b'"', b'9', b'[', 0x7f, 0xff] {
                let mut changed = bytes.clone();
                changed[at] = value;
                drop(Checkpoint::from_bytes(&changed, &run));
            }
            drop(Checkpoint::from_bytes(&bytes[..at], &run));
        }
    }
}
