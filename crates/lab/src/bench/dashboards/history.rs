//! A Prometheus that has hours of samples from the beginning: they are written as OpenMetrics, and promtool makes blocks of them.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::{finished, program, sample::FAMILIES, until_ready};
use crate::bench::target::{Process, free_port};

/// Between two samples, in seconds.
pub(super) const STEP: u64 = 15;
/// What a page shows, in seconds.
pub(super) const SPAN: u64 = 6 * 3600;
/// Pages end up to so much earlier than the newest sample, in seconds.
const SLACK: u64 = 3600;
/// Of each family.
pub(super) const SHARDS: u64 = 10;
/// Families are counters but for the last, which is a histogram with as many buckets.
pub(super) const SERIES: u64 = FAMILIES * SHARDS;

/// Dropping it ends Prometheus, and nothing is left of its data.
pub(super) struct History {
    // Before the folder that it writes to.
    _prometheus: Process,
    folder: TempDir,
    /// Of the Prometheus.
    pub(super) url: String,
    /// When the newest samples are, in seconds since 1970.
    pub(super) end: u64,
}

impl History {
    /// # Errors
    /// Prometheus or promtool is missing, or does not do its part.
    pub(super) async fn start() -> Result<Self> {
        let (prometheus, promtool) = (program("prometheus")?, program("promtool")?);
        let folder = tempfile::tempdir().context("making a folder")?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .context("reading the clock")?;
        let end = now.as_secs() / 60 * 60 - 60;
        backfill(&promtool, folder.path(), end)?;
        let port = free_port()?;
        let config = folder.path().join("prometheus.yml");
        fs::write(&config, "global: {}\n").context("writing a configuration")?;
        let flags = [
            format!("--config.file={}", config.display()),
            format!("--storage.tsdb.path={}", folder.path().join("data").display()),
            "--storage.tsdb.retention.time=30d".to_owned(),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ];
        let process = Process::run(&[prometheus.as_os_str()], &flags)?;
        let url = format!("http://127.0.0.1:{port}");
        until_ready(&format!("{url}/-/ready"), &prometheus).await?;
        Ok(Self {
            _prometheus: process,
            folder,
            url,
            end,
        })
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn backfill(promtool: &Path, folder: &Path, end: u64) -> Result<()> {
    let file = folder.join("samples.om");
    fs::write(&file, samples(end - SPAN - SLACK, end)).context("writing samples")?;
    let data = folder.join("data");
    let words = ["tsdb", "create-blocks-from", "openmetrics"].map(std::ffi::OsStr::new);
    finished(promtool, &[&words[..], &[file.as_os_str(), data.as_os_str()]].concat())?;
    fs::remove_file(&file).context("removing what is in the blocks by now")
}

/// As OpenMetrics, from one moment to another.
fn samples(start: u64, end: u64) -> String {
    let mut text = String::new();
    for family in 0..FAMILIES {
        let is_histogram = family == FAMILIES - 1;
        let kind = if is_histogram { "histogram" } else { "counter" };
        // Writing to a String cannot fail.
        writeln!(text, "# TYPE bench_{family} {kind}").ok();
        for shard in 0..SHARDS {
            let series = if is_histogram {
                format!("bench_{family}_bucket{{le=\"{}\"}}", bound(shard))
            } else {
                format!("bench_{family}_total{{shard=\"{shard}\"}}")
            };
            let mut total = 0.0;
            for time in (start..=end).step_by(usize::try_from(STEP).unwrap_or(15)) {
                total += growth(family, shard, time);
                writeln!(text, "{series} {total:.3} {time}").ok();
            }
        }
    }
    text + "# EOF\n"
}

/// Of a bucket; the last has everything.
fn bound(shard: u64) -> String {
    if shard + 1 == SHARDS {
        "+Inf".to_owned()
    } else {
        format!("{}", 0.005 * 2f64.powi(shard as i32))
    }
}

/// In waves of an hour and less, so that lines are no straight ones; more in each further shard, as in buckets.
fn growth(family: u64, shard: u64, time: u64) -> f64 {
    let wave = |period: f64| ((time % 86_400) as f64 / period + family as f64).sin() + 1.0;
    (shard + 1) as f64 * (20.0 + 10.0 * wave(600.0) + 3.0 * wave(47.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_has_all_samples_and_only_grows() {
        let text = samples(1_000_000, 1_000_060);
        let sample = |line: &str| {
            let mut words = line.split(' ');
            let mut next = || words.next().map(str::to_owned);
            Some((next()?, next()?.parse::<f64>().ok()?, next()?.parse::<u64>().ok()?))
        };
        let samples: Vec<_> = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(sample)
            .collect();
        assert_eq!(samples.len() as u64, SERIES * 5);
        for pair in samples.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            assert!(pair[0].1 < pair[1].1 && pair[0].2 + STEP == pair[1].2, "{pair:?}");
        }
        assert!(text.contains("bench_19_bucket{le=\"+Inf\"} ") && text.ends_with("# EOF\n"));
    }
}
