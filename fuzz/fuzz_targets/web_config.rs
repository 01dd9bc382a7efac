//! Any text of a web configuration file, and of a duration in it, is read or refused. Only these two pure modules: what
//! they return names files, which would be opened next.
#![no_main]
#![allow(
    dead_code,
    reason = "the modules are private to exporter-toolkit, which uses the rest"
)]

#[path = "../../crates/exporter-toolkit/src/web_config/file.rs"]
mod file;
#[path = "../../crates/exporter-toolkit/src/go_duration.rs"]
mod go_duration;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Err(text) = file::parse(data) {
        assert!(!text.is_empty());
    }
    if let Ok(text) = std::str::from_utf8(data) {
        std::hint::black_box(go_duration::parse(text));
    }
});
