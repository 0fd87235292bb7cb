//! When a run leaves a checkpoint, and from which it goes on.

use std::io;
use std::time::{Duration, Instant, UNIX_EPOCH};

use plateau_data::Dataset;
use plateau_model::Weights;
use plateau_record::{Provenance, RunConfig, Step};
use plateau_study::store::StoredCheckpoint;
use plateau_study::{Checkpoints, Stop, StoreError, Urgency};
use plateau_train::{Checkpoint, CheckpointError, Observer, TrainError, Trained, resume};

/// After an epoch a checkpoint is left once so many times the last one's cost have passed, so
/// that they cost less than two per cent of a run's time; the first one, and the one before the
/// last epoch, are always left.
const LEAST_RATIO: u32 = 50;

/// Who promises the bits of a checkpoint: another program, or other instructions, need not go on
/// to the same.
pub(crate) fn maker(provenance: &Provenance) -> String {
    let Provenance { program, commit, instruction_set, .. } = provenance;
    let known = format!("plateau {program} {commit} {instruction_set}");
    if !(commit.ends_with("-dirty") || commit == "unknown") {
        return known;
    }
    // Such a commit stands for many programs.
    let file = std::env::current_exe().and_then(std::fs::metadata).ok();
    let built = file.and_then(|file| {
        let time = file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(format!(" {}-{}", file.len(), time.as_nanos()))
    });
    known + &built.unwrap_or_default()
}

/// Leaves a run's checkpoints.
pub(crate) struct Saver {
    checkpoints: Checkpoints,
    maker: String,
    stop: Stop,
    /// Time after which one is left within an epoch, too.
    interval: Duration,
    /// When the last one was left, or the run began.
    last: Instant,
    /// What the last one cost.
    cost: Duration,
}

impl Saver {
    pub(crate) fn new(
        checkpoints: Checkpoints,
        maker: String,
        interval: Duration,
        stop: Stop,
    ) -> Self {
        Self { checkpoints, maker, stop, interval, last: Instant::now(), cost: Duration::ZERO }
    }

    pub(crate) fn wants_stop(&self) -> bool {
        self.stop.urgency() > Urgency::GoOn
    }

    pub(crate) fn wants_pause(&self) -> bool {
        self.wants_stop() || self.last.elapsed() >= self.interval
    }

    pub(crate) fn wants_checkpoint(&self, n_left: u32) -> bool {
        n_left == 1 || self.last.elapsed() >= self.cost * LEAST_RATIO
    }

    pub(crate) fn save(&mut self, checkpoint: &Checkpoint) -> io::Result<()> {
        let started = Instant::now();
        let bytes = checkpoint.to_bytes().map_err(io::Error::other)?;
        self.checkpoints
            .save(checkpoint.head.step, &self.maker, &bytes)
            .map_err(io::Error::other)?;
        self.last = Instant::now();
        self.cost = self.last - started;
        Ok(())
    }

    /// Trains a run, from its last checkpoint that can be used, and tells of those that can't.
    pub(crate) fn train(
        checkpoints: &Checkpoints,
        maker: &str,
        (config, data, parent): (&RunConfig, &Dataset, Option<&Weights>),
        observer: &mut (impl Observer + Told),
    ) -> Result<Trained, TrainError> {
        let disk = |error: StoreError| TrainError::Observer(io::Error::other(error));
        for step in checkpoints.steps().map_err(disk)?.into_iter().rev() {
            let outcome = match usable(checkpoints, maker, config, step) {
                Err(Unusable::Gone) => continue,
                Ok(checkpoint) => {
                    observer.resumed(step);
                    resume(config, data, parent, Some(checkpoint), observer)
                }
                Err(Unusable::Disk(error)) => return Err(disk(error)),
                Err(Unusable::Content(error)) => Err(TrainError::Checkpoint(error)),
                Err(Unusable::Other(reason)) => {
                    observer.notice(&reason);
                    checkpoints.discard(step).map_err(disk)?;
                    continue;
                }
            };
            match outcome {
                Err(TrainError::Checkpoint(error)) => {
                    let path = checkpoints.path(step);
                    observer.notice(&format!("{} can't be used: {error}", path.display()));
                    checkpoints.discard(step).map_err(disk)?;
                }
                outcome => return outcome,
            }
        }
        resume(config, data, parent, None, observer)
    }
}

/// Hears how a run goes on.
pub(crate) trait Told {
    /// The run goes on after so many steps.
    fn resumed(&mut self, step: Step);

    /// Something that the user should know.
    fn notice(&mut self, text: &str);
}

/// Why a checkpoint can't be used.
enum Unusable {
    /// Removed since it was listed, by a worker that is on its way out.
    Gone,
    Disk(StoreError),
    Content(CheckpointError),
    Other(String),
}

fn usable(
    checkpoints: &Checkpoints,
    maker: &str,
    config: &RunConfig,
    step: Step,
) -> Result<Checkpoint, Unusable> {
    let StoredCheckpoint { maker: made_by, bytes } =
        checkpoints.read(step).map_err(|error| match error {
            StoreError::Damaged { .. } => {
                Unusable::Other(format!("{error}; going on from the one before"))
            }
            StoreError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Unusable::Gone
            }
            error => Unusable::Disk(error),
        })?;
    if made_by != maker {
        let path = checkpoints.path(step);
        return Err(Unusable::Other(format!(
            "{} was made by {made_by}, this is {maker}, which need not give the same bits: removed",
            path.display()
        )));
    }
    Checkpoint::from_bytes(&bytes, &config.id()).map_err(Unusable::Content)
}
