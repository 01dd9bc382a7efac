//! Names to addresses, as Go's own resolver finds them: /etc/hosts, then the DNS servers of /etc/resolv.conf. Nothing is
//! remembered from one lookup to the next but these two files, which are looked at again every few seconds.

mod exchange;
mod hosts;
mod message;
mod order;
mod settings;
#[cfg(test)]
pub(in crate::net) mod testing;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hosts::Hosts;
use message::{Answer, Kind};
use settings::{PORT, Settings, is_name};

/// How long the two files are taken to be what they were.
const FILES_LAST: Duration = Duration::from_secs(5);

/// Which addresses of a name are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
    /// Any.
    Both,
}

/// Why there is no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// There is no such name.
    NotFound,
    /// The name exists, but has none of the wanted addresses.
    NoAddress,
    /// DNS servers failed; in words.
    Server(String),
}

/// The system's names.
#[derive(Debug)]
pub(super) struct Names {
    resolv_conf: PathBuf,
    hosts: PathBuf,
    files: Mutex<Option<Files>>,
    turn: AtomicUsize,
}

#[derive(Clone, Debug)]
struct Files {
    read: Instant,
    settings: Arc<Settings>,
    hosts: Arc<Hosts>,
}

impl Default for Names {
    fn default() -> Self {
        Self::new("/etc/resolv.conf".into(), "/etc/hosts".into())
    }
}

impl Names {
    /// The names of these two files.
    pub(super) fn new(resolv_conf: PathBuf, hosts: PathBuf) -> Self {
        Self {
            resolv_conf,
            hosts,
            files: Mutex::default(),
            turn: AtomicUsize::new(0),
        }
    }

    /// The addresses of a name, the best first; never none.
    pub(super) async fn addresses(&self, name: &str, wanted: Wanted) -> Result<Vec<IpAddr>, Trouble> {
        if !is_name(name) {
            return Err(Trouble::NotFound);
        }
        let files = self.files();
        let known = files.hosts.get(name);
        if !known.is_empty() {
            return best(known.to_vec(), wanted);
        }
        self.ask_for(name, wanted, &files.settings).await
    }

    /// The same from one DNS server, HOST or HOST:PORT, and nowhere else. The name is asked for as it is.
    pub(super) async fn addresses_from(
        &self,
        server: &str,
        name: &str,
        wanted: Wanted,
    ) -> Result<Vec<IpAddr>, Trouble> {
        if !is_name(name) {
            return Err(Trouble::NotFound);
        }
        let (host, port) = host_and_port(server);
        let address = match host.parse() {
            Ok(address) => address,
            Err(_) => {
                let found = self.addresses(host, Wanted::Both).await;
                let found =
                    found.map_err(|_| Trouble::Server(format!("the DNS server {host} itself has no address")))?;
                found.first().copied().ok_or(Trouble::NoAddress)?
            }
        };
        let settings = Settings::of_server(SocketAddr::new(address, port));
        self.ask_for(name, wanted, &settings).await
    }

    async fn ask_for(&self, name: &str, wanted: Wanted, settings: &Settings) -> Result<Vec<IpAddr>, Trouble> {
        let mut first_trouble = None;
        for candidate in settings.candidates(name) {
            match self.both_kinds(&candidate, wanted, settings).await {
                Ok(addresses) => return best(addresses, wanted),
                Err(trouble) => {
                    // What is wrong with the name as it was written says more than what is with longer ones.
                    let as_written = candidate.strip_suffix('.') == Some(name) || candidate == name;
                    if as_written || first_trouble.is_none() {
                        first_trouble = Some(trouble);
                    }
                }
            }
        }
        Err(first_trouble.unwrap_or(Trouble::NotFound))
    }

