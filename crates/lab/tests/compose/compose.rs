//! docker compose, and what it makes of our files.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Images of registries.
pub(crate) const REGISTRY: &str = "deploy/compose.yaml";
/// Images of Debian's packages.
pub(crate) const DEBIAN: &str = "deploy/compose.yaml:deploy/compose.debian.yaml";
/// Prometheus may ask Docker.
pub(crate) const DISCOVERY: &str = "deploy/compose.yaml:deploy/compose.discovery.yaml";

/// A drill, over any of these.
pub(crate) const DRILL: &str = "deploy/compose.drill.yaml";

/// The repository.
pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the repository is there")
}

/// Says what was left out; with PILOTLIGHT_ALL=1 that is a failure.
pub(crate) fn skipped(why: &str) {
    let all = env::var_os("PILOTLIGHT_ALL").is_some_and(|all| all == "1");
    assert!(!all, "PILOTLIGHT_ALL=1, and {why}");
    eprintln!("skipped: {why}");
}

/// docker compose on these files, as it works without Docker's own program; `None`: there is none, which was said.
pub(crate) fn compose(files: &str) -> Option<Command> {
    let unpacked = root().join("target/tools/docker/cli-plugins/docker-compose");
    if !unpacked.is_file() {
        skipped("docker compose is not there: deploy/prepare.sh compose gets it");
        return None;
    }
    let mut command = Command::new(unpacked);
    // Nothing of this machine's own settings.
    command
        .current_dir(root())
        .arg("--env-file=/dev/null")
        .env("COMPOSE_FILE", files);
    for name in ["DOCKER_GID", "SECRETS", "BINARIES", "COMPOSE_PROFILES"] {
        command.env_remove(name);
    }
    Some(command)
}

/// What the files come to.
pub(crate) fn config(files: &str, profiles: &[&str]) -> Option<Value> {
    let text = config_text(files, profiles)?;
    Some(serde_json::from_str(&text).expect("docker compose writes JSON"))
}

/// The same as it is written: JSON, which is YAML, too.
pub(crate) fn config_text(files: &str, profiles: &[&str]) -> Option<String> {
    let mut command = compose(files)?;
    command.args(profiles.iter().map(|profile| format!("--profile={profile}")));
    let output = command
        .args(["config", "--format=json"])
        .env("DOCKER_GID", "999")
        .env("DRILL", "/drill")
        .output();
    let output = output.expect("docker compose starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{files}: {said}");
    Some(String::from_utf8(output.stdout).expect("docker compose writes text"))
}

/// Secrets in `folder/secrets`.
pub(crate) fn make_secrets(folder: &Path) {
    let output = Command::new(root().join("deploy/secrets.sh"))
        .env("SECRETS", folder.join("secrets"))
        .output()
        .expect("deploy/secrets.sh starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(fs::exists(folder.join("secrets/redis_acl")).expect("the folder can be read"));
}
