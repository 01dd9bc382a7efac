//! The results of `lab bench --exporter container`, for a person to read.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
    time::Duration,
};

use super::{line::Line, report::Part, target::Cost};

/// Of ours and of upstream's, in this order.
pub(super) struct Compared {
    pub(super) containers: u32,
    pub(super) costs: [Cost; 2],
    pub(super) texts: [String; 2],
    /// The same without the containers' own labels.
    pub(super) bare: [String; 2],
    /// CPU while nobody scrapes, as a share of one core.
    pub(super) idle_share: [f64; 2],
}

/// Ours alone, at one size.
pub(super) struct Grown {
    pub(super) cgroups: u32,
    pub(super) cpu_a_scrape: Duration,
    /// How many of the cgroups it told of.
    pub(super) seen: usize,
    pub(super) open_files: usize,
}

/// CPU of a core while nobody scrapes: 0.02 %.
const MOST_IDLE: f64 = 0.0002;
const MOST_MICROS_A_CGROUP: f64 = 40.0;
const LEAST_STRAIGHTNESS: f64 = 0.98;

/// What is measured, where and how.
pub(super) fn heading(ours: &Path, upstream: &Path, scrapes: u32) -> String {
    format!(
        "{} beside {}, default flags, real containers\non {} CPUs, Linux {}; {scrapes} scrapes of each in turns, over one kept connection, gzip\n",
        ours.display(),
        upstream.display(),
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        rustix::system::uname().release().to_string_lossy(),
    )
}

/// Ours beside upstream's.
pub(super) fn comparison(compared: &Compared) -> Part {
    let mut part = Part::beside_upstream(&format!("{} containers", compared.containers));
    let both = |of: fn(&Cost) -> f64| compared.costs.each_ref().map(of);
    let payload = same_series(&compared.texts);
    let bare = same_series(&compared.bare);
    for (name, [ours, other], most, words) in [
        (
            "CPU a scrape, ms",
            both(|cost| cost.cpu_a_scrape.as_secs_f64() * 1e3),
            1.0 / 15.0,
            "≤ 1/15",
        ),
        (
            "resident memory, MiB",
            both(|cost| cost.resident_kib as f64 / 1024.0),
            0.2,
            "≤ 1/5",
        ),
        (
            "text of the same series, KiB",
            payload.bytes.map(|bytes| bytes as f64 / 1024.0),
            0.25,
            "≤ 1/4",
        ),
        (
            "… without container labels, KiB",
            bare.bytes.map(|bytes| bytes as f64 / 1024.0),
            f64::MAX,
            "",
        ),
        (
            "whole text, KiB",
            compared.texts.each_ref().map(|text| text.len() as f64 / 1024.0),
            f64::MAX,
            "",
        ),
        (
            "whole answer, gzip, KiB",
            both(|cost| cost.wire_bytes as f64 / 1024.0),
            f64::MAX,
            "",
        ),
        (
            "scrape, median, ms",
            both(|cost| cost.median.as_secs_f64() * 1e3),
            f64::MAX,
            "",
        ),
    ] {
        part.row(name, [ours, other], ours / other <= most, words);
    }
    let idle = compared.idle_share;
    part.row(
        "CPU while nobody scrapes, %",
        idle.map(|share| share * 100.0),
        idle[0] <= MOST_IDLE,
        "≤ 0.02 %",
    );
    // Writing to a String cannot fail.
    writeln!(
        part.text,
        "Series with a value: {} of ours, {} of upstream's, {} in both; these are the same series, {:.0} and {:.0} bytes each.\n\
         Names, labels and values of the same series are the same bytes: upstream's text adds a time stamp to each and empty\n\
         labels where a container lacks what another one has. Whole answers hold what only one of the two reports, too.",
        payload.counts[0],
        payload.counts[1],
        payload.common,
        payload.bytes[0] as f64 / payload.common.max(1) as f64,
        payload.bytes[1] as f64 / payload.common.max(1) as f64,
    )
    .ok();
    part
}

/// What the lines of series cost that both have.
struct Payload {
    bytes: [usize; 2],
    counts: [usize; 2],
    common: usize,
}

