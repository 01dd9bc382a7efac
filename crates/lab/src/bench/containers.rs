//! `lab bench --exporter container`: what container-exporter costs beside cAdvisor with its defaults, on the same
//! containers of a dockerd of its own; and how the cost of a scrape grows with plain cgroups.

use std::{ffi::OsStr, path::PathBuf, time::Duration};

use anyhow::{Context, Result, ensure};
use clap::ArgMatches;
use private_docker::{Cgroup, Engine};
use serde_json::json;

use super::{
    container_report::{self, Compared, Grown},
    say,
    target::{Cost, Process, Target, free_port, pause},
};
use crate::program;

/// How many real containers there are, one after another.
const CONTAINERS: [u32; 2] = [20, 200];

/// How many cgroups there are in all, for growth.
const CGROUPS: [u32; 4] = [1, 250, 500, 1000];

/// Scrapes before anything is counted.
const WARM_UP: u32 = 10;

/// Scrapes at each size of growth, and those before them. Each waits for half a second.
const GROWTH_SCRAPES: u32 = 20;
const GROWTH_WARM_UP: u32 = 3;

/// How long nobody scrapes, to see what that costs.
const IDLE: Duration = Duration::from_secs(60);

/// What lets both leave the containers' own labels out.
const BARE: &str = "--store_container_labels=false";

/// From the last container's start until both have seen it.
const SETTLE: Duration = Duration::from_secs(15);

/// What an exporter may have open where nobody raised the limit: the soft one, which programs may raise for themselves up to
/// the hard one. That is the machine's.
const OPEN_FILES: &str = "--nofile=1024:";

/// Ours and cAdvisor.
struct Programs {
    ours: PathBuf,
    upstream: PathBuf,
}

/// Whether every target was met.
///
/// # Errors
/// A program is missing, there can be no dockerd here, or one does not answer.
pub(super) async fn all(arguments: &ArgMatches, scrapes: u32) -> Result<bool> {
    let given = |name: &str| arguments.get_one::<PathBuf>(name).map(PathBuf::as_path);
    let programs = Programs {
        ours: program::ours("container-exporter", given("container-exporter"), None)?,
        upstream: program::upstream(&["cadvisor"], given("upstream"))?,
    };
    say(&container_report::heading(&programs.ours, &programs.upstream, scrapes))?;
    let part = arguments.get_one::<String>("part").map(String::as_str);
    let mut met = true;
    if part != Some("cgroups") {
        met &= beside_upstream(&programs, scrapes).await?;
    }
    if part != Some("containers") {
        let part = container_report::growth(&growth(&programs).await?);
        say(&part.text)?;
        met &= part.met;
    }
    Ok(met)
}

/// Real containers, more and more of them.
async fn beside_upstream(programs: &Programs, scrapes: u32) -> Result<bool> {
    let missing = private_docker::missing();
    ensure!(missing.is_none(), "{}", missing.unwrap_or_default());
    let mut met = true;
    let engine = Engine::start(&[])?;
    let mut made = 0;
    for count in CONTAINERS {
        for number in made..count {
            fill(&engine, number)?;
        }
        made = count;
        pause(SETTLE);
        let part = container_report::comparison(&compare(programs, &engine, count, scrapes).await?);
        say(&part.text)?;
        met &= part.met;
    }
    Ok(met)
}

/// Idle ones with a limit, as most containers are most of the time, and labels as compose gives them.
fn fill(engine: &Engine, number: u32) -> Result<()> {
    let labels = json!({
        "com.docker.compose.project": "bench",
        "com.docker.compose.service": format!("service-{number}"),
        "com.docker.compose.container-number": "1",
        "com.docker.compose.config-hash": format!("{number:064x}"),
        "com.docker.compose.project.working_dir": "/srv/bench",
    });
    let more = json!({"Labels": labels, "HostConfig": {"Memory": 64 << 20, "NanoCpus": 500_000_000}});
    engine.run(&format!("bench-{number}"), &["sleep"], &more)?;
    Ok(())
}

/// Both with their defaults, but for the socket, the port and `more`.
async fn start(programs: &Programs, engine: &Engine, more: &[&str]) -> Result<[Target; 2]> {
    let docker = format!("--docker=unix://{}", engine.socket().display());
    let mut flags = vec![docker];
    flags.extend(more.iter().map(ToString::to_string));
    let ours = Target::start(&[programs.ours.as_os_str()], &flags).await?;
    let port = free_port()?;
    flags.extend(["--listen_ip=127.0.0.1".to_owned(), format!("--port={port}")]);
    let process = Process::run(&[programs.upstream.as_os_str()], &flags)?;
    Ok([ours, Target::listening(process, port).await?])
}

async fn compare(programs: &Programs, engine: &Engine, containers: u32, scrapes: u32) -> Result<Compared> {
    let bare = bare(programs, engine).await?;
    let [mut ours, mut upstream] = start(programs, engine, &[]).await?;
    pause(SETTLE);
    for _ in 0..WARM_UP {
        ours.scrape().await?;
        upstream.scrape().await?;
    }
    ours.begin()?;
    upstream.begin()?;
    for _ in 0..scrapes {
        ours.scrape().await?;
        upstream.scrape().await?;
    }
    let costs: [Cost; 2] = [ours.cost()?, upstream.cost()?];
    let texts = [ours.text().await?, upstream.text().await?];
    let before = [ours.precise_cpu()?, upstream.precise_cpu()?];
    pause(IDLE);
    let idle = [ours.precise_cpu()? - before[0], upstream.precise_cpu()? - before[1]];
    Ok(Compared {
        containers,
        costs,
        texts,
        bare,
        idle_share: idle.map(|cpu| cpu.as_secs_f64() / IDLE.as_secs_f64()),
    })
}

/// The texts of both without the containers' own labels.
async fn bare(programs: &Programs, engine: &Engine) -> Result<[String; 2]> {
    let [ours, upstream] = start(programs, engine, &[BARE]).await?;
    pause(SETTLE);
    Ok([ours.text().await?, upstream.text().await?])
}

/// Cgroups without a process, as deep and with names as long as those of containers. The exporter has the usual limit of
/// open files.
async fn growth(programs: &Programs) -> Result<Vec<Grown>> {
    let cgroup = Cgroup::make().context("making cgroups")?;
    let prlimit = program::on_path("prlimit").context("no prlimit, of util-linux, on PATH")?;
    let argv = [prlimit.as_os_str(), OsStr::new(OPEN_FILES), programs.ours.as_os_str()];
    let nobody = ["docker", "podman", "containerd", "crio"].map(|runtime| format!("--{runtime}="));
    let (mut made, mut grown) = (0, Vec::new());
    for size in CGROUPS {
        for number in made..size {
            cgroup.add(&format!("{number:064x}")).context("making a cgroup")?;
        }
        made = size;
        let mut ours = Target::start(&argv, &nobody).await?;
        for _ in 0..GROWTH_WARM_UP {
            ours.scrape_anew().await?;
        }
        // Not by thread: one that takes longer than a collector may is relieved by another, and ends.
        ours.begin()?;
        for _ in 0..GROWTH_SCRAPES {
            ours.scrape_anew().await?;
        }
        grown.push(Grown {
            cgroups: size,
            cpu_a_scrape: ours.cost()?.cpu_a_scrape,
            seen: container_report::rows(&ours.text().await?, cgroup.path()),
            open_files: ours.open_files()?,
        });
    }
    Ok(grown)
}
