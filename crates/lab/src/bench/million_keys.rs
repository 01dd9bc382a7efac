//! Looking for a few keys among a million: it ends in time, and needs no memory for what it passes.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result, ensure};

use super::{
    report::Part,
    target::Target,
    used_redis::{MILLION, UsedRedis},
};

/// Ten of the keys that there were before.
const SOUGHT: &str = "--check-keys=bench:499*";

/// Each key of the million is looked at.
const COUNTED: &str = "--count-keys=many:*";

/// Scrapes of each, before the million is there and with it.
const SCRAPES: usize = 5;

/// The deadline that a scrape brings along.
const DEADLINE: Duration = Duration::from_secs(10);

/// What looking may take, where it is told how long, and a whole scrape then: two parts look.
const LIMIT: &str = "--check-keys-time-limit=200ms";
const WITHIN_LIMIT: Duration = Duration::from_millis(600);

/// How much of what was resident before may come on top.
const FLAT: f64 = 1.05;

/// One of the two, before and with the million.
struct Seen {
    slowest: Duration,
    before_kib: u64,
    after_kib: u64,
}

/// The table. The million stays in the server.
///
/// # Errors
/// A program does not start or does not answer, or ours does not count what is there.
pub(super) async fn part(programs: &[PathBuf; 2], redis: &UsedRedis) -> Result<Part> {
    let flags = [redis.flag(), SOUGHT.to_owned(), COUNTED.to_owned()];
    let [ours, upstream] = programs;
    let mut ours_running = Target::start(&[ours.as_os_str()], &flags).await?;
    let mut upstream = Target::start(&[upstream.as_os_str()], &flags).await?;
    let before = [
        resident_after_scrapes(&mut ours_running).await?,
        resident_after_scrapes(&mut upstream).await?,
    ];
    redis.add_a_million_keys()?;
    let seen = [
        seen(&mut ours_running, before[0]).await?,
        seen(&mut upstream, before[1]).await?,
    ];
    let text = ours_running.text().await?;
    let counted = value(&text, "redis_keys_count{db=\"db0\",key=\"many:*\"}");
    ensure!(counted == Some(f64::from(MILLION)), "it counts {counted:?} keys");
    let left_out = value(&text, "redis_exporter_last_scrape_keys_incomplete{flag=\"count-keys\"}");
    ensure!(left_out == Some(0.0), "it says that it has not looked at all keys");
    drop((ours_running, upstream));

    let limited = [&flags[..], &[LIMIT.to_owned()]].concat();
    let mut limited = Target::start(&[ours.as_os_str()], &limited).await?;
    let in_limit = slowest(&mut limited).await?;
    let left_out = value(
        &limited.text().await?,
        "redis_exporter_last_scrape_keys_incomplete{flag=\"count-keys\"}",
    );
    ensure!(
        left_out == Some(1.0),
        "it does not say that it has not looked at all keys"
    );
    Ok(table(&seen, in_limit))
}

fn table(seen: &[Seen; 2], in_limit: Duration) -> Part {
    let both = |of: fn(&Seen) -> f64| seen.each_ref().map(of);
    let mut part = Part::beside_upstream("1,000,000 keys more");
    part.row(
        "scrape, slowest, s",
        both(|seen| seen.slowest.as_secs_f64()),
        seen[0].slowest < DEADLINE,
        "≤ 10 s",
    );
    part.row(
        "told to look for 0.2 s, s",
        [in_limit.as_secs_f64(), f64::NAN],
        in_limit <= WITHIN_LIMIT,
        "≤ 0.6 s",
    );
    let growth = both(|seen| seen.after_kib as f64 / seen.before_kib as f64);
    part.row("memory, times that before", growth, growth[0] <= FLAT, "≤ 1.05");
    let mib = both(|seen| seen.after_kib as f64 / 1024.0);
    part.row("resident memory, MiB", mib, mib[0] / mib[1] <= 0.25, "≤ 1/4");
    part
}

async fn resident_after_scrapes(target: &mut Target) -> Result<u64> {
    slowest(target).await?;
    target.resident_kib()
}

async fn seen(target: &mut Target, before_kib: u64) -> Result<Seen> {
    Ok(Seen {
        slowest: slowest(target).await?,
        before_kib,
        after_kib: target.resident_kib()?,
    })
}

async fn slowest(target: &mut Target) -> Result<Duration> {
    target.begin()?;
    for _ in 0..SCRAPES {
        target.scrape().await?;
    }
    target.slowest().context("it was scraped")
}

/// Of a series as it stands in the text.
fn value(text: &str, series: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(series))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_memory_have_targets() {
        let is_met = |seconds, after_kib, limited| {
            let seen = |after_kib| Seen {
                slowest: Duration::from_secs(seconds),
                before_kib: 1000,
                after_kib,
            };
            table(&[seen(after_kib), seen(8000)], Duration::from_millis(limited)).met
        };
        assert!(is_met(9, 1050, 600));
        assert!(!is_met(10, 1050, 600));
        assert!(!is_met(9, 1051, 600));
        assert!(!is_met(9, 1050, 601));
    }

    #[test]
    fn a_value_is_that_of_the_whole_series() {
        let text = "a{b=\"c\"} 1e+06\na 2\n";
        assert_eq!(value(text, "a{b=\"c\"}"), Some(1e6));
        assert_eq!(value(text, "a"), None, "labels are no number");
        assert_eq!(value(text, "b"), None);
    }
}
