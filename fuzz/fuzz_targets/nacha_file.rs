#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| qbank_fuzz::nacha_file(input));
