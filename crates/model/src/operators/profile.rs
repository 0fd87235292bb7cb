//! Where a step's time goes: seconds of each operator, while somebody wants to know.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// What an operator does.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// Name and sizes.
    pub name: String,
    /// Floating-point operations of the plain algorithm (multiplications and additions), which
    /// sparse and Winograd kernels need fewer of; 0 where nobody counts them.
    pub flop: f64,
}

/// One execution.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What was done.
    pub work: Work,
    /// Wall time.
    pub seconds: f64,
}

static WANTED: AtomicBool = AtomicBool::new(false);
static SAMPLES: Mutex<Vec<Sample>> = Mutex::new(Vec::new());

/// Runs `job` and returns the samples of all that it executed.
pub fn profile<T>(job: impl FnOnce() -> T) -> (T, Vec<Sample>) {
    WANTED.store(true, Ordering::Relaxed);
    let result = job();
    WANTED.store(false, Ordering::Relaxed);
    let samples = std::mem::take(&mut *SAMPLES.lock().unwrap_or_else(PoisonError::into_inner));
    (result, samples)
}

/// Whether samples are taken at present.
pub(super) fn wanted() -> bool {
    WANTED.load(Ordering::Relaxed)
}

/// Runs `job`, and takes a sample of it if samples are wanted.
pub fn timed<T>(work: impl FnOnce() -> Work, job: impl FnOnce() -> T) -> T {
    if !wanted() {
        return job();
    }
    let work = work();
    let started = Instant::now();
    let result = job();
    let seconds = started.elapsed().as_secs_f64();
    SAMPLES.lock().unwrap_or_else(PoisonError::into_inner).push(Sample { work, seconds });
    result
}
