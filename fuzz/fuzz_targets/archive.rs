#![no_main]

use std::path::Path;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // Nothing is ever installed: no batch has the published checksum.
    plateau_data::untrusted::read_archive(bytes, Path::new("/nonexistent/cache"));
});
