//! Programs of this workspace, for the tests.

use std::path::{Path, PathBuf};

/// One of this workspace's programs, as cargo has built it.
pub(crate) fn built(name: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_BIN_EXE_lab")).with_file_name(name);
    assert!(
        file.is_file(),
        "{} is missing: run `cargo build --workspace` first",
        file.display()
    );
    file
}
