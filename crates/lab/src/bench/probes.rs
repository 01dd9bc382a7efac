//! `lab bench --exporter blackbox`: what a probe costs beside upstream's program, of the same local targets with the same
//! configuration; and how both bear many at a time.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use clap::ArgMatches;

use super::{
    asker::succeeded,
    crowd::{self, Crowd, percentile},
    direct,
    probe_kinds::{Kind, Ports},
    probe_report::{self, AtOnce, Probes},
    probed::Probed,
    prober::{HISTORY, Prober, Programs},
    say,
};
use crate::program;

/// Probes of each kind before anything is counted.
const WARM_UP: u32 = 50;

/// How often the probes a second are measured; the median counts.
const ROUNDS: usize = 5;

/// Probes of a round.
const A_ROUND: u32 = 3200;

/// Whether every target was met.
///
/// # Errors
/// A program is missing, does not start or does not answer, or a probe fails.
pub(super) async fn all(arguments: &ArgMatches, probes: u32) -> Result<bool> {
    let given = |name: &str| arguments.get_one::<PathBuf>(name).map(PathBuf::as_path);
    let targets = *arguments.get_one("targets").context("--targets has a default")?;
    let probed = Probed::start()?;
    let programs = Programs {
        files: [
            program::ours("blackbox-exporter", given("blackbox-exporter"), None)?,
            program::upstream(
                &["blackbox_exporter", "prometheus-blackbox-exporter"],
                given("upstream"),
            )?,
        ],
        config: probed.config()?,
    };
    say(&probe_report::heading(&programs.files, probes)?)?;
    let mut met = true;
    for part in [
        one_by_one(&programs, probed.ports(), probes).await?,
        at_once(&programs, probed.ports()).await?,
    ] {
        say(&part.text)?;
        met &= part.met;
    }
    let part = probe_report::crowds(targets, &crowds(&programs, probed.ports(), targets).await?);
    say(&part.text)?;
    Ok(met && part.met)
}

async fn one_by_one(programs: &Programs, ports: Ports, probes: u32) -> Result<super::report::Part> {
    let pair = programs.start().await?;
    let mut costs = Vec::new();
    for kind in Kind::ALL {
        costs.push(cost(&pair, kind, ports, probes).await?);
    }
    // As many as are remembered, however few were counted.
    for number in (probes * 4).min(HISTORY)..HISTORY {
        for prober in &pair {
            probe(prober, Kind::Http, ports, number).await?;
        }
    }
    let [ours, upstream] = &pair;
    let resident_kib = [ours.target.resident_kib()?, upstream.target.resident_kib()?];
    Ok(probe_report::one_by_one(&costs, resident_kib))
}

/// Asks both and the target itself in turns, so that whatever else the machine does hits all alike.
async fn cost(pair: &[Prober; 2], kind: Kind, ports: Ports, probes: u32) -> Result<Probes> {
    for number in 0..WARM_UP {
        for prober in pair {
            probe(prober, kind, ports, number).await?;
        }
    }
    let [ours, upstream] = pair;
    let before = [ours.target.precise_cpu()?, upstream.target.precise_cpu()?];
    let (mut took, mut direct) = ([Vec::new(), Vec::new()], Vec::new());
    for number in 0..probes {
        for (prober, took) in pair.iter().zip(&mut took) {
            took.push(probe(prober, kind, ports, number).await?);
        }
        direct.extend(direct::answer_time(kind, ports).context("asking a target itself")?);
    }
    let cpu = [
        ours.target.precise_cpu()? - before[0],
        upstream.target.precise_cpu()? - before[1],
    ];
    Ok(Probes {
        kind,
        cpu_a_probe: cpu.map(|cpu| cpu / probes.max(1)),
        slowest_percent: took.map(|took| percentile(took, 99)),
        direct: (!direct.is_empty()).then(|| percentile(direct, 50)),
    })
}

/// How long the exporter took.
async fn probe(prober: &Prober, kind: Kind, ports: Ports, number: u32) -> Result<Duration> {
    let target = kind.target(ports, number);
    let started = Instant::now();
    let answer = prober.asker.ask(kind.name(), &target).await?;
    let took = started.elapsed();
    ensure!(succeeded(&answer), "the probe of {target} failed");
    Ok(took)
}

async fn at_once(programs: &Programs, ports: Ports) -> Result<super::report::Part> {
    let pair = programs.start().await?;
    let mut measured = Vec::new();
    for kind in Kind::ALL {
        let mut rounds = [Vec::new(), Vec::new()];
        // The first round settles and does not count.
        for round in 0..=ROUNDS {
            for (prober, rounds) in pair.iter().zip(&mut rounds) {
                let one = crowd::throughput(prober, kind, ports, A_ROUND).await?;
                rounds.extend((round > 0).then_some(one));
            }
        }
        measured.push(AtOnce { kind, rounds });
    }
    Ok(probe_report::at_once(&measured))
}

/// One after the other, each with the machine for itself.
async fn crowds(programs: &Programs, ports: Ports, targets: u32) -> Result<[Crowd; 2]> {
    let [ours, upstream] = &programs.files;
    let ours = crowd::crowd(&programs.start_one(ours).await?, ports, targets).await?;
    let upstream = crowd::crowd(&programs.start_one(upstream).await?, ports, targets).await?;
    Ok([ours, upstream])
}
