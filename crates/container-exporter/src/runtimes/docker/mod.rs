//! Docker, and Podman by the same interface: a list at first, then events, and one question about each container that
//! they mention.

mod api;
mod events;
mod json;
mod queue;
mod session;
mod wire;

use std::path::PathBuf;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::http::Socket;
use super::link::Link;
use super::{Environment, Update};
use crate::container::Runtime;
use session::Session;

/// Follows one daemon, whatever becomes of it, until nobody listens.
pub(super) async fn follow(runtime: Runtime, socket: PathBuf, env: Environment, updates: mpsc::Sender<Update>) {
    let (link, socket) = (Link::new(runtime, updates.clone()), Socket::new(socket));
    tokio::select! {
        () = updates.closed() => {}
        () = sessions(link, &socket, &env) => {}
    }
}

async fn sessions(mut link: Link, socket: &Socket, env: &Environment) {
    loop {
        let begun = Instant::now();
        let error = Session::run(&mut link, socket, env).await;
        let wait = link.lost(&error, begun.elapsed()).await;
        sleep(wait).await;
    }
}

#[cfg(test)]
mod tests;
