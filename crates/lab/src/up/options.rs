//! The flags of `lab up`.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use clap::{Arg, ArgMatches, Command, value_parser};

/// What the flags say, with their defaults.
pub(crate) struct Options {
    pub(crate) bin_dir: Option<PathBuf>,
    pub(crate) node_exporter: Option<PathBuf>,
    pub(crate) node_exporter_listen: SocketAddr,
    pub(crate) container_exporter: Option<PathBuf>,
    pub(crate) container_exporter_listen: SocketAddr,
    /// Docker's socket as container-exporter takes it; empty: do not ask Docker.
    pub(crate) docker: String,
    pub(crate) prometheus_dir: Option<PathBuf>,
    pub(crate) prometheus_listen: SocketAddr,
    pub(crate) prometheus_config: PathBuf,
    pub(crate) state_dir: PathBuf,
    /// How long each service may take from its start to its first good answer.
    pub(crate) ready_within: Duration,
}

/// The subcommand as clap sees it.
pub(crate) fn command() -> Command {
    Command::new("up")
        .about("Starts the exporters and the real Prometheus here, and stops them all on Ctrl-C")
        .args([
            path("bin-dir", "DIR").help("Where our programs are [default: beside lab, then PATH]"),
            path("node-exporter", "FILE").help("The node-exporter to start, instead of the one in --bin-dir"),
            listen("node-exporter-listen", "127.0.0.1:9100").help("Where node-exporter listens"),
            path("container-exporter", "FILE").help("The container-exporter to start, instead of the one in --bin-dir"),
            listen("container-exporter-listen", "127.0.0.1:8080").help("Where container-exporter listens"),
            Arg::new("docker")
                .long("docker")
                .value_name("SOCKET")
                .default_value("unix:///var/run/docker.sock")
                .help("Where container-exporter asks for names of containers; \"\": nowhere"),
            path("prometheus-dir", "DIR").help("Where the program prometheus is [default: PATH]"),
            listen("prometheus-listen", "127.0.0.1:9090").help("Where Prometheus listens"),
            path("prometheus-config", "FILE")
                .default_value("prometheus/prometheus.yml")
                .help("The configuration of Prometheus; lab never writes one"),
            path("state-dir", "DIR")
                .default_value(".lab")
                .help("Where Prometheus' data and each service's log go"),
            Arg::new("ready-within")
                .long("ready-within")
                .value_name("SECONDS")
                .value_parser(value_parser!(u64).range(1..))
                .default_value("60")
                .help("How long a service may take to become ready"),
        ])
}

fn path(name: &'static str, value: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name(value)
        .value_parser(value_parser!(PathBuf))
}

fn listen(name: &'static str, default: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("ADDRESS:PORT")
        .value_parser(address)
        .default_value(default)
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "expected an IP address and a port, such as 127.0.0.1:9100")
}

impl Options {
    /// # Errors
    /// Only if `matches` are not those of [`command`].
    pub(crate) fn from_matches(matches: &ArgMatches) -> Result<Self> {
        Ok(Self {
            bin_dir: matches.get_one("bin-dir").cloned(),
            node_exporter: matches.get_one("node-exporter").cloned(),
            node_exporter_listen: required(matches, "node-exporter-listen")?,
            container_exporter: matches.get_one("container-exporter").cloned(),
            container_exporter_listen: required(matches, "container-exporter-listen")?,
            docker: required(matches, "docker")?,
            prometheus_dir: matches.get_one("prometheus-dir").cloned(),
            prometheus_listen: required(matches, "prometheus-listen")?,
            prometheus_config: required(matches, "prometheus-config")?,
            state_dir: required(matches, "state-dir")?,
            ready_within: Duration::from_secs(required(matches, "ready-within")?),
        })
    }
}

fn required<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Result<T> {
    matches
        .get_one(name)
        .cloned()
        .with_context(|| format!("--{name} has no value"))
}
