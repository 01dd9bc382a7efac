//! The flags of `lab up`.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use clap::{Arg, ArgMatches, Command, value_parser};

use super::ours::{OURS, Ours};
use crate::drill::Pace;

const PROMETHEUS: &str = "127.0.0.1:9090";
const ALERTMANAGER: &str = "127.0.0.1:9093";
const CONSOLE: &str = "127.0.0.1:9099";

/// What the flags say, with their defaults.
pub(crate) struct Options {
    pub(crate) bin_dir: Option<PathBuf>,
    ours: Vec<Chosen>,
    /// Docker's socket as container-exporter takes it; empty: do not ask Docker.
    pub(crate) docker: String,
    pub(crate) prometheus_dir: Option<PathBuf>,
    pub(crate) prometheus_listen: SocketAddr,
    pub(crate) prometheus_config: PathBuf,
    pub(crate) blackbox_config: PathBuf,
    /// The redis-server to start, instead of the one that is found; empty: none.
    pub(crate) redis_server: Option<String>,
    pub(crate) redis_listen: SocketAddr,
    pub(crate) alertmanager_dir: Option<PathBuf>,
    pub(crate) alertmanager_listen: SocketAddr,
    pub(crate) alertmanager_config: PathBuf,
    /// Where the notifications are taken that have nowhere else to go.
    pub(crate) console_listen: SocketAddr,
    /// Where dashboards are shown.
    pub(crate) dashboards_listen: SocketAddr,
    pub(crate) dashboards_dir: PathBuf,
    pub(crate) state_dir: PathBuf,
    /// How much faster than real; `None`: the real rules, from where they are.
    pub(crate) drill: Option<Pace>,
    /// How long each service may take from its start to its first good answer.
    pub(crate) ready_within: Duration,
}

/// What the flags say of one of our programs.
pub(crate) struct Chosen {
    name: &'static str,
    /// The file to start, instead of the one in `bin_dir`.
    pub(crate) program: Option<PathBuf>,
    pub(crate) listen: SocketAddr,
}

/// The subcommand as clap sees it.
pub(crate) fn command() -> Command {
    Command::new("up")
        .about("Starts the exporters and the real Prometheus here, and stops them all on Ctrl-C")
        .arg(path("bin-dir", "DIR").help("Where our programs are [default: beside lab, then PATH]"))
        .args(OURS.iter().flat_map(arguments_of))
        .args([
            Arg::new("docker")
                .long("docker")
                .value_name("SOCKET")
                .default_value("unix:///var/run/docker.sock")
                .help("Where container-exporter asks for names of containers; \"\": nowhere"),
            Arg::new("redis-server")
                .long("redis-server")
                .value_name("FILE")
                .help("The redis-server to start; \"\": none [default: beside prometheus, then PATH]"),
            listen("redis-listen", "127.0.0.1:6379").help("Where Redis listens, or already is"),
            path("prometheus-dir", "DIR").help("Where the program prometheus is [default: PATH]"),
            listen("prometheus-listen", PROMETHEUS).help("Where Prometheus listens"),
            path("prometheus-config", "FILE")
                .default_value("prometheus/prometheus.yml")
                .help("The configuration of Prometheus; lab never writes one"),
            path("blackbox-config", "FILE")
                .help("The modules of blackbox-exporter [default: blackbox.yml beside Prometheus' configuration]"),
            path("alertmanager-dir", "DIR")
                .help("Where the program alertmanager is [default: PATH]; without it nobody is told of alerts"),
            listen("alertmanager-listen", ALERTMANAGER).help("Where Alertmanager listens"),
            path("alertmanager-config", "FILE")
                .default_value("deploy/alertmanager/alertmanager.yml")
                .help("The configuration of Alertmanager; as it is, everything goes to the console"),
            listen("console-listen", CONSOLE).help("Where notifications are taken that are printed here"),
            listen("dashboards-listen", "127.0.0.1:3000").help("Where dashboards are shown"),
            path("dashboards-dir", "DIR")
                .default_value("grafana/dashboards")
                .help("Where the dashboards are: Grafana's JSON, in folders"),
            path("state-dir", "DIR")
                .default_value(".lab")
                .help("Where Prometheus' data and each service's log go"),
            Arg::new("drill")
                .long("drill")
                .value_name("TIMES")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("60")
                .value_parser(value_parser!(u32).range(1..=60))
                .help("Rules and routes in a copy that is so many times faster, for lab simulate; 60 unless given, 1 is as fast as really"),
            Arg::new("ready-within")
                .long("ready-within")
                .value_name("SECONDS")
                .value_parser(value_parser!(u64).range(1..))
                .default_value("60")
                .help("How long a service may take to become ready"),
        ])
}

