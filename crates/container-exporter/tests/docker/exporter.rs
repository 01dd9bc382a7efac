//! The program under test, and what it holds: descriptors, threads, memory.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use private_docker::{Engine, missing};

use crate::metrics::Metrics;

/// A scrape that takes longer is a failed one.
const SCRAPE_WITHIN: Duration = Duration::from_secs(5);

/// For what the exporter is to find out by itself: more than its full rescan of a minute.
pub(crate) const FIND_WITHIN: Duration = Duration::from_secs(90);

/// The program: that of `CONTAINER_EXPORTER`, else the one that cargo built for the tests.
pub(crate) fn program() -> PathBuf {
    let given = std::env::var_os("CONTAINER_EXPORTER").filter(|program| !program.is_empty());
    given.map_or_else(|| env!("CARGO_BIN_EXE_container-exporter").into(), PathBuf::from)
}

/// A dockerd of our own. These tests are asked for by name, so that a machine that cannot is a failure.
pub(crate) fn engine(flags: &[&str]) -> Engine {
    assert_eq!(missing(), None);
    Engine::start(flags).unwrap_or_else(|error| panic!("{error:#}"))
}

/// Flags that ask this socket and no other.
pub(crate) fn only(socket: &Path) -> Vec<String> {
    let mut flags = vec![format!("--docker=unix://{}", socket.display())];
    flags.extend(["podman", "containerd", "crio"].map(|other| format!("--{other}=")));
    flags
}

/// The metrics of whoever listens there.
pub(crate) fn get(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(SCRAPE_WITHIN))?;
    // HTTP/1.0, so that the body comes in one piece.
    write!(
        stream,
        "GET /metrics HTTP/1.0\r\nAccept: text/plain;version=0.0.4\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if head.split(' ').nth(1) == Some("200") => Ok(body.to_owned()),
        _ => Err(io::Error::other(answer)),
    }
}

/// A running exporter. Dropping it ends it.
pub(crate) struct Exporter {
    child: Child,
    address: SocketAddr,
}

/// How the names of cgroups begin that daemons and tests of ours make.
const OUR_CGROUPS: &str = "/pilotlight-";

/// Connections of scrapers and runtimes come and go; what leaked would be more.
const A_FEW: usize = 8;

/// What it holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) descriptors: usize,
    pub(crate) threads: usize,
    pub(crate) resident_kib: u64,
}

impl Exporter {
    /// Beside a daemon.
    pub(crate) fn of(engine: &Engine) -> Self {
        Self::asking(engine.socket())
    }

    /// With this socket.
    pub(crate) fn asking(socket: &Path) -> Self {
        Self::spawn(Command::new(program()), only(socket))
    }

    /// `command` is the program, perhaps behind another one that becomes it.
    pub(crate) fn spawn<S: AsRef<OsStr>>(mut command: Command, flags: impl IntoIterator<Item = S>) -> Self {
        command.arg("--web.listen-address=127.0.0.1:0").args(flags);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let mut seen = Vec::new();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("it ended:\n{}", seen.join("\n")));
            if let Some((_, rest)) = line.split_once("address=") {
                break rest.split(' ').next().unwrap().parse().unwrap();
            }
            seen.push(line);
        };
        // Somebody has to take the log, or a full pipe would stop the program.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    /// The text of a scrape that went well and in time.
    pub(crate) fn text(&self) -> String {
        let began = Instant::now();
        let text = get(self.address).unwrap();
        assert!(began.elapsed() < SCRAPE_WITHIN, "a scrape took {:?}", began.elapsed());
        text
    }

    /// A scrape that went well and in time.
    pub(crate) fn scrape(&self) -> Metrics {
        Metrics::read(&self.text())
    }

    /// Scrapes until `found` finds it.
    pub(crate) fn until<T>(&self, what: &str, found: impl Fn(&Metrics) -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            let metrics = self.scrape();
            if let Some(found) = found(&metrics) {
                return found;
            }
            assert!(
                began.elapsed() < FIND_WITHIN,
                "not within {FIND_WITHIN:?}: {what}; there is\n{}",
                self.text()
            );
            // Longer than scrapes share one reading.
            std::thread::sleep(Duration::from_millis(600));
        }
    }

    /// Scrapes until all of these containers are there by name.
    pub(crate) fn until_named(&self, names: &[&str]) -> Metrics {
        self.until(&format!("{names:?}"), |metrics| {
            let is_there = |name: &&str| metrics.of("container_last_seen", name).is_some();
            names.iter().all(is_there).then(|| self.scrape())
        })
    }

    /// What it has open. Cgroups that are not of these tests come and go on any machine, and their files stay open.
    fn open(&self) -> impl Iterator<Item = PathBuf> {
        let is_ours = |path: &PathBuf| {
            let is_cgroup = path.starts_with("/sys/fs/cgroup");
            !is_cgroup || path.to_string_lossy().contains(OUR_CGROUPS)
        };
        let folder = std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap();
        let targets = folder.flatten().filter_map(|entry| entry.path().read_link().ok());
        targets.filter(is_ours)
    }

    pub(crate) fn held(&self) -> Held {
        let pid = self.child.id();
        let memory = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
        let resident = memory.lines().find_map(|line| line.strip_prefix("Rss:")).unwrap();
        Held {
            descriptors: self.open().count(),
            threads: std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().count(),
            resident_kib: resident.trim().trim_end_matches(" kB").parse().unwrap(),
        }
    }

    /// Waits until it holds no more than `before`, memory by some percent; its figures then, for the line that a test prints.
    pub(crate) fn nothing_leaked(&self, before: Held, percent: u64) -> String {
        let began = Instant::now();
        loop {
            self.scrape();
            let now = self.held();
            let flat = now.resident_kib * 100 <= before.resident_kib * (100 + percent);
            if now.descriptors <= before.descriptors + A_FEW && now.threads <= before.threads && flat {
                return format!("{before:?} -> {now:?}");
            }
            let open = || {
                self.open()
                    .map(|path| format!("\n{}", path.display()))
                    .collect::<String>()
            };
            let late = began.elapsed() >= FIND_WITHIN;
            assert!(!late, "it holds {now:?}, and before {before:?}:{}", open());
            std::thread::sleep(Duration::from_millis(600));
        }
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
