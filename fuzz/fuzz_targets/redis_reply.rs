//! A reply ends where it ends, however slowly it comes, and is read or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redis_exporter::fuzzing::read_reply(data));
