//! What the runtimes say of their containers: one file each.

#[cfg(feature = "containerd")]
mod containerd;
#[cfg(feature = "crio")]
mod crio;
mod docker;
mod environment;
mod http;
mod link;
#[cfg(test)]
mod testing;
mod timestamp;

use tokio::sync::mpsc;

use crate::container::{Facts, Runtime};
use crate::settings::{LabelRules, Sockets};
use environment::Environment;

/// News of one runtime.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "few exist at once, and most are the large one")]
pub(crate) enum Update {
    /// All containers that it has, stopped ones too. Whatever it said before is void.
    Listed(Runtime, Vec<Facts>),
    /// A container is new or is not what it was.
    Changed(Facts),
    /// A container is no more.
    Removed(Runtime, String),
    /// It cannot be asked; what it said last holds until it answers again.
    Lost(Runtime, String),
    /// It has no socket and never had one: it is not there, which is no trouble.
    Absent(Runtime),
    /// Its version, once it answers.
    Version(Runtime, String),
}

/// The runtimes that are asked.
pub(crate) struct Runtimes {
    #[cfg(feature = "crio")]
    crio: Option<mpsc::Sender<String>>,
}

/// Asks every runtime that has a socket for its containers and follows what becomes of them, until the receiver of
/// `updates` is dropped. Each soon says `Listed`, `Lost` or `Absent`. Must be called in a Tokio runtime, whose threads it never
/// blocks.
pub(crate) fn start(sockets: &Sockets, labels: &LabelRules, updates: mpsc::Sender<Update>) -> Runtimes {
    let env = Environment::new(&labels.env_prefixes);
    for (runtime, socket) in [(Runtime::Docker, &sockets.docker), (Runtime::Podman, &sockets.podman)] {
        if let Some(socket) = socket {
            tokio::spawn(docker::follow(runtime, socket.clone(), env.clone(), updates.clone()));
        }
    }
    #[cfg(feature = "containerd")]
    if let Some(socket) = &sockets.containerd {
        let namespace = sockets.containerd_namespace.clone();
        tokio::spawn(containerd::follow(
            socket.clone(),
            namespace,
            env.clone(),
            updates.clone(),
        ));
    }
    Runtimes {
        #[cfg(feature = "crio")]
        crio: sockets.crio.clone().map(|socket| crio::start(socket, updates)),
    }
}

impl Runtimes {
    /// Asks for a container whose cgroup is there and of which nothing has been said. CRI-O, which has no list and no
    /// events, says something only so; the others need no asking.
    pub(crate) fn ask(&self, runtime: Runtime, id: &str) {
        log::trace!("{}: nothing is known of {id}", runtime.name());
        #[cfg(feature = "crio")]
        if let (Runtime::CriO, Some(crio)) = (runtime, &self.crio) {
            // When too many wait, this one is asked for when its cgroup is seen next.
            crio.try_send(id.to_owned()).ok();
        }
    }
}

/// Whether this can be an id, and part of a path.
fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
