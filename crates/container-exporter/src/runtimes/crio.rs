//! CRI-O: HTTP over its socket. It has neither a list nor events, so containers are asked about as their cgroups are
//! seen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use log::debug;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};

use super::Update;
use super::http::{Error, Socket, Why};
use super::link::Link;
use crate::container::{Facts, Network, Runtime, State};

/// The largest answer, in bytes.
const LARGEST: usize = 4 << 20;
/// Containers that wait to be asked about. Their cgroups are seen again.
const WAITING: usize = 256;
/// Containers that are asked about at once.
const AT_ONCE: usize = 4;
/// Whether it still answers.
const INFO_EVERY: Duration = Duration::from_secs(60);
/// A cgroup is there before its container is known and before it has a process: questions, and the first wait between
/// them, which doubles.
const TRIES: u32 = 6;
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// Begins to answer questions about the ids that are sent to it, until nobody listens.
pub(super) fn start(socket: PathBuf, updates: mpsc::Sender<Update>) -> mpsc::Sender<String> {
    let (wanted, mut ids) = mpsc::channel(WAITING);
    let socket = Socket::new(socket);
    let mut link = Link::new(Runtime::CriO, updates.clone());
    let sessions = async move {
        loop {
            let begun = Instant::now();
            let error = session(&mut link, &socket, &mut ids).await;
            let wait = link.lost(&error, begun.elapsed()).await;
            sleep(wait).await;
        }
    };
    tokio::spawn(async move {
        tokio::select! {
            () = updates.closed() => {}
            () = sessions => {}
        }
    });
    wanted
}

/// Answers for as long as it does.
async fn session(link: &mut Link, socket: &Socket, ids: &mut mpsc::Receiver<String>) -> Error {
    let mut info = match Info::ask(socket).await {
        Ok(info) => info,
        Err(error) => return error,
    };
    link.answers();
    link.tell(Update::Listed(Runtime::CriO, Vec::new())).await;
    let (mut asked, mut questions) = (BTreeSet::new(), JoinSet::new());
    let mut pings = interval(INFO_EVERY);
    pings.tick().await;
    loop {
        tokio::select! {
            // `None` comes once, when the inventory ends, and with it this task.
            Some(id) = ids.recv(), if asked.len() < AT_ONCE => {
                if super::is_id(&id) && asked.insert(id.clone()) {
                    questions.spawn(learn(socket.clone(), info.clone(), id));
                }
            }
            Some(Ok((id, facts))) = questions.join_next() => {
                asked.remove(&id);
                match facts {
                    Ok(facts) => link.tell(Update::Changed(facts)).await,
                    Err(error) => debug!("crio: {error}"),
                }
            }
            _ = pings.tick() => match Info::ask(socket).await {
                Ok(answer) => info = answer,
                Err(error) => return error,
            },
        }
    }
}

/// Asks until the container is there and has a process, but not for ever.
async fn learn(socket: Socket, info: Info, id: String) -> (String, Result<Facts, Error>) {
    let mut wait = FIRST_WAIT;
    let mut answer = ask(&socket, &info, &id).await;
    for _ in 1..TRIES {
        match &answer {
            Ok(facts) if facts.pid.is_some() => break,
            Ok(_)
            | Err(Error {
                why: Why::Status(_), ..
            }) => sleep(wait).await,
            Err(_) => break,
        }
        wait *= 2;
        answer = ask(&socket, &info, &id).await;
    }
    (id, answer)
}

async fn ask(socket: &Socket, info: &Info, id: &str) -> Result<Facts, Error> {
    let path = format!("/containers/{id}");
    let answer = socket.get(&path, LARGEST).await?;
    let container: Container = serde_json::from_slice(&answer.body).map_err(|why| socket.error(&path, why))?;
    Ok(container.into_facts(id, info))
}

/// `/info`.
#[derive(Clone, Debug, Deserialize)]
struct Info {
    #[serde(default)]
    storage_driver: String,
}

impl Info {
    async fn ask(socket: &Socket) -> Result<Self, Error> {
        let answer = socket.get("/info", LARGEST).await?;
        serde_json::from_slice(&answer.body).map_err(|why| socket.error("/info", why))
    }
}

/// `/containers/ID`.
#[derive(Deserialize)]
struct Container {
    name: Option<String>,
    pid: Option<i64>,
    image: Option<String>,
    /// In nanoseconds since 1970.
    created_time: Option<i64>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
    root: Option<PathBuf>,
    /// The id of the pod's own container, whose network all of the pod use.
    sandbox: Option<String>,
}

