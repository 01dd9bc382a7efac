//! Finds the programs to start: where a flag says, beside lab, or on PATH.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use rustix::fs::{Access, access};

/// One of this workspace's programs: `file` when it is given, else from `bin_dir`, else from beside lab, then PATH.
///
/// # Errors
/// It is in none of these.
pub(crate) fn ours(name: &str, file: Option<&Path>, bin_dir: Option<&Path>) -> Result<PathBuf> {
    if let Some(file) = file {
        return executable(file).with_context(|| format!("--{name} {}: no such program", file.display()));
    }
    let beside_lab = env::current_exe().context("finding lab's own directory")?;
    let dir = match bin_dir.or(beside_lab.parent()) {
        Some(dir) => dir,
        None => bail!("{} has no directory", beside_lab.display()),
    };
    let elsewhere = || bin_dir.is_none().then(|| on_path(name)).flatten();
    executable(&dir.join(name)).or_else(elsewhere).with_context(|| {
        let or_path = if bin_dir.is_none() { " or on PATH" } else { "" };
        format!(
            "no {name} in {}{or_path}: build it with `cargo build --workspace --release`, or name it with --{name} FILE",
            dir.display()
        )
    })
}

/// The real Prometheus: from `dir` when it is given, else from PATH.
///
/// # Errors
/// It is not there.
pub(crate) fn prometheus(dir: Option<&Path>) -> Result<PathBuf> {
    let advice = "get it with deploy/prepare.sh run (into target/tools/bin), then give --prometheus-dir DIR";
    match dir {
        Some(dir) => {
            executable(&dir.join("prometheus")).with_context(|| format!("no prometheus in {}: {advice}", dir.display()))
        }
        None => on_path("prometheus").with_context(|| format!("no prometheus on PATH: {advice}")),
    }
}

/// A redis-server: `file` when it is given, else from `dir`, else from PATH.
///
/// # Errors
/// It is not there.
pub(crate) fn redis_server(file: Option<&Path>, dir: Option<&Path>) -> Result<PathBuf> {
    const NAME: &str = "redis-server";
    if let Some(file) = file {
        return executable(file).with_context(|| format!("--{NAME} {}: no such program", file.display()));
    }
    let in_dir = dir.and_then(|dir| executable(&dir.join(NAME)));
    in_dir
        .or_else(|| on_path(NAME))
        .with_context(|| format!("no {NAME} on PATH: get it with deploy/prepare.sh run"))
}

/// The real Alertmanager, under its own name or Debian's: from `dir` when it is given, else from PATH, where it need not be.
///
/// # Errors
/// It is not in `dir`.
pub(crate) fn alertmanager(dir: Option<&Path>) -> Result<Option<PathBuf>> {
    const NAMES: [&str; 2] = ["alertmanager", "prometheus-alertmanager"];
    let Some(dir) = dir else {
        return Ok(NAMES.iter().find_map(|name| on_path(name)));
    };
    let found = NAMES.iter().find_map(|name| executable(&dir.join(name)));
    let advice = "get it with deploy/prepare.sh run (into target/tools/bin)";
    let found = found.with_context(|| format!("no {} in {}: {advice}", NAMES.join(" or "), dir.display()))?;
    Ok(Some(found))
}

/// Upstream's program of a comparison, under any of its `names`: `file` when it is given, else from PATH.
///
/// # Errors
/// It is not there.
pub(crate) fn upstream(names: &[&str], file: Option<&Path>) -> Result<PathBuf> {
    match file {
        Some(file) => executable(file).with_context(|| format!("--upstream {}: no such program", file.display())),
        None => names.iter().find_map(|name| on_path(name)).with_context(|| {
            format!(
                "no {} on PATH: get upstream's program, or name it with --upstream FILE",
                names.join(" or ")
            )
        }),
    }
}

/// The first program of this name on PATH.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).find_map(|dir| executable(&dir.join(name)))
}

fn executable(file: &Path) -> Option<PathBuf> {
    (file.is_file() && access(file, Access::EXEC_OK).is_ok()).then(|| file.to_path_buf())
}
