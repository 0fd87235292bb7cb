//! Which program, machine and data made a record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Stored beside the configuration in `run.json`. Equal provenance (times apart) and equal
/// configuration promise equal bits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of the program.
    pub program: String,
    /// Commit the program was built from, `-dirty` appended for a changed tree; `unknown`
    /// outside a repository.
    pub commit: String,
    /// Processor model and number of cores.
    pub machine: String,
    /// Operating system and architecture.
    pub system: String,
    /// The instruction set that the kernels chose, for example `avx2+fma`.
    pub instruction_set: String,
    /// MD5 of each data file by name.
    pub data_md5: BTreeMap<String, String>,
}