fn arguments_of(ours: &Ours) -> [Arg; 2] {
    let Ours {
        name, listen: default, ..
    } = *ours;
    [
        path(name, "FILE").help(format!("The {name} to start, instead of the one in --bin-dir")),
        listen(&listen_flag(name), default).help(format!("Where {name} listens")),
    ]
}

fn listen_flag(name: &str) -> String {
    format!("{name}-listen")
}

fn path(name: &'static str, value: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name(value)
        .value_parser(value_parser!(PathBuf))
}

fn listen(name: &str, default: &'static str) -> Arg {
    Arg::new(name.to_owned())
        .long(name.to_owned())
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
        let prometheus_config: PathBuf = required(matches, "prometheus-config")?;
        let beside = || prometheus_config.with_file_name("blackbox.yml");
        Ok(Self {
            blackbox_config: matches.get_one("blackbox-config").cloned().unwrap_or_else(beside),
            bin_dir: matches.get_one("bin-dir").cloned(),
            ours: OURS
                .iter()
                .map(|ours| Chosen::from_matches(ours.name, matches))
                .collect::<Result<_>>()?,
            docker: required(matches, "docker")?,
            redis_server: matches.get_one("redis-server").cloned(),
            redis_listen: required(matches, "redis-listen")?,
            prometheus_dir: matches.get_one("prometheus-dir").cloned(),
            prometheus_listen: required(matches, "prometheus-listen")?,
            prometheus_config,
            alertmanager_dir: matches.get_one("alertmanager-dir").cloned(),
            alertmanager_listen: required(matches, "alertmanager-listen")?,
            alertmanager_config: required(matches, "alertmanager-config")?,
            console_listen: required(matches, "console-listen")?,
            dashboards_listen: required(matches, "dashboards-listen")?,
            dashboards_dir: required(matches, "dashboards-dir")?,
            state_dir: required(matches, "state-dir")?,
            drill: matches.get_one("drill").copied().map(Pace::new),
            ready_within: Duration::from_secs(required(matches, "ready-within")?),
        })
    }

    /// The usual addresses, as configurations have them, and those that are in use.
    pub(crate) fn addresses(&self) -> Vec<(String, String)> {
        let others = [
            (PROMETHEUS, self.prometheus_listen),
            (ALERTMANAGER, self.alertmanager_listen),
            (CONSOLE, self.console_listen),
        ];
        let ours = OURS.iter().map(|ours| (ours.listen, self.of(ours).listen));
        others
            .into_iter()
            .chain(ours)
            .map(|(usual, used)| (usual.to_owned(), used.to_string()))
            .collect()
    }

    /// What is said of one of our programs.
    pub(crate) fn of(&self, ours: &Ours) -> &Chosen {
        let chosen = self.ours.iter().find(|chosen| chosen.name == ours.name);
        chosen.expect("from_matches asks for each of OURS")
    }
}

impl Chosen {
    fn from_matches(name: &'static str, matches: &ArgMatches) -> Result<Self> {
        Ok(Self {
            name,
            program: matches.get_one(name).cloned(),
            listen: required(matches, &listen_flag(name))?,
        })
    }
}

fn required<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Result<T> {
    matches
        .get_one(name)
        .cloned()
        .with_context(|| format!("--{name} has no value"))
}
