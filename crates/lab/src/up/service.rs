//! The services that make up the stack, as data.

use std::{
    ffi::OsString,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::Result;

use super::{options::Options, ours::OURS};
use crate::program;

/// A program to start, and how to tell that it is ready.
pub(crate) struct Service {
    /// Also the name of its log file.
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) listen: SocketAddr,
    /// The flag of `lab up` that sets `listen`.
    pub(crate) listen_flag: String,
    /// Path that answers 200 once the service does its work.
    pub(crate) ready_path: &'static str,
    /// Whether the others are of no use without it.
    pub(crate) needed: bool,
}

impl Service {
    /// The page that a person opens.
    pub(crate) fn page_url(&self) -> String {
        page_url(self.listen)
    }

    /// The address that tells whether the service is ready.
    pub(crate) fn ready_url(&self) -> String {
        format!("http://{}{}", reachable(self.listen), self.ready_path)
    }
}

/// All services in the order of their start: what is scraped before what scrapes.
///
/// # Errors
/// A program is missing; the text says what to do.
pub(crate) fn all(options: &Options) -> Result<Vec<Service>> {
    let mut services = OURS
        .iter()
        .map(|ours| ours.service(options))
        .collect::<Result<Vec<_>>>()?;
    services.push(prometheus(options)?);
    Ok(services)
}

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
    // Keeps the traces that demo-app's histograms name.
    args.push("--enable-feature=exemplar-storage".into());
    if listen.ip().is_loopback() {
        // Whoever reaches it may reload or stop Prometheus.
        args.push("--web.enable-lifecycle".into());
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
        ready_path: "/-/ready",
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

fn page_url(listen: SocketAddr) -> String {
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
