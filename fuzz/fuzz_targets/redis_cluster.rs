//! Whatever a node says of its cluster can be read, and the addresses in it asked.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &str| redis_exporter::fuzzing::read_cluster(data));
