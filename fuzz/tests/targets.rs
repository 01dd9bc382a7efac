//! No parser is forgotten.

use kernel_stats::all::PARSERS;

#[test]
fn every_parser_of_kernel_files_has_a_target() {
    let manifest = include_str!("../Cargo.toml");
    for (name, _) in PARSERS {
        let line = format!("name = \"kernel_stats_{name}\"");
        assert!(
            manifest.lines().any(|found| found == line),
            "fuzz/Cargo.toml has no [[bin]] with {line}"
        );
    }
}