fn same_series(texts: &[String; 2]) -> Payload {
    let series = texts.each_ref().map(|text| {
        let lines = text
            .lines()
            .filter(|line| line.starts_with("container_") || line.starts_with("machine_"));
        lines
            .map(|line| (identity(line), line.len() + 1))
            .collect::<BTreeMap<_, _>>()
    });
    let common: BTreeSet<&String> = series[0].keys().filter(|name| series[1].contains_key(*name)).collect();
    let bytes = |side: usize| common.iter().filter_map(|name| series[side].get(*name)).sum();
    Payload {
        bytes: [bytes(0), bytes(1)],
        counts: [series[0].len(), series[1].len()],
        common: common.len(),
    }
}

/// The name and the labels of a sample, sorted and without empty ones.
fn identity(line: &str) -> String {
    let Some((name, rest)) = line.split_once('{') else {
        return line.split(' ').next().unwrap_or_default().to_owned();
    };
    let labels = rest.rsplit_once('}').map_or(rest, |(labels, _)| labels);
    // Values of the containers here hold neither commas nor quotes.
    let mut labels: Vec<&str> = labels.split(',').filter(|label| !label.ends_with("=\"\"")).collect();
    labels.sort_unstable();
    format!("{name}{{{}}}", labels.join(","))
}

/// How many cgroups below `path` a text tells of.
pub(super) fn rows(text: &str, path: &str) -> usize {
    let start = format!("container_last_seen{{id=\"{path}/");
    text.lines().filter(|line| line.starts_with(&start)).count()
}

/// What one more cgroup costs.
pub(super) fn growth(grown: &[Grown]) -> Part {
    let mut part = Part {
        text: "\ncgroups without a process   CPU a scrape, ms   told of   open files (soft limit 1,024)\n".to_owned(),
        met: true,
    };
    for one in grown {
        let (cpu, seen) = (one.cpu_a_scrape.as_secs_f64() * 1e3, one.seen);
        writeln!(
            part.text,
            "{:>25}{cpu:>19.3}{seen:>10}{:>13}",
            one.cgroups, one.open_files
        )
        .ok();
        part.met &= seen == one.cgroups as usize;
    }
    if let Some(most) = grown.last() {
        let micros = most.cpu_a_scrape.as_secs_f64() * 1e6 / f64::from(most.cgroups.max(1));
        let met = micros <= MOST_MICROS_A_CGROUP;
        part.met &= met;
        writeln!(
            part.text,
            "at {}: {micros:.2} µs a cgroup and scrape   ≤ {MOST_MICROS_A_CGROUP} µs {}",
            most.cgroups,
            verdict(met)
        )
        .ok();
    }
    let points: Vec<_> = grown
        .iter()
        .map(|one| (f64::from(one.cgroups), one.cpu_a_scrape.as_secs_f64() * 1e6))
        .collect();
    if let Some(line) = Line::through(&points) {
        let met = line.slope <= MOST_MICROS_A_CGROUP && line.straightness >= LEAST_STRAIGHTNESS;
        part.met &= met;
        writeln!(
            part.text,
            "one more: {:.2} µs, R² {:.3}   ≤ {MOST_MICROS_A_CGROUP} µs and ≥ {LEAST_STRAIGHTNESS} {}",
            line.slope,
            line.straightness,
            verdict(met)
        )
        .ok();
    }
    part
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_series_is_found_whatever_the_order_and_the_empty_labels() {
        let ours =
            "# HELP container_a b\ncontainer_a{id=\"/x\",name=\"n\"} 1\ncontainer_c{id=\"/\"} 2\nmachine_d 3\ngo_e 1\n";
        let upstream =
            "container_a{container_label_q=\"\",name=\"n\",id=\"/x\",image=\"\"} 1 1700000000000\nmachine_d 3\n";
        let payload = same_series(&[ours.to_owned(), upstream.to_owned()]);
        assert_eq!((payload.counts, payload.common), ([3, 2], 2));
        assert_eq!(payload.bytes, [44, upstream.len()]);
    }

    #[test]
    fn a_growth_that_is_too_steep_bent_or_incomplete_misses_its_target() {
        let grown = |micros: [u64; 3], seen: usize| {
            let of = |(cgroups, micros): (u32, u64)| Grown {
                cgroups,
                cpu_a_scrape: Duration::from_micros(micros),
                seen: seen.min(cgroups as usize),
                open_files: 9,
            };
            growth(&[(1, micros[0]), (500, micros[1]), (1000, micros[2])].map(of)).met
        };
        assert!(grown([100, 15_000, 30_000], 1000));
        assert!(!grown([100, 25_000, 50_000], 1000), "steep");
        assert!(!grown([100, 100, 30_000], 1000), "bent");
        assert!(!grown([100, 15_000, 30_000], 999), "incomplete");
    }
}
