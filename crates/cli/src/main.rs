//! The program `plateau`.
fn main() {}
