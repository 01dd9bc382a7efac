//! The results of `lab bench --exporter blackbox`, for a person to read.

use std::{fmt::Write as _, path::PathBuf, time::Duration};

use anyhow::Result;

use super::{
    crowd::Crowd,
    pair,
    probe_kinds::Kind,
    prober::HISTORY,
    report::{Part, millis},
};

/// Probes of one kind, one after another; of ours and of upstream's.
pub(super) struct Probes {
    pub(super) kind: Kind,
    pub(super) cpu_a_probe: [Duration; 2],
    pub(super) slowest_percent: [Duration; 2],
    /// What the target itself takes, the median.
    pub(super) direct: Option<Duration>,
}

/// Probes of one kind, 64 in flight: probes a second and the 99th percentile of each round; of ours and of upstream's.
pub(super) struct AtOnce {
    pub(super) kind: Kind,
    pub(super) rounds: [Vec<(f64, Duration)>; 2],
}

/// The most that a crowd of any size may leave us at.
const MOST_RESIDENT_MIB: f64 = 32.0;

/// What is measured, where and how.
///
/// # Errors
/// A program does not start.
pub(super) fn heading([ours, upstream]: &[PathBuf; 2], probes: u32) -> Result<String> {
    Ok(format!(
        "blackbox-exporter {} beside upstream's {}, the same blackbox.yml, --history.limit={HISTORY}\n\
         on {} CPUs, Linux {}; {probes} probes of each kind by each in turns, over kept connections, gzip; targets on this host\n",
        pair::version(ours)?,
        pair::version(upstream)?,
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        rustix::system::uname().release().to_string_lossy(),
    ))
}

/// Costs of a probe alone.
pub(super) fn one_by_one(probes: &[Probes], resident_kib: [u64; 2]) -> Part {
    let mut part = Part::beside_upstream("one by one");
    for one in probes {
        let (most, words) = match one.kind {
            Kind::Https => (0.5, "≤ 1/2"),
            Kind::Http | Kind::Tcp | Kind::Dns => (0.25, "≤ 1/4"),
        };
        let cpu = one.cpu_a_probe.map(millis);
        let name = format!("CPU a probe, {}, ms", one.kind.name());
        part.row(&name, cpu, cpu[0] / cpu[1] <= most, words);
    }
    for one in probes {
        let Some(direct) = one.direct else { continue };
        let added = one.slowest_percent.map(|took| millis(took.saturating_sub(direct)));
        let name = format!("added, {}, 99th %, ms", one.kind.name());
        part.row(&name, added, added[0] / added[1] <= 0.5, "≤ 1/2");
    }
    let resident = resident_kib.map(mib);
    part.row(
        "resident memory, MiB",
        resident,
        resident[0] / resident[1] <= 0.25,
        "≤ 1/4",
    );
    // Writing to a String cannot fail.
    writeln!(
        part.text,
        "Added: what an answer took more than the target's own (its median). Memory: with {HISTORY} probes in the history."
    )
    .ok();
    part
}

/// Probes a second.
pub(super) fn at_once(kinds: &[AtOnce]) -> Part {
    let mut part = Part::beside_upstream("64 in flight");
    for one in kinds {
        let a_second = one
            .rounds
            .each_ref()
            .map(|rounds| median(rounds.iter().map(|round| round.0)));
        let (met, words) = match one.kind {
            // Most of it is the handshake's arithmetic, the target's part included.
            Kind::Https => (true, ""),
            Kind::Http | Kind::Tcp | Kind::Dns => (a_second[0] / a_second[1] >= 4.0, "≥ 4"),
        };
        part.row(&format!("probes a second, {}", one.kind.name()), a_second, met, words);
    }
    for one in kinds {
        let slowest = one
            .rounds
            .each_ref()
            .map(|rounds| median(rounds.iter().map(|round| millis(round.1))));
        part.row(&format!("answer, {}, 99th %, ms", one.kind.name()), slowest, true, "");
    }
    part
}

/// Many targets in a minute.
pub(super) fn crowds(targets: u32, crowds: &[Crowd; 2]) -> Part {
    let mut part = Part::beside_upstream(&format!("{targets} targets, 20,000 a minute"));
    let both = |of: fn(&Crowd) -> f64| crowds.each_ref().map(of);
    let succeeded = both(|crowd| f64::from(crowd.succeeded));
    part.row("succeeded", succeeded, crowds[0].succeeded == targets, "all");
    part.row("CPU, % of one", both(|crowd| crowd.cpu_share * 100.0), true, "");
    let peak = both(|crowd| mib(crowd.peak_resident_kib));
    let words = format!("≤ {MOST_RESIDENT_MIB} MiB");
    part.row("peak resident memory, MiB", peak, peak[0] <= MOST_RESIDENT_MIB, &words);
    part.row("most open files", both(|crowd| crowd.most_open_files as f64), true, "");
    part.row(
        "answer, 99th %, ms",
        both(|crowd| millis(crowd.slowest_percent)),
        true,
        "",
    );
    part
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probes(kind: Kind, micros: [u64; 2]) -> Probes {
        Probes {
            kind,
            cpu_a_probe: micros.map(Duration::from_micros),
            slowest_percent: [200, 500].map(Duration::from_micros),
            direct: Some(Duration::from_micros(100)),
        }
    }

    #[test]
    fn each_kind_has_its_own_target() {
        for (kind, ours, met) in [
            (Kind::Http, 250, true),
            (Kind::Http, 251, false),
            (Kind::Https, 500, true),
            (Kind::Https, 501, false),
        ] {
            let part = one_by_one(&[probes(kind, [ours, 1000])], [1, 4]);
            assert_eq!(part.met, met, "{}", part.text);
        }
        assert!(!one_by_one(&[], [2, 7]).met);
    }

    #[test]
    fn the_median_round_counts() {
        let rounds = |values: [u32; 3]| values.map(|value| (f64::from(value), Duration::ZERO)).to_vec();
        for (kind, ours, met) in [
            (Kind::Tcp, [1, 400, 900], true),
            (Kind::Tcp, [1, 399, 900], false),
            (Kind::Https, [1, 1, 1], true),
        ] {
            let rounds = [rounds(ours), rounds([100, 100, 100])];
            assert_eq!(at_once(&[AtOnce { kind, rounds }]).met, met, "{ours:?}");
        }
    }

    #[test]
    fn a_crowd_must_succeed_within_its_memory() {
        for (succeeded, peak_resident_kib, met) in [(9, 32 << 10, true), (8, 1, false), (9, (32 << 10) + 1, false)] {
            let crowd = || Crowd {
                succeeded,
                cpu_share: 0.1,
                peak_resident_kib,
                most_open_files: 20,
                slowest_percent: Duration::ZERO,
            };
            assert_eq!(crowds(9, &[crowd(), crowd()]).met, met);
        }
    }
}
