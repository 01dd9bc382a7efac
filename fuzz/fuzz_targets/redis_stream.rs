//! Whatever a server says of a stream is written as metrics that can be read again.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redis_exporter::fuzzing::tell_stream(data));
