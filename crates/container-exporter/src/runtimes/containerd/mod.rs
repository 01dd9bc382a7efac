//! containerd: gRPC over its socket. Its tasks are asked for again and again, its containers when the tasks are others
//! than before.

mod grpc;
mod messages;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::http::{Error, Socket};
use super::link::Link;
use super::{Environment, Update};
use crate::container::{Facts, Runtime};
use grpc::Daemon;
use messages::Task;

/// How often its tasks are asked for.
const TASKS_EVERY: Duration = Duration::from_secs(10);
/// How often its containers are, when no task has changed.
const CONTAINERS_EVERY: Duration = Duration::from_secs(60);

/// Follows containerd, whatever becomes of it, until nobody listens.
pub(super) async fn follow(socket: PathBuf, namespace: String, env: Environment, updates: mpsc::Sender<Update>) {
    let link = Link::new(Runtime::Containerd, updates.clone());
    let daemon = Daemon::new(Socket::new(socket), namespace);
    tokio::select! {
        () = updates.closed() => {}
        () = sessions(link, &daemon, &env) => {}
    }
}

async fn sessions(mut link: Link, daemon: &Daemon, env: &Environment) {
    loop {
        let begun = Instant::now();
        let Err(error) = session(&mut link, daemon, env).await;
        let wait = link.lost(&error, begun.elapsed()).await;
        sleep(wait).await;
    }
}

async fn session(link: &mut Link, daemon: &Daemon, env: &Environment) -> Result<std::convert::Infallible, Error> {
    link.tell(Update::Version(link.runtime, daemon.version().await?)).await;
    let mut told = None;
    loop {
        let tasks = daemon.tasks().await?;
        if let Some(next) = changed(daemon, env, tasks, told.as_ref()).await? {
            link.answers();
            if let Some(facts) = next.facts {
                link.tell(Update::Listed(link.runtime, facts)).await;
            }
            told = Some(next.told);
        }
        sleep(TASKS_EVERY).await;
    }
}

/// What was told last.
struct Told {
    tasks: BTreeMap<String, Task>,
    containers: u64,
    at: Instant,
}

struct Next {
    /// `None` when nothing is new.
    facts: Option<Vec<Facts>>,
    told: Told,
}

/// Asks for the containers, if it is time to.
async fn changed(
    daemon: &Daemon,
    env: &Environment,
    tasks: BTreeMap<String, Task>,
    told: Option<&Told>,
) -> Result<Option<Next>, Error> {
    let same_tasks = told.filter(|told| told.tasks == tasks);
    if same_tasks.is_some_and(|told| told.at.elapsed() < CONTAINERS_EVERY) {
        return Ok(None);
    }
    let answer = daemon.containers().await?;
    let mut hasher = DefaultHasher::new();
    answer.hash(&mut hasher);
    let containers = hasher.finish();
    let is_new = same_tasks.is_none_or(|told| told.containers != containers);
    let facts = is_new.then(|| daemon.facts(&answer, &tasks, env)).transpose()?;
    let told = Told {
        tasks,
        containers,
        at: Instant::now(),
    };
    Ok(Some(Next { facts, told }))
}
