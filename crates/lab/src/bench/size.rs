//! `lab size`: how many series each exporter has, and what a Prometheus and a VictoriaMetrics take for so many hosts of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};
use clap::{Arg, ArgMatches, Command, builder::ValueParser, value_parser};
use tempfile::NamedTempFile;

use super::{
    runtime, say,
    size_hosts::{Programs, Taken, flags, measure},
    target::Target,
    used_redis::UsedRedis,
};
use crate::program;

/// Ours, in the order of their ports.
const EXPORTERS: [&str; 5] = [
    "node-exporter",
    "container-exporter",
    "blackbox-exporter",
    "redis-exporter",
    "demo-app",
];

/// blackbox-exporter tells of itself alone, whatever it could probe.
const MODULES: &str = "modules:\n  tcp_connect:\n    prober: tcp\n";

/// What Prometheus adds to each target: `up` and four of the scrape.
const ADDED: usize = 5;

/// The subcommand as clap sees it.
pub(crate) fn command() -> Command {
    let duration = ValueParser::from(|text: &str| humantime::parse_duration(text));
    let file = |name: &'static str, value: &'static str, help: &'static str| {
        let parser = value_parser!(PathBuf);
        Arg::new(name)
            .long(name)
            .value_name(value)
            .value_parser(parser)
            .help(help)
    };
    Command::new("size")
        .about("Measures what a Prometheus and a VictoriaMetrics take for so many hosts with node-exporter")
        .args([
            Arg::new("hosts")
                .long("hosts")
                .value_name("NUMBERS")
                .value_delimiter(',')
                .value_parser(value_parser!(u32).range(1..=5000))
                .default_value("1,10,100")
                .help("How many hosts, one measurement after the other; all are this one, asked under so many names"),
            Arg::new("time")
                .long("time")
                .value_name("TIME")
                .value_parser(duration)
                .default_value("10m")
                .help("How long each is scraped every 15 s; after 30m the chunks of Prometheus are full"),
            file(
                "bin-dir",
                "DIR",
                "Where our programs are [default: beside lab, then PATH]",
            ),
            file("prometheus-dir", "DIR", "Where prometheus is [default: PATH]"),
        ])
}

/// Measures, and prints each row as soon as it is there.
///
/// # Errors
/// A program is missing, does not start or does not answer.
pub(crate) fn run(arguments: &ArgMatches) -> Result<ExitCode> {
    let folder = |name: &str| arguments.get_one::<PathBuf>(name).map(PathBuf::as_path);
    let programs = Programs {
        node_exporter: program::ours("node-exporter", None, folder("bin-dir"))?,
        prometheus: program::prometheus(folder("prometheus-dir"))?,
        victoria_metrics: program::on_path("victoria-metrics"),
    };
    let time: Duration = *arguments.get_one("time").context("--time has a default")?;
    let hosts: Vec<u32> = arguments.get_many("hosts").unwrap_or_default().copied().collect();
    runtime()?.block_on(async {
        say(TARGETS)?;
        let redis = UsedRedis::start().ok();
        for name in EXPORTERS {
            let program = program::ours(name, None, folder("bin-dir"))?;
            say(&target(name, &program, redis.as_ref()).await?)?;
        }
        drop(redis);
        say(&heading(time, &programs))?;
        for number in hosts {
            say(&row(number, &measure(&programs, number, time).await?))?;
        }
        anyhow::Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

const TARGETS: &str = "A target              series   bytes of text   bytes sent\n";

/// How much an exporter tells.
async fn target(name: &str, program: &Path, redis: Option<&UsedRedis>) -> Result<String> {
    let modules = NamedTempFile::new().context("making a file")?;
    fs::write(&modules, MODULES).context("writing the modules of probes")?;
    let flags = match (name, redis) {
        ("node-exporter", _) => flags(),
        ("redis-exporter", Some(redis)) => vec![redis.flag()],
        ("blackbox-exporter", _) => vec![format!("--config.file={}", modules.path().display())],
        _ => Vec::new(),
    };
    let mut target = Target::start(&[program.as_os_str()], &flags).await?;
    target.begin()?;
    target.scrape_anew().await?;
    let text = target.text().await?;
    let sent = target.cost()?.wire_bytes;
    Ok(format!(
        "{name:<18} {:>9} {:>15} {sent:>12}\n",
        series_of(&text) + ADDED,
        text.len()
    ))
}

/// How many samples a page has.
fn series_of(text: &str) -> usize {
    let samples = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    samples.count()
}

fn heading(time: Duration, programs: &Programs) -> String {
    let without = match &programs.victoria_metrics {
        Some(_) => "",
        None => "; no victoria-metrics on PATH",
    };
    format!(
        "\nHosts with node-exporter, each scraped every 15 s for {} ({}){without}\n\
         \x20               │ Prometheus                                 │ VictoriaMetrics, by remote_write\n\
         hosts    series │ samples/s  memory MiB   CPU %  B a sample  │ memory MiB   CPU %  B a sample\n",
        humantime::format_duration(time),
        humantime::format_rfc3339_seconds(SystemTime::now()),
    )
}

fn row(hosts: u32, taken: &Taken) -> String {
    let [prometheus, store] = [Some(&taken.prometheus), taken.store.as_ref()].map(|one| match one {
        Some(one) => format!(
            "{:>10.0} {:>7.1} {:>11.2}",
            one.memory_mib, one.cpu_percent, one.bytes_a_sample
        ),
        None => format!("{:>10} {:>7} {:>11}", "-", "-", "-"),
    });
    format!(
        "{hosts:>5} {:>9} │ {:>9.0}  {prometheus}  │ {store}\n",
        taken.series, taken.samples_a_second
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_samples_are_series() {
        let page = "# HELP a b\n# TYPE a gauge\na 1\na{b=\"# c\"} 2\n\n# EOF\n";
        assert_eq!(series_of(page), 2);
    }

    #[test]
    fn a_row_stands_below_its_headings() {
        let part = crate::bench::size_hosts::Part {
            memory_mib: 123.4,
            cpu_percent: 5.67,
            bytes_a_sample: 1.234,
        };
        let taken = Taken {
            series: 1234,
            samples_a_second: 82.3,
            prometheus: part,
            store: None,
        };
        assert_eq!(
            row(1, &taken),
            "    1      1234 │        82         123     5.7        1.23  │          -       -           -\n"
        );
    }
}
