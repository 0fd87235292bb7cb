//! The readers of bytes from outside, one by one, for fuzzing: none may panic, hang, or take
//! memory by a length that nobody checked. Not part of the interface.

use std::io::Cursor;

use plateau_record::{RunId, Step};

use crate::execute::Job;
use crate::plan::{Plan, Results};
use crate::spec::{Overrides, Study, decode};
use crate::store;

/// A study file; one without mistakes is planned, too.
pub fn read_study_file(bytes: &[u8]) {
    let Ok(text) = decode(bytes) else { return };
    match Study::parse(&text, &Overrides::default()) {
        Ok(study) => drop(Plan::new(&study, &Results::new()).record(&study)),
        Err(errors) => {
            for error in &errors {
                assert!(text.get(error.span.clone()).is_some(), "a place in the file: {error}");
            }
        }
    }
}

/// A record: a first byte, which says of which sort, then the file.
pub fn read_record(bytes: &[u8]) {
    store::read_untrusted_record(bytes);
}

/// A checkpoint's file, of a run and a step that the file itself may name.
pub fn read_checkpoint(bytes: &[u8]) {
    let run = RunId("0123456789abcdef".to_owned());
    drop(store::Checkpoints::parse(bytes.to_vec(), &run, Step(7)));
}

/// What a worker is told.
pub fn read_job(bytes: &[u8]) {
    drop(Job::read(&mut Cursor::new(bytes)));
}
