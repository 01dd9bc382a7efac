//! The pages on a port, with containers of a test's own.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use exporter_toolkit::scrape::RegistryBuilder;
use exporter_toolkit::self_metrics::HandlerMetrics;
use exporter_toolkit::web::{self, App, Page};
use exporter_toolkit::web_config::WebConfig;
use exposition::Offer;
use tokio::sync::oneshot;

use crate::container::{Container, Facts, Health, Network, State};
use crate::groups::GROUPS;
use crate::pages::{ContainerPages, Machine};
use crate::reader::{Containers, List, Reader};
use crate::testing::Tree;

/// A name that no runtime lets pass, but who knows.
pub(super) const EVIL: &str = "<img src=x onerror=window.hit=1>'&\"";

/// Where `web` writes.
const LAYER: &str = "/layers/web";

/// Dropping it ends the server.
pub(super) struct Stage {
    tree: Tree,
    containers: Arc<Listed>,
    troubles: Arc<Mutex<Vec<String>>>,
    address: String,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

struct Listed(Mutex<List>);

impl Containers for Listed {
    fn list(&self) -> List {
        Arc::clone(&self.0.lock().unwrap())
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// A container that runs: `/docker/ID`.
fn facts(id: &str, name: &str, image: &str, change: impl FnOnce(&mut Facts)) -> Facts {
    let mut facts = Facts {
        id: id.into(),
        name: name.into(),
        image: image.into(),
        state: State::Running,
        created: Some(now() - 90_000.0),
        started: Some(now() - 7_500.0),
        restarts: Some(2),
        pid: Some(4_711),
        ..Facts::default()
    };
    change(&mut facts);
    facts
}

fn cast() -> Vec<Facts> {
    vec![
        facts("aa11", "web", "nginx:1.27", |facts| {
            facts.health = Health::Healthy;
            facts.labels = BTreeMap::from([
                ("com.docker.compose.project".into(), "shop".into()),
                ("com.docker.compose.service".into(), "web".into()),
                ("com.example.note".into(), "<b>bold</b>".into()),
            ]);
            facts.writable_layer = Some(LAYER.into());
            facts.env = BTreeMap::from([("PASSWORD".into(), "hunter2".into())]);
        }),
        facts(
            "bb22",
            EVIL,
            "registry.example/a/rather/long/name/of/an/image@sha256:0123456789abcdef",
            |facts| facts.pid = Some(4_712),
        ),
        facts("cc33", "old", "redis:7", |facts| {
            facts.state = State::Exited;
            facts.exit_code = Some(137);
            facts.oom_killed = true;
            facts.finished = Some(now() - 300.0);
        }),
        facts("dd44", "db", "postgres:16", |facts| {
            (facts.pid, facts.health) = (Some(4_713), Health::Unhealthy);
        }),
        facts("ee55", "batch", "busybox", |facts| facts.network = Network::Host),
    ]
}

impl Stage {
    /// The pages, read again so often.
    pub(super) fn start(every: Duration) -> Self {
        let tree = Tree::v2();
        for (id, seconds, mebibytes) in [
            ("", 1_000, 900),
            ("docker/", 300, 300),
            ("docker/aa11/", 100, 36),
            ("docker/bb22/", 2, 3),
            ("docker/dd44/", 50, 210),
            ("docker/ee55/", 7, 12),
            ("system.slice/", 20, 80),
            ("system.slice/cron.service/", 4, 6),
            ("user.slice/", 3, 20),
        ] {
            write_cpu(&tree, id, seconds * 1_000_000);
            write_memory(&tree, id, mebibytes);
        }
        write_machine(&tree);
        limit_web(&tree);
        write_process(&tree, 1, "/", [5 << 30, 3 << 30]);
        for (pid, id) in [(4_711, "aa11"), (4_712, "bb22"), (4_713, "dd44")] {
            write_process(&tree, pid, &format!("/docker/{id}"), [3 << 20, 1 << 20]);
        }
        let containers = Arc::new(Listed(Mutex::new(list(&tree, &cast()))));
        let reader = Reader::new(
            Arc::clone(&containers) as Arc<dyn Containers>,
            GROUPS.iter().collect(),
            tree.paths(),
            64,
        );
        let troubles = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&troubles);
        let troubles_now = Arc::new(move || told.lock().unwrap().clone());
        let pages = ContainerPages::new(Arc::new(reader), troubles_now, Arc::new(Machine::default)).unwrap();
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let server = std::thread::Builder::new().name("server".into());
        let server = server.spawn(move || serve(pages.every(every), stopped, &tell)).unwrap();
        Self {
            tree,
            containers,
            troubles,
            address: told.recv().unwrap(),
            stop: Some(stop),
            server: Some(server),
        }
    }

    /// A page's address.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Head and body of an answer.
    pub(super) fn get(&self, path: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: x\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    /// From now on this cgroup has used so many microseconds.
    pub(super) fn use_cpu(&self, id: &str, micros: u64) {
        write_cpu(&self.tree, &format!("{id}/"), micros);
    }

    /// From now on `web` has been through so many periods of its CPU quota, and used it up in so many of them.
    pub(super) fn throttle_web(&self, periods: u64, throttled: u64) {
        write_quota(&self.tree, periods, throttled);
    }

    /// From now on `web` has received and sent so many bytes.
    pub(super) fn transfer_web(&self, received: u64, sent: u64) {
        write_process(&self.tree, 4_711, "/docker/aa11", [received, sent]);
    }

    /// What is wrong with a runtime.
    pub(super) fn trouble(&self, text: &str) {
        *self.troubles.lock().unwrap() = vec![text.to_owned()];
    }

    /// A container ends.
    pub(super) fn stop(&self, name: &str) {
        self.change(|facts| {
            for facts in facts.iter_mut().filter(|facts| facts.name == name) {
                (facts.state, facts.exit_code, facts.finished) = (State::Exited, Some(1), Some(now()));
            }
        });
    }

    /// A container is removed.
    pub(super) fn remove(&self, name: &str) {
        self.change(|facts| facts.retain(|facts| facts.name != name));
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Facts>)) {
        let before = self.containers.list();
        let facts = before.iter().filter_map(|container| container.facts.as_deref());
        let mut facts: Vec<Facts> = facts.cloned().collect();
        change(&mut facts);
        *self.containers.0.lock().unwrap() = list(&self.tree, &facts);
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(server) = self.server.take() {
            server.join().ok();
        }
    }
}

fn write_cpu(tree: &Tree, id: &str, micros: u64) {
    tree.write(
        &format!("{id}cpu.stat"),
        &format!("usage_usec {micros}\nuser_usec {micros}\nsystem_usec 0\n"),
    );
}

/// All but a sixth of the memory is its working set.
fn write_memory(tree: &Tree, id: &str, mebibytes: u64) {
    let bytes = mebibytes << 20;
    tree.write(&format!("{id}memory.current"), &format!("{bytes}\n"));
    tree.write(&format!("{id}memory.stat"), &format!("inactive_file {}\n", bytes / 6));
    tree.write(&format!("{id}pids.current"), &format!("{}\n", mebibytes / 3));
}

fn write_machine(tree: &Tree) {
    tree.write_proc("diskstats", "");
    tree.write_proc("meminfo", "MemTotal: 2097152 kB\nMemFree: 1048576 kB\n");
    // A number that the folder of the test does not have: it is found by its place.
    tree.write_proc("1/mountinfo", "27 1 254:0 / / rw - ext4 /dev/vda rw\n");
}

/// `web` may use one and a half CPUs and 32 MiB, and has written 1.5 MiB.
fn limit_web(tree: &Tree) {
    tree.write("docker/aa11/cpu.max", "150000 100000\n");
    write_quota(tree, 100, 25);
    tree.write("docker/aa11/memory.max", "33554432\n");
    tree.write("docker/aa11/pids.max", "100\n");
    let layer = tree.paths().rootfs.join(LAYER.trim_start_matches('/'));
    std::fs::create_dir_all(&layer).unwrap();
    std::fs::write(layer.join("file"), vec![1; 3 << 19]).unwrap();
}

fn write_quota(tree: &Tree, periods: u64, throttled: u64) {
    let usage = "usage_usec 100000000\nuser_usec 100000000\nsystem_usec 0\n";
    let quota = format!(
        "nr_periods {periods}\nnr_throttled {throttled}\nthrottled_usec {}\n",
        throttled * 10_000
    );
    tree.write("docker/aa11/cpu.stat", &format!("{usage}{quota}"));
}

/// A process whose network, of its own, has received and sent so many bytes.
fn write_process(tree: &Tree, pid: u32, cgroup: &str, [received, sent]: [u64; 2]) {
    tree.write_proc(&format!("{pid}/cgroup"), &format!("0::{cgroup}\n"));
    let interface = format!("eth0: {received} 0 0 0 0 0 0 0 {sent} 0 0 0 0 0 0 0\n");
    tree.write_proc(&format!("{pid}/net/dev"), &format!("Inter-|\n face |\n{interface}"));
    let namespace = tree.paths().procfs.join(format!("namespaces/{pid}"));
    if !namespace.exists() {
        tree.write_proc(&format!("namespaces/{pid}"), "");
        tree.write_proc_link(&format!("{pid}/ns/net"), &format!("../../namespaces/{pid}"));
    }
}

fn list(tree: &Tree, facts: &[Facts]) -> List {
    let groups = [
        "/",
        "/docker",
        "/system.slice",
        "/system.slice/cron.service",
        "/user.slice",
    ];
    let groups = groups.iter().map(|id| tree.container(id));
    let containers = facts.iter().map(|facts| {
        let container = tree.container(&format!("/docker/{}", facts.id));
        Container {
            cgroup: container.cgroup.filter(|_| facts.state == State::Running),
            facts: Some(facts.clone().into()),
            ..container
        }
    });
    let mut all: Vec<_> = groups.chain(containers).map(Arc::new).collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all.into()
}

/// Tells the address once it listens.
fn serve(pages: ContainerPages, stopped: oneshot::Receiver<()>, tell: &std::sync::mpsc::Sender<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listeners = web::bind(&["127.0.0.1:0".to_owned()]).unwrap();
        tell.send(listeners.first().unwrap().address()).unwrap();
        let metrics = HandlerMetrics::register(&prometheus::Registry::new()).unwrap();
        let page = Page {
            title: "Container Exporter",
            description: "",
            version: String::new(),
        };
        let registry = Arc::new(RegistryBuilder::default().build());
        let config = WebConfig::open(None).unwrap();
        let app = App::new(registry, Offer::TEXT_FIRST, 0, metrics, "/metrics", page, config);
        let stopped = async { drop(stopped.await) };
        web::serve(listeners, app.with_pages(Box::new(pages)), stopped).await;
    });
}