impl Container {
    fn into_facts(self, id: &str, info: &Info) -> Facts {
        let pid = self.pid.and_then(|pid| pid.try_into().ok()).filter(|pid| *pid > 0);
        let annotations = self.annotations.unwrap_or_default();
        let restarts = annotations.get("io.kubernetes.container.restartCount");
        let sandbox = self.sandbox.filter(|sandbox| !sandbox.is_empty() && sandbox != id);
        Facts {
            runtime: Runtime::CriO,
            id: id.to_owned(),
            name: self.name.unwrap_or_default(),
            image: self.image.unwrap_or_default(),
            labels: self.labels.unwrap_or_default(),
            created: self
                .created_time
                .filter(|time| *time > 0)
                .map(|nanos| nanos as f64 / 1e9),
            state: if pid.is_some() { State::Running } else { State::Created },
            restarts: restarts.and_then(|count| count.parse().ok()),
            pid,
            network: sandbox.map_or(Network::Own, Network::Of),
            writable_layer: self.root.and_then(|root| writable_layer(&root, &info.storage_driver)),
            ..Facts::default()
        }
    }
}

/// overlayfs has the layer beside where it is mounted.
fn writable_layer(root: &Path, driver: &str) -> Option<PathBuf> {
    let is_overlay = matches!(driver, "overlay" | "overlay2") && root.is_absolute();
    let layer = if root.ends_with("merged") { root.parent()? } else { root };
    is_overlay.then(|| layer.join("diff"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Reply, Script};
    use super::*;

    const CONTAINER: &str = r#"{"name":"k8s_web_web-0_shop_u1_2","pid":4711,"image":"docker.io/library/web:1",
        "created_time":1795334058500000000,"labels":{"io.kubernetes.container.name":"web"},
        "annotations":{"io.kubernetes.container.restartCount":"2"},"root":"/var/lib/containers/storage/overlay/x/merged",
        "sandbox":"b2","ip_address":"10.0.0.2"}"#;

    fn started() -> (Script, mpsc::Sender<String>, mpsc::Receiver<Update>) {
        let script = Script::start();
        script.on(
            "/info",
            Reply::ok(r#"{"storage_driver":"overlay","storage_root":"/var/lib/containers/storage"}"#),
        );
        let (sender, updates) = mpsc::channel(8);
        let wanted = start(script.path(), sender);
        (script, wanted, updates)
    }

    fn listed() -> Option<Update> {
        Some(Update::Listed(Runtime::CriO, Vec::new()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_container_is_told_when_it_is_asked_for() {
        let (script, wanted, mut updates) = started();
        assert_eq!(updates.recv().await, listed());
        script.on("/containers/a1", Reply::ok(CONTAINER));
        wanted.send("a1".to_owned()).await.unwrap();
        let expected = Facts {
            runtime: Runtime::CriO,
            id: "a1".to_owned(),
            name: "k8s_web_web-0_shop_u1_2".to_owned(),
            image: "docker.io/library/web:1".to_owned(),
            labels: [("io.kubernetes.container.name".to_owned(), "web".to_owned())].into(),
            created: Some(1_795_334_058.5),
            state: State::Running,
            restarts: Some(2),
            pid: Some(4711),
            network: Network::Of("b2".to_owned()),
            writable_layer: Some("/var/lib/containers/storage/overlay/x/diff".into()),
            ..Facts::default()
        };
        assert_eq!(updates.recv().await, Some(Update::Changed(expected)));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_not_known_yet_is_asked_for_again_for_some_seconds() {
        let (script, wanted, mut updates) = started();
        updates.recv().await;
        wanted.send("a1".to_owned()).await.unwrap();
        sleep(Duration::from_secs(1)).await;
        script.on("/containers/a1", Reply::ok(r#"{"pid":7}"#));
        let Some(Update::Changed(facts)) = updates.recv().await else {
            panic!("it is told");
        };
        assert_eq!((facts.pid, facts.state), (Some(7), State::Running));
        script.asked();
        wanted.send("none".to_owned()).await.unwrap();
        sleep(Duration::from_secs(50)).await;
        assert_eq!(script.times_asked("/containers/none"), 6);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hanging_daemon_is_lost_and_comes_back() {
        let (script, _wanted, mut updates) = started();
        updates.recv().await;
        script.on("/info", Reply::hang());
        assert!(matches!(updates.recv().await, Some(Update::Lost(Runtime::CriO, _))));
        script.on("/info", Reply::ok("{}"));
        assert_eq!(updates.recv().await, listed());
    }
}
