//! What all of our daemons cost together, as they run on a host: each scraped every 15 s, at the same time as upstream's programs; and
//! before that, how soon each answers. Upstream has no demo-app.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use clap::ArgMatches;
use private_docker::Engine;
use serde_json::json;
use tempfile::TempDir;
use tokio::time::{MissedTickBehavior, interval};

use super::{
    client::Scraper,
    report::{Part, millis},
    say, startup,
    target::{Process, Target, free_port},
    used_redis::UsedRedis,
};
use crate::program;

/// As in prometheus.yml.
const EVERY: Duration = Duration::from_secs(15);
/// Connections, buffers and Go's heap settle.
const WARM_UP: u32 = 3;
/// How many containers there are to tell of, where there can be a Docker.
const CONTAINERS: u32 = 10;

/// The most that ours may take.
const MOST_MIB: f64 = 30.0;
const MOST_PERCENT: f64 = 0.5;

/// The most that each of ours may take from its start to its first whole answer.
const MOST_MILLIS: f64 = 20.0;

/// A daemon, perhaps with its counterpart.
struct Daemon {
    name: &'static str,
    upstream: &'static [&'static str],
}

const DAEMONS: [Daemon; 5] = [
    Daemon {
        name: "node-exporter",
        upstream: &["node_exporter", "prometheus-node-exporter"],
    },
    Daemon {
        name: "container-exporter",
        upstream: &["cadvisor"],
    },
    Daemon {
        name: "blackbox-exporter",
        upstream: &["blackbox_exporter", "prometheus-blackbox-exporter"],
    },
    Daemon {
        name: "redis-exporter",
        upstream: &["redis_exporter", "prometheus-redis-exporter"],
    },
    Daemon {
        name: "demo-app",
        upstream: &[],
    },
];

impl Daemon {
    /// Ours, then upstream's where there is one.
    fn programs(&self, arguments: &ArgMatches) -> Result<Vec<PathBuf>> {
        let given = arguments.try_get_one::<PathBuf>(self.name).ok().flatten();
        let mut programs = vec![program::ours(self.name, given.map(PathBuf::as_path), None)?];
        if !self.upstream.is_empty() {
            programs.push(program::upstream(self.upstream, None)?);
        }
        Ok(programs)
    }
}

/// What they look at.
struct Surroundings {
    folder: TempDir,
    redis: UsedRedis,
    docker: Option<Engine>,
    /// Probed by both; takes connections and says nothing.
    probed: TcpListener,
}

/// One that runs.
struct Running {
    name: &'static str,
    is_ours: bool,
    target: Target,
    /// Of blackbox_exporter, also this is asked.
    probe: Option<Scraper>,
    cpu_at_begin: Duration,
}

/// Measures, and prints a table; whether every target was met.
///
/// # Errors
/// A program is missing, does not start or does not answer.
pub(super) async fn all(arguments: &ArgMatches, scrapes: u32) -> Result<bool> {
    let surroundings = Surroundings::make()?;
    let mut programs = Vec::new();
    for daemon in &DAEMONS {
        programs.push((daemon, daemon.programs(arguments)?));
    }
    let starts = starts(&surroundings, &programs)?;
    say(&starts.text)?;
    let mut running = Vec::new();
    for (daemon, programs) in &programs {
        for (program, is_ours) in programs.iter().zip([true, false]) {
            running.push(surroundings.start(daemon, program, is_ours).await?);
        }
    }
    say(&heading(&surroundings, scrapes))?;
    scrape(&mut running, WARM_UP, Duration::from_secs(1)).await?;
    for one in &mut running {
        one.cpu_at_begin = one.target.precise_cpu()?;
    }
    scrape(&mut running, scrapes, EVERY).await?;
    let part = table(&running, EVERY * scrapes)?;
    say(&part.text)?;
    Ok(starts.met && part.met)
}

/// One after another, so that each has the machine to itself.
fn starts(surroundings: &Surroundings, programs: &[(&Daemon, Vec<PathBuf>)]) -> Result<Part> {
    let mut part = Part::beside_upstream("start to first answer, ms");
    for (daemon, programs) in programs {
        let mut both = [f64::NAN; 2];
        for (index, program) in programs.iter().enumerate() {
            let flags = |port| surroundings.flags(daemon.name, index == 0, port);
            both[index] = millis(startup::median_of(program.as_os_str(), flags)?);
        }
        part.row(daemon.name, both, both[0] <= MOST_MILLIS, "≤ 20 ms");
    }
    Ok(part)
}

fn heading(surroundings: &Surroundings, scrapes: u32) -> String {
    let containers = match &surroundings.docker {
        Some(_) => format!("{CONTAINERS} containers"),
        None => "no Docker, which only root may start".to_owned(),
    };
    format!(
        "All daemons at the same time, each scraped every {} s for {} s; {containers}; one probe of TCP a scrape\n",
        EVERY.as_secs(),
        (EVERY * scrapes).as_secs()
    )
}

