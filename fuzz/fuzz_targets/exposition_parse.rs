//! Any bytes are read or refused, and every metric that was read can be looked at.
#![no_main]

use std::hint::black_box;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    match exposition::parse::parse(data) {
        Ok(families) => {
            for metric in families.iter().flat_map(|family| family.metrics()) {
                black_box((metric.label("a"), metric));
            }
        }
        Err(error) => drop(black_box(error.to_string())),
    }
});
