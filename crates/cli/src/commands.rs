//! One module per command.

pub(crate) mod bench;
pub(crate) mod data;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod status;
pub(crate) mod train;
pub(crate) mod verify;
pub(crate) mod worker;
