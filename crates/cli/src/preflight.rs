//! What can't work on this machine, said before anything trains.

use std::fs;
use std::num::NonZeroUsize;

use plateau_record::{Device, RunConfig, ScheduleShape};
use plateau_study::Plan;
use plateau_train::backend::backend;
use plateau_train::memory::{self, Memory};
use plateau_train::precondition;

use crate::failure::Failure;
use crate::output::count;
use crate::provenance::cores;

/// Of the memory that is free, this share is for runs; the rest is for what else is going on.
const USABLE: f64 = 0.9;

/// How a study's runs fit this machine.
pub(crate) struct Fit {
    /// Runs side by side.
    pub(crate) jobs: NonZeroUsize,
    /// Memory of the run that takes most.
    pub(crate) bytes: u64,
    /// What the user should know.
    pub(crate) notes: Vec<String>,
}

/// Whether every run of a study can be computed here, and how many side by side: as many as were
/// asked for, else one per core or as many as fit the memory.
pub(crate) fn study(plan: &Plan, asked: Option<u32>, threads: u32) -> Result<Fit, Failure> {
    let mut notes = Vec::new();
    let mut largest: Option<(&str, Memory)> = None;
    for phase in &plan.phases {
        check_device(phase.example.device)?;
        let memory = memory::of_run(&phase.example, threads as usize);
        if largest.as_ref().is_none_or(|(_, other)| memory.bytes > other.bytes) {
            largest = Some((&phase.name, memory));
        }
        notes.extend(notes_on(&format!("phase {}", phase.name), &phase.example));
    }
    let wanted = NonZeroUsize::new(asked.unwrap_or_else(cores) as usize);
    let wanted = wanted.unwrap_or(NonZeroUsize::MIN);
    let Some((phase, memory)) = largest else {
        return Ok(Fit { jobs: wanted, bytes: 0, notes });
    };
    check_memory(&format!("a run of phase {phase}"), &memory)?;
    let fitting = available().map_or(usize::MAX, |bytes| (bytes / memory.bytes.max(1)) as usize);
    let jobs = match NonZeroUsize::new(fitting.min(wanted.get())) {
        Some(jobs) if jobs < wanted && asked.is_some() => {
            return Err(Failure::input_text(
                format!(
                    "{wanted} runs side by side take about {}, and {} are free",
                    size(memory.bytes.saturating_mul(wanted.get() as u64)),
                    size(available().unwrap_or(0))
                ),
                &format!("ask for at most {jobs} with --jobs"),
            ));
        }
        Some(jobs) if jobs < wanted => {
            notes.push(format!(
                "{jobs} runs side by side, not {wanted}: each takes about {} of memory",
                size(memory.bytes)
            ));
            jobs
        }
        _ => wanted,
    };
    Ok(Fit { jobs, bytes: memory.bytes, notes })
}

/// Whether one run can be computed here; what the user should know of it.
pub(crate) fn run(config: &RunConfig, threads: u32) -> Result<Vec<String>, Failure> {
    check_device(config.device)?;
    precondition::check(config).map_err(|error| {
        let mut failure = Failure::input(error);
        failure.add_help("give --batch 2 or more, or leave out --batch-norm");
        failure
    })?;
    check_memory("the run", &memory::of_run(config, threads as usize))?;
    Ok(notes_on("the run", config))
}

fn check_device(device: Device) -> Result<(), Failure> {
    backend(device).map(drop).map_err(Failure::input)
}

/// Fails if the memory can't be had.
pub(crate) fn check_memory(what: &str, memory: &Memory) -> Result<(), Failure> {
    let lacks = |needed: u64, limit: Option<u64>| limit.filter(|limit| needed > *limit);
    let (needed, limit, of) = if let Some(limit) = lacks(memory.bytes, available()) {
        (memory.bytes, limit, "are free")
    } else if let Some(limit) = lacks(memory.address_space, address_space_limit()) {
        (memory.address_space, limit, "are allowed (ulimit -v)")
    } else {
        return Ok(());
    };
    Err(Failure::input_text(
        format!(
            "{what} takes about {} of memory, and {} {of}: {} for the data, {} for weights and \
             what is kept beside them, {} for the batch",
            size(needed),
            size(limit),
            size(memory.data),
            size(memory.weights),
            size(memory.activations)
        ),
        "make the batch smaller, or the network narrower",
    ))
}

/// What works otherwise than may have been meant.
fn notes_on(what: &str, config: &RunConfig) -> Vec<String> {
    let mut notes = Vec::new();
    if config.leaves_one_out() {
        notes.push(format!(
            "{what}: {} images in batches of {} leave a last batch of one, on which batch norm \
             can't be trained; it is left out, another image in each epoch",
            config.data.split.train_images, config.batch_size
        ));
    }
    if let ScheduleShape::Step { every, .. } = config.schedule.shape
        && every >= config.epochs
    {
        notes.push(format!(
            "{what}: the rate would first change after {}, and training ends then: it stays {} \
             throughout",
            count(every.0 as usize, "epoch"),
            config.schedule.rate
        ));
    }
    notes
}

/// Bytes that this process and others may still take: of the machine, and of its control group
/// if that has a limit. None where the system doesn't say.
fn available() -> Option<u64> {
    let info = fs::read_to_string("/proc/meminfo").ok()?;
    let line = info.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let free = line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.saturating_mul(1024);
    let limited = control_group().map_or(free, |group| group.min(free));
    Some((limited as f64 * USABLE) as u64)
}

/// What the control group may still take (version 2, as in containers and Slurm's jobs).
fn control_group() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?.trim();
    let mut folder = std::path::PathBuf::from("/sys/fs/cgroup").join(path.trim_start_matches('/'));
    let number = |path: std::path::PathBuf| {
        fs::read_to_string(path).ok().and_then(|text| text.trim().parse::<u64>().ok())
    };
    let mut least = None;
    // A limit of any group above holds, too.
    while folder.starts_with("/sys/fs/cgroup") {
        let limit = number(folder.join("memory.max"));
        if let Some(left) =
            limit.zip(number(folder.join("memory.current"))).map(|(max, now)| max - now.min(max))
        {
            least = Some(least.map_or(left, |least: u64| least.min(left)));
        }
        if !folder.pop() {
            break;
        }
    }
    least
}

/// Bytes of address space that a process may have, if that is limited.
fn address_space_limit() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// `1.4 GB`, `272 MB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    let mut value = bytes as f64 / 1e3;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let decimals = usize::from(value < 10.0);
    format!("{value:.decimals$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        assert_eq!(size(272_000_000), "272 MB");
        assert_eq!(size(1_440_000_000), "1.4 GB");
        assert_eq!(size(u64::MAX), "18 EB");
        assert_eq!(size(0), "0.0 kB");
    }

    #[test]
    fn the_system_tells_its_memory() {
        if cfg!(target_os = "linux") {
            assert!(available().is_some_and(|bytes| bytes > 1 << 20));
        }
    }
}