/// All of them at each tick, which ends the last interval, too.
async fn scrape(running: &mut [Running], scrapes: u32, every: Duration) -> Result<()> {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    for _ in 0..scrapes {
        for one in running.iter_mut() {
            one.target.scrape().await?;
            if let Some(probe) = &one.probe {
                probe.scrape().await?;
            }
        }
        ticks.tick().await;
    }
    Ok(())
}

fn table(running: &[Running], time: Duration) -> Result<Part> {
    let mut part = Part::beside_upstream("resident memory, MiB");
    let memory = rows(&mut part, running, |one| Ok(one.target.resident_kib()? as f64 / 1024.0))?;
    part.row("together", memory, memory[0] <= MOST_MIB, "≤ 30 MiB");
    let title = Part::beside_upstream("CPU, percent of a core");
    part.text += &title.text;
    let cpu = rows(&mut part, running, |one| {
        let spent = one.target.precise_cpu()?.saturating_sub(one.cpu_at_begin);
        Ok(spent.as_secs_f64() / time.as_secs_f64() * 100.0)
    })?;
    part.row("together", cpu, cpu[0] <= MOST_PERCENT, "≤ 0.5 %");
    Ok(part)
}

/// A row for each daemon; the sums of ours and of upstream's.
fn rows(part: &mut Part, running: &[Running], figure: impl Fn(&Running) -> Result<f64>) -> Result<[f64; 2]> {
    let mut sums = [0.0; 2];
    for daemon in &DAEMONS {
        let mut both = [f64::NAN; 2];
        for one in running.iter().filter(|one| one.name == daemon.name) {
            let (index, value) = (usize::from(!one.is_ours), figure(one)?);
            both[index] = value;
            sums[index] += value;
        }
        part.row(daemon.name, both, true, "");
    }
    Ok(sums)
}

impl Surroundings {
    fn make() -> Result<Self> {
        let folder = tempfile::tempdir().context("making a folder")?;
        let modules = "modules:\n  tcp_connect:\n    prober: tcp\n";
        fs::write(folder.path().join("blackbox.yml"), modules).context("writing the modules of probes")?;
        let docker = match private_docker::missing() {
            Some(_) => None,
            None => Some(Engine::start(&[])?),
        };
        for number in 0..docker.as_ref().map_or(0, |_| CONTAINERS) {
            let more = json!({"HostConfig": {"Memory": 64 << 20, "NanoCpus": 500_000_000}});
            if let Some(engine) = &docker {
                engine.run(&format!("bench-{number}"), &["sleep"], &more)?;
            }
        }
        Ok(Self {
            folder,
            redis: UsedRedis::start()?,
            docker,
            probed: TcpListener::bind("127.0.0.1:0").context("finding a port")?,
        })
    }

    async fn start(&self, daemon: &Daemon, program: &Path, is_ours: bool) -> Result<Running> {
        let port = free_port()?;
        let process = Process::run(&[program.as_os_str()], &self.flags(daemon.name, is_ours, port))?;
        Ok(Running {
            name: daemon.name,
            is_ours,
            target: Target::listening(process, port).await?,
            probe: self.probe(daemon.name, port)?,
            cpu_at_begin: Duration::ZERO,
        })
    }

    fn flags(&self, name: &str, is_ours: bool, port: u16) -> Vec<String> {
        let listen = match (name, is_ours) {
            ("container-exporter", false) => format!("--port={port}"),
            _ => format!("--web.listen-address=127.0.0.1:{port}"),
        };
        let mut flags = self.what_to_look_at(name);
        flags.push(listen);
        flags
    }

    fn what_to_look_at(&self, name: &str) -> Vec<String> {
        match name {
            "container-exporter" => {
                let socket = self
                    .docker
                    .as_ref()
                    .map(|engine| format!("unix://{}", engine.socket().display()));
                socket.map(|socket| format!("--docker={socket}")).into_iter().collect()
            }
            "blackbox-exporter" => vec![format!(
                "--config.file={}",
                self.folder.path().join("blackbox.yml").display()
            )],
            "redis-exporter" => vec![self.redis.flag()],
            _ => Vec::new(),
        }
    }

    fn probe(&self, name: &str, port: u16) -> Result<Option<Scraper>> {
        if name != "blackbox-exporter" {
            return Ok(None);
        }
        let target = self.probed.local_addr().context("asking for the address")?;
        let url = format!("http://127.0.0.1:{port}/probe?module=tcp_connect&target={target}");
        Ok(Some(Scraper::new(url.parse().context("a URL of numbers is valid")?)))
    }
}
