//! Any `Accept` and `Accept-Encoding` get a format that is offered. The input is the two, one on a line.
#![no_main]

use exposition::{Offer, accepts_gzip, negotiate};

libfuzzer_sys::fuzz_target!(|data: &str| {
    let (accept, encoding) = data.split_once('\n').unwrap_or((data, data));
    for offer in [&Offer::ALL, &Offer::TEXT_FIRST] {
        let (format, _) = negotiate(accept, offer);
        assert!(offer.first.contains(&format) || offer.otherwise.contains(&format));
    }
    // Nothing but gzip and the wildcard may say yes.
    let asked = encoding.to_ascii_lowercase();
    assert!(!accepts_gzip(encoding) || asked.contains("gzip") || asked.contains('*'));
});
