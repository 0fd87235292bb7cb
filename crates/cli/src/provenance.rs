//! Which program, machine and data make a record.

use std::collections::BTreeMap;
use std::fs;

use plateau_kernels::Isa;
use plateau_record::Provenance;

/// The provenance of what this process records.
pub(crate) fn provenance(data_md5: BTreeMap<String, String>) -> Provenance {
    Provenance {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        commit: env!("PLATEAU_COMMIT").to_owned(),
        machine: format!("{}, {} cores", processor(), cores()),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        instruction_set: Isa::detect().name().to_owned(),
        data_md5,
    }
}

/// Cores that this process may use; 1 where that can't be told.
pub(crate) fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(u32::MAX))
}

fn processor() -> String {
    // Only Linux tells by a file; elsewhere the architecture has to do.
    let model = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    model.unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}
