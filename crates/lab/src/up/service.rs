//! The services that make up the stack, as data.

use std::{
    ffi::OsString,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::Result;

use super::{options::Options, ours::OURS, redis};
use crate::program;

/// A program to start, and how to tell that it is ready.
#[derive(Clone)]
pub(crate) struct Service {
    /// Also the name of its log file.
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) listen: SocketAddr,
    /// The flag of `lab up` that sets `listen`.
    pub(crate) listen_flag: String,
    pub(crate) ready: Ready,
    /// Whether Prometheus is to have a target on its port.
    pub(crate) scraped: bool,
    /// Whether the others are of no use without it.
    pub(crate) needed: bool,
}

/// How to tell that a service does its work.
#[derive(Clone, Copy)]
pub(crate) enum Ready {
    /// This path answers 200.
    Answers(&'static str),
    /// It takes connections: it does not speak HTTP.
    Listening,
}

impl Service {
    /// What a person opens: a page, or what its clients are told.
    pub(crate) fn url(&self) -> String {
        match self.ready {
            Ready::Answers(_) => page_url(self.listen),
            Ready::Listening => format!("{}://{}", self.name, self.address()),
        }
    }

    /// Where this machine reaches it.
    pub(crate) fn address(&self) -> SocketAddr {
        reachable(self.listen)
    }
}

/// All services in the order of their start: what is scraped before what scrapes. And what there is to say of those that
/// will be missing.
///
/// # Errors
/// A program is missing that is needed; the text says what to do.
pub(crate) fn all(options: &Options) -> Result<(Vec<Service>, Vec<String>)> {
    let (mut services, mut notes) = (Vec::new(), Vec::new());
    match redis::service(options) {
        Ok(service) => services.extend(service),
        Err(note) => notes.push(note),
    }
    for ours in &OURS {
        services.push(ours.service(options)?);
    }
    services.extend(alertmanager(options)?);
    services.push(prometheus(options)?);
    Ok((services, notes))
}

/// `None`: it is not there, and was not asked for by name.
fn alertmanager(options: &Options) -> Result<Option<Service>> {
    let Some(program) = program::alertmanager(options.alertmanager_dir.as_deref())? else {
        return Ok(None);
    };
    let listen = options.alertmanager_listen;
    Ok(Some(Service {
        name: ALERTMANAGER,
        program,
        args: vec![
            flag("--config.file=", &options.alertmanager_config),
            flag("--storage.path=", &options.state_dir.join("alertmanager")),
            format!("--web.listen-address={listen}").into(),
            format!("--web.external-url={}", page_url(listen)).into(),
            // Alone: no other Alertmanager is to be found.
            "--cluster.listen-address=".into(),
        ],
        listen,
        listen_flag: "--alertmanager-listen".into(),
        ready: Ready::Answers("/-/ready"),
        scraped: true,
        // What fires is seen in Prometheus as well.
        needed: false,
    }))
}

/// Its service's name.
pub(crate) const ALERTMANAGER: &str = "alertmanager";

fn prometheus(options: &Options) -> Result<Service> {
    let program = program::prometheus(options.prometheus_dir.as_deref())?;
    let listen = options.prometheus_listen;
    let mut args = vec![
        flag("--config.file=", &options.prometheus_config),
        flag("--storage.tsdb.path=", &options.state_dir.join("prometheus")),
        // A lab keeps a week, and never fills the disk.
        "--storage.tsdb.retention.time=7d".into(),
        "--storage.tsdb.retention.size=2GB".into(),
        format!("--web.listen-address={listen}").into(),
        // Without it links in alerts lead to the host's name, where a loopback listener does not answer.
        format!("--web.external-url={}", page_url(listen)).into(),
    ];
    // Keeps the traces that demo-app's histograms name, and the limits that TargetNearSampleLimit compares with.
    args.push("--enable-feature=exemplar-storage,extra-scrape-metrics".into());
    if listen.ip().is_loopback() {
        // Whoever reaches it may reload or stop Prometheus.
        args.push("--web.enable-lifecycle".into());
    }
    if options.drill.is_some() {
        // Alertmanager is told again as often as everything else happens.
        args.push("--rules.alert.resend-delay=1s".into());
    }
    if let Some(assets) = debian_web_assets(&program) {
        args.push(flag("--web.local-assets=", &assets));
    }
    Ok(Service {
        name: "prometheus",
        program,
        args,
        listen,
        listen_flag: "--prometheus-listen".into(),
        ready: Ready::Answers("/-/ready"),
        scraped: true,
        needed: true,
    })
}

/// Debian's prometheus reads its pages from /usr/share/prometheus/web, elsewhere when it was unpacked elsewhere. Upstream's
/// carries them inside, and knows no such flag.
fn debian_web_assets(program: &Path) -> Option<PathBuf> {
    let prefix = program.canonicalize().ok()?.parent()?.parent()?.to_path_buf();
    Some(prefix.join("share/prometheus/web")).filter(|assets| assets.is_dir())
}

/// A flag with a path as its value.
pub(crate) fn flag(name: &str, value: &Path) -> OsString {
    let mut flag = OsString::from(name);
    flag.push(value);
    flag
}

pub(crate) fn page_url(listen: SocketAddr) -> String {
    format!("http://{}/", reachable(listen))
}

/// Where this machine reaches a listener: "any address" is no address to connect to.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_any_address_is_reached_on_loopback() {
        let table = [
            ("0.0.0.0:9090", "http://127.0.0.1:9090/"),
            ("[::]:9090", "http://[::1]:9090/"),
            ("10.1.2.3:80", "http://10.1.2.3:80/"),
        ];
        for (listen, url) in table {
            assert_eq!(page_url(listen.parse().expect("an address")), url);
        }
    }
}
