//! What the fuzz targets reach, and nobody else uses.

use crate::config;

/// Reads any text as blackbox.yml; the rule is that it returns, and that what it refuses it refuses in words.
pub fn read_config(text: &str) {
    match config::parse(text) {
        Ok(config) => drop(config::yaml(&config, config::Layout::CONFIG)),
        Err(error) => assert!(!error.0.is_empty(), "a refusal without words"),
    }
}
