//! What the fuzz targets share.

use kernel_stats::all::PARSERS;

/// Runs the parser that has this name in [`PARSERS`]; the rule is that it returns.
///
/// # Panics
/// If there is no such parser: the target has outlived it.
pub fn parse_kernel_file(name: &str, data: &[u8]) {
    let parser = PARSERS.iter().find(|(parser, _)| *parser == name);
    let (_, parse) = parser.unwrap_or_else(|| panic!("kernel-stats has no parser {name}"));
    parse(data);
}
