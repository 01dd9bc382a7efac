//! Any text of a blackbox.yml is read and shown again, or refused in words.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &str| blackbox_exporter::fuzzing::read_config(data));
