//! Any text is an expression or is refused with words; an expression then matches or does not.
#![no_main]

use exporter_toolkit::go_regex;

libfuzzer_sys::fuzz_target!(|data: (&str, &str)| {
    let (pattern, text) = data;
    match go_regex::parse(pattern) {
        Ok(regex) => drop(regex.is_match(text)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
