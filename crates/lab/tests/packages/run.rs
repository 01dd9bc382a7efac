//! Other programs, run to their end.

use std::{
    ffi::OsStr,
    fmt::Debug,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The repository's root.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What a program says when it is run with these arguments, whatever becomes of it.
pub(crate) fn tried(program: impl AsRef<OsStr> + Debug, arguments: &[&str]) -> Output {
    let output = Command::new(&program)
        .args(arguments)
        .env("LC_ALL", "C")
        .env("PATH", path())
        .output();
    output.unwrap_or_else(|error| panic!("{program:?}: {error}; deploy/prepare.sh test or packages gets it"))
}

/// What a program that must succeed writes.
pub(crate) fn said(program: impl AsRef<OsStr> + Debug, arguments: &[&str]) -> String {
    let output = tried(&program, arguments);
    assert!(
        output.status.success(),
        "{program:?} {arguments:?}: {}\n{}",
        output.status,
        text(&output)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// All that a program said.
pub(crate) fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// What administrators use is in sbin.
fn path() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}
