#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz_bodies::stored_items(input));
