#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| plateau_study::untrusted::read_study_file(bytes));
