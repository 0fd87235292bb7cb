//! Peak resident memory of a process, seen from outside.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::contender::{Invocation, Programs};
use super::failure::Failure;
use super::measure::{Outcome, Sample};
use super::process::{self, Reaped};

pub(crate) const SHOWN: &str = "plateau train --threads 1 --epochs 1 --out <temporary folder>";

const POLL: Duration = Duration::from_millis(50);

/// A slow machine isn't waited for: evaluation comes first, and each step is as large.
const LONGEST: Duration = Duration::from_secs(180);

/// Of one epoch of the baseline with both its evaluations.
pub(crate) fn peak_of_training(programs: &Programs) -> Result<Outcome, Failure> {
    if !Path::new("/proc/self/status").exists() {
        return Ok(Outcome::NotMeasured("only Linux tells the peak of another process".to_owned()));
    }
    let Some(_) = data_folder(programs)? else {
        return Ok(Outcome::NotMeasured(NO_DATA.to_owned()));
    };
    let folder = temporary_folder()?;
    let out = folder.path().display().to_string();
    let arguments = ["train", "--threads", "1", "--epochs", "1", "--out", out.as_str()];
    let invocation = Invocation::plateau(programs, &arguments);
    let mut command = invocation.command();
    // What it says on its way goes nowhere but into a file, which can't block it.
    let words = folder.path().join("stderr");
    let named = |source| Failure::File { path: words.clone(), source };
    let stderr = fs::File::create(&words).map_err(named)?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
    let started = Instant::now();
    let child = command.spawn().map_err(|source| process::not_run(&invocation, source))?;
    let mut child = Reaped(child);
    let mut peak = 0;
    while started.elapsed() < LONGEST {
        peak = peak.max(high_water_mark(child.0.id()).unwrap_or(0));
        let ended = child.0.try_wait().map_err(|source| process::not_run(&invocation, source))?;
        if let Some(status) = ended.filter(|status| !status.success()) {
            let stderr = fs::read_to_string(&words).unwrap_or_default();
            return Err(Failure::Command { command: invocation.here(), status, stderr });
        }
        if ended.is_some() {
            break;
        }
        thread::sleep(POLL);
    }
    let seconds = started.elapsed().as_secs_f64();
    let report = json!({"program": "plateau", "peak_rss_bytes": peak, "watched_seconds": seconds});
    Ok(Outcome::Measured(Sample { value: peak as f64, reports: vec![report] }))
}

pub(crate) const NO_DATA: &str = "CIFAR-10 isn't there; `plateau data fetch` gets it";

/// The folder that a worker finds the data set in, if it is there.
pub(crate) fn data_folder(programs: &Programs) -> Result<Option<PathBuf>, Failure> {
    let invocation = Invocation::plateau(programs, &["data", "where", "--json"]);
    let place = process::last_report(&process::standard_output(&invocation)?, &invocation)?;
    let (Some(batches), Some(complete)) = (place["batches"].as_str(), place["complete"].as_bool())
    else {
        return Err(process::no_report(&invocation, "batches, complete", &place.to_string()));
    };
    Ok(Path::new(batches).parent().filter(|_| complete).map(Path::to_owned))
}

pub(crate) fn temporary_folder() -> Result<tempfile::TempDir, Failure> {
    tempfile::tempdir().map_err(|source| Failure::File { path: std::env::temp_dir(), source })
}

/// In bytes; `None` once the process has ended.
fn high_water_mark(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    parse_high_water_mark(&status)
}

fn parse_high_water_mark(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_water_mark_is_in_bytes() {
        let status = "VmPeak:\t  9999 kB\nVmHWM:\t    1234 kB\nVmRSS:\t 1000 kB\n";
        assert_eq!(parse_high_water_mark(status), Some(1234 * 1024));
        // A process that has ended but isn't reaped has no memory.
        assert_eq!(parse_high_water_mark("State:\tZ (zombie)\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_is_seen_only_where_the_data_are() {
        use super::super::fake::Fake;

        let fake = Fake::new(
            "case $1 in data) echo '{\"batches\": \"/a/b\", \"complete\": true}';;\n\
             train) sleep 0.3;; esac",
        );
        let Outcome::Measured(sample) = peak_of_training(&fake.programs()).unwrap() else {
            panic!("not measured")
        };
        assert!(sample.value > 1e5, "{}", sample.value);
        assert_eq!(data_folder(&fake.programs()).unwrap(), Some(PathBuf::from("/a")));

        let fake = Fake::new("echo '{\"batches\": \"/a/b\", \"complete\": false}'");
        let outcome = peak_of_training(&fake.programs()).unwrap();
        assert_eq!(outcome, Outcome::NotMeasured(NO_DATA.to_owned()));

        let fake = Fake::new(
            "case $1 in data) echo '{\"batches\": \"/a/b\", \"complete\": true}';;\n\
             train) echo 'too many epochs' >&2; exit 1;; esac",
        );
        let failure = peak_of_training(&fake.programs()).unwrap_err().to_string();
        assert!(failure.contains("too many epochs"), "{failure}");
    }
}
