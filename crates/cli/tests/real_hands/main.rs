//! What people do with the program, and what must come of it: a test for each kind of input that
//! once failed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../common/mod.rs"]
mod common;

mod before_training;
mod damage;
mod endings;
mod file_systems;
mod folders;
mod named;
mod outputs;
mod place;
