#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| qbank_fuzz::pain001_file(input));
