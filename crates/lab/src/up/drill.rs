//! `lab up --drill`: the configuration of the stack in a copy that takes less time, where things can be put and broken.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use super::options::Options;
use crate::drill::{self, Pace, Plan};

/// Where the copy is, in the folder of state.
const FOLDER: &str = "drill";
/// A way to Docker's socket that can be cut.
const DOCKER: &str = "docker.sock";

/// Makes the copy, and lets the options name it.
///
/// # Errors
/// It cannot be made.
pub(crate) fn prepare(options: &mut Options, pace: Pace) -> Result<()> {
    let state = &options.state_dir;
    fs::create_dir_all(state).with_context(|| format!("creating {}", state.display()))?;
    let folder = fs::canonicalize(state)
        .with_context(|| format!("finding {}", state.display()))?
        .join(FOLDER);
    let plan = Plan {
        pace,
        prometheus: &options.prometheus_config,
        targets: &options.prometheus_config.with_file_name("targets"),
        blackbox: &options.blackbox_config,
        alertmanager: &options.alertmanager_config,
        slack: &format!("http://{}/slack", options.console_listen),
        addresses: &options.addresses(),
        seen_at: None,
    };
    let files = drill::write(&plan, &folder)?;
    options.prometheus_config = files.prometheus;
    options.blackbox_config = files.blackbox;
    options.alertmanager_config = files.alertmanager;
    if let Some(socket) = docker_socket(&options.docker) {
        let way = folder.join(DOCKER);
        symlink(&socket, &way).with_context(|| format!("linking {}", way.display()))?;
        options.docker = format!("unix://{}", way.display());
    }
    Ok(())
}

/// The socket as a file that is there.
fn docker_socket(docker: &str) -> Option<PathBuf> {
    let path = Path::new(docker.strip_prefix("unix://").unwrap_or(docker));
    let found: io::Result<PathBuf> = fs::canonicalize(path);
    found.ok().filter(|path| path.is_absolute() && !docker.is_empty())
}

/// Nobody is to take it for real.
pub(crate) fn loudly(pace: Pace) -> String {
    match pace.factor() {
        1 => "THIS IS A DRILL: a copy of the rules, as fast as the real ones".to_owned(),
        factor => format!("THIS IS A DRILL: all times of rules and routes are 1/{factor} of the real ones"),
    }
}
