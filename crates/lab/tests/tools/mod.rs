//! Finds upstream's programs for the tests, and says which are not there.

use std::{
    env,
    path::{Path, PathBuf},
    process::Output,
};

/// A program under any of these names: from `PEERS`, else `PROMETHEUS_DIR`, else PATH, in this order, so that the newest
/// wins. `None` is said, and is a failure with PILOTLIGHT_ALL=1.
pub(crate) fn find(names: &[&str]) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = ["PEERS", "PROMETHEUS_DIR", "PATH"]
        .iter()
        .filter_map(env::var_os)
        .flat_map(|value| env::split_paths(&value).collect::<Vec<_>>())
        .collect();
    let candidates = folders
        .iter()
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    let found = candidates.into_iter().find(|file| file.is_file());
    if found.is_none() {
        let all = env::var_os("PILOTLIGHT_ALL").is_some_and(|all| all == "1");
        assert!(
            !all,
            "PILOTLIGHT_ALL=1, and PEERS, PROMETHEUS_DIR and PATH have none of {names:?}"
        );
        eprintln!("none of {names:?} in PEERS, PROMETHEUS_DIR or on PATH: what they say is not tested");
    }
    found
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All that a program said.
pub(crate) fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
