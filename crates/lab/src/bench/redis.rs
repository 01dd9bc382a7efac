//! What redis-exporter costs beside upstream's program, on one server that both scrape in turns.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::ArgMatches;

use super::{
    million_keys, pair,
    report::{Part, millis},
    say,
    target::{Cost, Target},
    used_redis::{CLIENTS, COMMANDS, KEYS, UsedRedis},
};
use crate::program;

const UPSTREAM: [&str; 2] = ["redis_exporter", "prometheus-redis-exporter"];

/// Scrapes before anything is counted: connections, buffers and Go's heap settle.
const WARM_UP: u32 = 50;

/// Scrapes that look at keys take that much longer, and so are fewer.
const FEWER: u32 = 10;

/// What is asked for, and the most that our CPU time may be of upstream's.
struct Load {
    title: &'static str,
    flag: Option<&'static str>,
    /// A series that must be there, so that both do the work.
    series: &'static str,
    fewer: u32,
    most_cpu: f64,
    words: &'static str,
}

const LOADS: [Load; 3] = [
    Load {
        title: "default flags",
        flag: None,
        series: "redis_commands_total{cmd=\"zrange\"}",
        fewer: 1,
        most_cpu: 0.25,
        words: "≤ 1/4",
    },
    Load {
        title: "--check-keys=bench:*",
        flag: Some("--check-keys=bench:*"),
        series: "redis_key_size{db=\"db0\",key=\"bench:4999\"}",
        fewer: FEWER,
        most_cpu: 0.2,
        words: "≤ 1/5",
    },
    Load {
        title: "--export-client-list",
        flag: Some("--export-client-list"),
        series: "redis_connected_client_info{",
        fewer: 1,
        most_cpu: 0.25,
        words: "≤ 1/4",
    },
];

/// Measures all, and prints each table as soon as it is there; whether every target was met.
///
/// # Errors
/// A program is missing, does not start or does not answer.
pub(super) async fn all(arguments: &ArgMatches, scrapes: u32) -> Result<bool> {
    let given = |name: &str| arguments.get_one::<PathBuf>(name).map(PathBuf::as_path);
    let programs = [
        program::ours("redis-exporter", given("redis-exporter"), None)?,
        program::upstream(&UPSTREAM, given("upstream"))?,
    ];
    say(&heading(&programs, scrapes)?)?;
    let redis = UsedRedis::start()?;
    let mut met = true;
    for load in &LOADS {
        let costs = costs(&programs, &redis, load, scrapes / load.fewer).await?;
        let part = table(load, &costs);
        met &= part.met;
        say(&part.text)?;
    }
    let part = million_keys::part(&programs, &redis).await?;
    say(&part.text)?;
    Ok(met && part.met)
}

fn heading(programs @ [ours, upstream]: &[PathBuf; 2], scrapes: u32) -> Result<String> {
    let sizes = programs
        .each_ref()
        .map(|file| std::fs::metadata(file).map(|file| file.len() / 1024));
    let [our_size, their_size] = sizes;
    Ok(format!(
        "redis-exporter {} ({} KiB) beside upstream's {} ({} KiB)\n\
         on {} CPUs, Linux {}; a redis-server with {} commands in its statistics, {CLIENTS} clients and {KEYS} keys;\n\
         {scrapes} scrapes of each in turns ({} that look at keys), over one kept connection, gzip\n",
        pair::version(ours)?,
        our_size.context("looking at our program")?,
        pair::version(upstream)?,
        their_size.context("looking at upstream's program")?,
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        rustix::system::uname().release().to_string_lossy(),
        COMMANDS.len(),
        scrapes / FEWER,
    ))
}

async fn costs(programs: &[PathBuf; 2], redis: &UsedRedis, load: &Load, scrapes: u32) -> Result<[Cost; 2]> {
    let flags: Vec<String> = [redis.flag()].into_iter().chain(load.flag.map(str::to_owned)).collect();
    let [ours, upstream] = programs;
    let mut ours = Target::start(&[ours.as_os_str()], &flags).await?;
    let mut upstream = Target::start(&[upstream.as_os_str()], &flags).await?;
    for target in [&ours, &upstream] {
        let text = target.text().await?;
        let has = text.lines().any(|line| line.starts_with(load.series));
        ensure!(has, "{}: an exporter has no {}", load.title, load.series);
    }
    for _ in 0..WARM_UP.min(scrapes) {
        ours.scrape().await?;
        upstream.scrape().await?;
    }
    ours.begin()?;
    upstream.begin()?;
    for _ in 0..scrapes {
        ours.scrape().await?;
        upstream.scrape().await?;
    }
    Ok([ours.cost()?, upstream.cost()?])
}

fn table(load: &Load, costs: &[Cost; 2]) -> Part {
    let both = |of: fn(&Cost) -> f64| costs.each_ref().map(of);
    let mut part = Part::beside_upstream(load.title);
    let mut row = |name, values: [f64; 2], most: f64, words| {
        part.row(name, values, values[0] / values[1] <= most, words);
    };
    row(
        "CPU a scrape, ms",
        both(|cost| millis(cost.cpu_a_scrape)),
        load.most_cpu,
        load.words,
    );
    row(
        "resident memory, MiB",
        both(|cost| cost.resident_kib as f64 / 1024.0),
        0.25,
        "≤ 1/4",
    );
    row(
        "scrape, median, ms",
        both(|cost| millis(cost.median)),
        f64::INFINITY,
        "",
    );
    row(
        "scrape, 99th percentile, ms",
        both(|cost| millis(cost.slowest_percent)),
        0.5,
        "≤ 1/2",
    );
    row(
        "answer on the wire, KiB",
        both(|cost| cost.wire_bytes as f64 / 1024.0),
        f64::INFINITY,
        "",
    );
    part
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn cost(cpu: u64, resident_kib: u64, slowest: u64) -> Cost {
        Cost {
            cpu_a_scrape: Duration::from_micros(cpu),
            resident_kib,
            median: Duration::from_millis(9),
            slowest_percent: Duration::from_micros(slowest),
            wire_bytes: 9000,
        }
    }

    #[test]
    fn cpu_memory_and_the_slowest_have_targets() {
        for (ours, met) in [
            (cost(250, 250, 500), [true, false]),
            (cost(200, 250, 500), [true, true]),
            (cost(251, 250, 500), [false, false]),
            (cost(200, 251, 500), [false, false]),
            (cost(200, 250, 501), [false, false]),
        ] {
            let costs = [ours, cost(1000, 1000, 1000)];
            let [default, keys, _] = LOADS.each_ref().map(|load| table(load, &costs).met);
            assert_eq!([default, keys], met);
        }
    }
}
