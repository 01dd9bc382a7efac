//! Any text is an address, a list of keys or a flag, or is refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &str| redis_exporter::fuzzing::read_words(data));
