//! Many probes at a time: how many a second with 64 in flight, and what 20,000 targets in a minute cost.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use tokio::{
    task::JoinSet,
    time::{interval, sleep_until},
};

use super::{
    asker::succeeded,
    probe_kinds::{Kind, Ports},
    prober::Prober,
};

const IN_FLIGHT: u32 = 64;

/// Of the targets in a crowd, so many begin in each minute.
const A_MINUTE: u32 = 20_000;

/// From one look at the open files to the next.
const LOOK: Duration = Duration::from_millis(200);

/// Probes a second with 64 in flight, and the time that 99 of 100 took at most.
///
/// # Errors
/// A probe fails.
pub(super) async fn throughput(prober: &Prober, kind: Kind, ports: Ports, probes: u32) -> Result<(f64, Duration)> {
    let next = Arc::new(AtomicU32::new(0));
    let mut tasks = JoinSet::new();
    let started = Instant::now();
    for _ in 0..IN_FLIGHT {
        let (asker, next) = (Arc::clone(&prober.asker), Arc::clone(&next));
        tasks.spawn(async move {
            let mut answers: Vec<(Bytes, Duration)> = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= probes {
                    return anyhow::Ok(answers);
                }
                let started = Instant::now();
                let answer = asker.ask(kind.name(), &kind.target(ports, number)).await?;
                answers.push((answer, started.elapsed()));
            }
        });
    }
    let all: Vec<_> = tasks.join_all().await;
    let took = started.elapsed();
    let answers: Vec<_> = all.into_iter().collect::<Result<Vec<_>>>()?.concat();
    // Looked at only now: it is no part of what is measured.
    let failed = answers.iter().filter(|(answer, _)| !succeeded(answer)).count();
    ensure!(failed == 0, "{failed} of {probes} probes of {} failed", kind.name());
    let times = answers.into_iter().map(|(_, took)| took).collect();
    Ok((f64::from(probes) / took.as_secs_f64(), percentile(times, 99)))
}

/// What so many targets, one after another in the pace of [`A_MINUTE`], did to an exporter.
pub(super) struct Crowd {
    pub(super) succeeded: u32,
    /// Of one CPU.
    pub(super) cpu_share: f64,
    pub(super) peak_resident_kib: u64,
    pub(super) most_open_files: usize,
    pub(super) slowest_percent: Duration,
}

/// # Errors
/// The exporter is gone.
pub(super) async fn crowd(prober: &Prober, ports: Ports, targets: u32) -> Result<Crowd> {
    let before = prober.target.precise_cpu()?;
    let started = Instant::now();
    let mut probes = tokio::spawn(at_their_pace(Arc::clone(&prober.asker), ports, targets));
    let mut looks = interval(LOOK);
    let mut most_open_files = 0;
    let times = loop {
        tokio::select! {
            times = &mut probes => break times.context("probing a crowd")?,
            _ = looks.tick() => most_open_files = most_open_files.max(prober.target.open_files()?),
        }
    };
    let cpu = prober.target.precise_cpu()? - before;
    Ok(Crowd {
        succeeded: u32::try_from(times.len()).context("no more than there were targets")?,
        cpu_share: cpu.as_secs_f64() / started.elapsed().as_secs_f64(),
        peak_resident_kib: prober.target.peak_resident_kib()?,
        most_open_files,
        slowest_percent: percentile(times, 99),
    })
}

/// How long each took that succeeded.
async fn at_their_pace(asker: Arc<super::asker::Asker>, ports: Ports, targets: u32) -> Vec<Duration> {
    let mut tasks = JoinSet::new();
    let started = tokio::time::Instant::now();
    for number in 0..targets {
        sleep_until(started + Duration::from_secs(60) * number / A_MINUTE).await;
        let asker = Arc::clone(&asker);
        tasks.spawn(async move {
            let started = Instant::now();
            let answer = asker.ask(Kind::Http.name(), &Kind::Http.target(ports, number)).await;
            answer.is_ok_and(|answer| succeeded(&answer)).then(|| started.elapsed())
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

/// The time that so many of a hundred took at most.
pub(super) fn percentile(mut times: Vec<Duration>, share: usize) -> Duration {
    times.sort();
    times.get(times.len() * share / 100).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_of_the_sorted_times() {
        let times: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(times.clone(), 99), Duration::from_millis(199));
        assert_eq!(percentile(times, 50), Duration::from_millis(101));
        assert_eq!(percentile(Vec::new(), 99), Duration::ZERO);
    }
}