    async fn both_kinds(&self, name: &str, wanted: Wanted, settings: &Settings) -> Result<Vec<IpAddr>, Trouble> {
        let v4 = self.persevere(name, Kind::A, settings);
        let v6 = self.persevere(name, Kind::Aaaa, settings);
        let (v4, v6) = match wanted {
            Wanted::V4 => return v4.await,
            Wanted::V6 => return v6.await,
            Wanted::Both if settings.single_request => (v4.await, v6.await),
            Wanted::Both => tokio::join!(v4, v6),
        };
        match (v4, v6) {
            (Ok(v4), Ok(v6)) => Ok([v4, v6].concat()),
            (Ok(found), Err(_)) | (Err(_), Ok(found)) => Ok(found),
            (Err(v4), Err(v6)) => Err(worse(v4, v6)),
        }
    }

    /// Asks all servers, several times, until one can say.
    async fn persevere(&self, name: &str, kind: Kind, settings: &Settings) -> Result<Vec<IpAddr>, Trouble> {
        let first = if settings.rotate {
            self.turn.fetch_add(1, Ordering::Relaxed)
        } else {
            0
        };
        let servers = settings
            .servers
            .iter()
            .cycle()
            .skip(first % settings.servers.len().max(1));
        let mut trouble = Trouble::Server("there is no DNS server".to_owned());
        for server in servers.take(settings.attempts * settings.servers.len()) {
            let answer = exchange::ask(*server, name, kind, settings.tcp, settings.timeout).await;
            match answer.and_then(|answer| addresses_of(answer, *server)) {
                Err(Trouble::Server(text)) => trouble = Trouble::Server(text),
                said => return said,
            }
        }
        Err(trouble)
    }

    fn files(&self) -> Files {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        match &*files {
            Some(files) if files.read.elapsed() < FILES_LAST => files.clone(),
            _ => files.insert(self.read()).clone(),
        }
    }

    /// Files that cannot be read are as good as empty ones: the defaults hold.
    fn read(&self) -> Files {
        let text = |path: &PathBuf| std::fs::read_to_string(path).unwrap_or_default();
        let host_name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        Files {
            read: Instant::now(),
            settings: Arc::new(Settings::parse(&text(&self.resolv_conf), host_name.trim())),
            hosts: Arc::new(Hosts::parse(&text(&self.hosts))),
        }
    }
}

fn best(mut addresses: Vec<IpAddr>, wanted: Wanted) -> Result<Vec<IpAddr>, Trouble> {
    addresses.retain(|address| match wanted {
        Wanted::V4 => address.is_ipv4(),
        Wanted::V6 => address.is_ipv6(),
        Wanted::Both => true,
    });
    order::sort(&mut addresses);
    if addresses.is_empty() {
        Err(Trouble::NoAddress)
    } else {
        Ok(addresses)
    }
}

/// A server that fails says less than one that knows; a name that exists is more than one that does not.
fn worse(a: Trouble, b: Trouble) -> Trouble {
    let rank = |trouble: &Trouble| match trouble {
        Trouble::Server(_) => 2,
        Trouble::NoAddress => 1,
        Trouble::NotFound => 0,
    };
    if rank(&b) > rank(&a) { b } else { a }
}

fn addresses_of(answer: Answer, server: SocketAddr) -> Result<Vec<IpAddr>, Trouble> {
    let what = match answer.code {
        0 if !answer.addresses.is_empty() => return Ok(answer.addresses),
        0 if answer.lame => "neither knows the name nor asks others".to_owned(),
        0 => return Err(Trouble::NoAddress),
        3 => return Err(Trouble::NotFound),
        2 => "failed (SERVFAIL)".to_owned(),
        5 => "refused (REFUSED)".to_owned(),
        code => format!("answered with the error {code}"),
    };
    Err(Trouble::Server(format!("the DNS server {server} {what}")))
}

fn host_and_port(server: &str) -> (&str, u16) {
    if server.parse::<IpAddr>().is_ok() {
        return (server, PORT);
    }
    let with_port = server
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host, port.parse().ok()?)));
    let (host, port) = with_port.filter(|_| !server.ends_with(']')).unwrap_or((server, PORT));
    (host.trim_start_matches('[').trim_end_matches(']'), port)
}
