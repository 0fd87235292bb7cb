#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| plateau_data::untrusted::read_archive(bytes));
