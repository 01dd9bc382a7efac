//! Whatever a server says of its clients is written as metrics that can be read again.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &str| redis_exporter::fuzzing::tell_clients(data));
