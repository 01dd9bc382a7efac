//! Containers of the drill's own.

use std::sync::Arc;

use anyhow::{Context, Result};
use private_docker::{Api, IMAGE};
use serde_json::{Value, json};

use super::{undo::Undo, world::World};

/// Begins all their names.
const PREFIX: &str = "lab-drill-";

/// Starts a container that does `words`; it is gone when that is undone. `more` goes into the request as it is. Its id.
///
/// # Errors
/// Docker refuses.
pub(super) fn run(world: &Arc<World>, undo: &mut Undo, name: &str, words: &[&str], more: &Value) -> Result<String> {
    let docker = world.docker();
    let name = format!("{PREFIX}{name}");
    have_image(&docker)?;
    // One that a killed drill has left behind.
    docker.delete(&removal(&name)).ok();
    let mut body = json!({"Image": IMAGE, "Entrypoint": ["/work"], "Cmd": words, "StopSignal": "SIGKILL", "NetworkDisabled": true});
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    let answer = docker.post(&format!("/containers/create?name={name}"), &body)?;
    let id = answer
        .get("Id")
        .and_then(Value::as_str)
        .context("a container without an id")?
        .to_owned();
    let of_undo = world.docker();
    undo.by(move || of_undo.delete(&removal(&name)).map(drop));
    docker.order(&format!("/containers/{id}/start"))?;
    Ok(id)
}

fn removal(name: &str) -> String {
    format!("/containers/{name}?force=1&v=1")
}

/// One program and nothing else; it stays, as images do.
fn have_image(docker: &Api) -> Result<()> {
    if docker.get(&format!("/images/{IMAGE}/json")).is_err() {
        private_docker::import(docker)?;
    }
    Ok(())
}
