//! What Ctrl-C does, and a scheduler's SIGTERM: at work it asks for an end that loses nothing,
//! elsewhere it ends the program.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use plateau_study::Stop;

use crate::failure::Failure;

/// As shells have it: 128 and the number of Ctrl-C's signal.
pub(crate) const INTERRUPTED: u8 = 130;

/// Signals after which nobody is waited for any more.
const PATIENCE: usize = 3;

/// Whether somebody heeds the wish to stop.
static HEEDED: AtomicBool = AtomicBool::new(false);
static STOP: OnceLock<Stop> = OnceLock::new();

/// As long as it is kept, signals that end a program ask its [`Stop`] instead.
pub(crate) struct Listening {
    pub(crate) stop: Stop,
}

impl Listening {
    pub(crate) fn start() -> Result<Self, Failure> {
        let stop = Stop::default();
        if STOP.set(stop.clone()).is_ok() {
            listen(stop)?;
        }
        HEEDED.store(true, Ordering::Relaxed);
        Ok(Self { stop: STOP.wait().clone() })
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        HEEDED.store(false, Ordering::Relaxed);
    }
}

/// A file that would become larger than the user's limit (`ulimit -f`) is an error to be told of
/// like a full disk, not the end of the program.
#[cfg(unix)]
pub(crate) fn survive_limits() {
    // If it can't be had, the system ends the program as it would have.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

/// Elsewhere there is no such signal.
#[cfg(not(unix))]
pub(crate) fn survive_limits() {}

#[cfg(unix)]
fn listen(stop: Stop) -> Result<(), Failure> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    // What `nohup`, or a shell for its jobs in the background, has ignored stays ignored.
    let ignored = ignored_signals();
    let heard = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|n| (ignored >> (n - 1)) & 1 == 0);
    let mut signals = signal_hook::iterator::Signals::new(heard).map_err(Failure::other)?;
    let heed = move || {
        for (_, n_before) in signals.forever().zip(0..) {
            stop.ask();
            if !HEEDED.load(Ordering::Relaxed) || n_before + 1 >= PATIENCE {
                std::process::exit(INTERRUPTED.into());
            }
        }
    };
    std::thread::Builder::new().spawn(heed).map(drop).map_err(Failure::other)
}

/// A bit per signal, the first one lowest; none where the system doesn't say.
#[cfg(unix)]
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Elsewhere the system ends the program; what is stored stays, and checkpoints with it.
#[cfg(not(unix))]
fn listen(_stop: Stop) -> Result<(), Failure> {
    Ok(())
}
