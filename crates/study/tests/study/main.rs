//! Tests of the whole crate from outside, in one program, as linking takes the most time.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy.toml allows them in tests, which it takes these helpers not to be"
)]

mod durability;
mod execute;
mod kept_files;
mod mistakes;
mod plan;
mod spec;
mod store;
mod support;
