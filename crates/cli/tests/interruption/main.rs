//! Real processes, real signals, real full disks: an interrupted study, continued by the same
//! command, ends with the same records as one that never was.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../common/mod.rs"]
mod common;

mod damage;
mod disk;
mod kills;
mod process;
mod signals;
mod study;
