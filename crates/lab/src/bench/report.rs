//! The results, for a person to read.

use std::{collections::BTreeSet, fmt::Write as _, time::Duration};

use anyhow::Result;

use super::{
    figures::Figures,
    floor::Floor,
    growth::{Curve, Point},
    line::Line,
    pair::{self, Pair},
};

/// What stands above the tables of growth.
pub(super) const GROWTH: &str = "\nHow the CPU time of a scrape grows, in µs. The last columns: what one more costs, by least squares over the sizes, \
     and how straight that line is (R²; 1 is straight).\n";

/// A part of the report.
pub(super) struct Part {
    pub(super) text: String,
    /// No target in it was missed.
    pub(super) met: bool,
}

impl Part {
    /// An empty table of ours beside upstream's.
    pub(super) fn beside_upstream(title: &str) -> Self {
        let text = format!("\n{title:<32}{:>10}{:>11}{:>9}   target\n", "ours", "upstream", "share");
        Self { text, met: true }
    }

    /// A line of such a table; an empty `target` is none, and so is a figure of the other's that is no number.
    pub(super) fn row(&mut self, name: &str, [ours, other]: [f64; 2], met: bool, target: &str) {
        let verdict = match (target, met) {
            ("", _) => String::new(),
            (target, true) => format!("   {target} met"),
            (target, false) => format!("   {target} MISSED"),
        };
        self.met &= met;
        let [other, share] = [other, ours / other].map(shown);
        // Writing to a String cannot fail.
        writeln!(self.text, "{name:<32}{ours:>10.3}{other:>11}{share:>9}{verdict}").ok();
    }
}

/// A dash where there is nothing to compare with.
fn shown(figure: f64) -> String {
    if figure.is_nan() {
        "-".to_owned()
    } else {
        format!("{figure:.3}")
    }
}

/// A figure of ours and of what it is compared with.
struct Row {
    name: &'static str,
    ours: f64,
    other: f64,
    /// The most that ours may be of the other.
    target: Option<Target>,
}

/// A target's share, and how people write it.
type Target = (f64, &'static str);

const FIFTH: Option<Target> = Some((0.2, "1/5"));
const QUARTER: Option<Target> = Some((0.25, "1/4"));
const HALF: Option<Target> = Some((0.5, "1/2"));
const OF_READING: Option<Target> = Some((1.5, "1.5"));

/// What is measured, where and how.
///
/// # Errors
/// A program does not start.
pub(super) fn heading(pair: &Pair, scrapes: u32) -> Result<String> {
    let [ours, upstream] = &pair.programs;
    let flags = if pair.flags.is_empty() {
        "default flags".to_owned()
    } else {
        pair.flags.join(" ")
    };
    Ok(format!(
        "node-exporter {} beside upstream's {}, {flags}\n\
         on {} CPUs, Linux {}; {scrapes} scrapes of each in turns, over one kept connection, gzip\n",
        pair::version(ours)?,
        pair::version(upstream)?,
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        rustix::system::uname().release().to_string_lossy(),
    ))
}

/// Ours beside upstream's.
pub(super) fn comparison(figures: &Figures) -> Part {
    let [ours, upstream] = &figures.costs;
    let mib = |bytes: u64| bytes as f64 / 1024.0 / 1024.0;
    let row = |name, [ours, other]: [f64; 2], target| Row {
        name,
        ours,
        other,
        target,
    };
    let both = |of: fn(&super::target::Cost) -> f64| [of(ours), of(upstream)];
    let rows = [
        row("CPU a scrape, ms", both(|cost| millis(cost.cpu_a_scrape)), FIFTH),
        row(
            "resident memory, MiB",
            both(|cost| cost.resident_kib as f64 / 1024.0),
            QUARTER,
        ),
        row("scrape, median, ms", both(|cost| millis(cost.median)), None),
        row(
            "scrape, 99th percentile, ms",
            both(|cost| millis(cost.slowest_percent)),
            QUARTER,
        ),
        row(
            "start to first answer, ms",
            figures.starts.first_answer.map(millis),
            QUARTER,
        ),
        row("size of the binary, MiB", figures.binary_bytes.map(mib), HALF),
        row(
            "answer on the wire, KiB",
            both(|cost| cost.wire_bytes as f64 / 1024.0),
            None,
        ),
    ];
    let mut part = table("upstream", &rows);
    part.text.push_str(&collectors(&figures.starts.texts));
    part
}

/// Ours beside only reading the files.
pub(super) fn floor(figures: &Figures, floor: Result<&Floor, &anyhow::Error>) -> Part {
    match (floor, figures.reading) {
        (Ok(floor), Some(reading)) => {
            let mut part = table(
                "reading",
                &[Row {
                    name: "CPU a scrape, ms",
                    ours: millis(figures.costs[0].cpu_a_scrape),
                    other: millis(reading),
                    target: OF_READING,
                }],
            );
            let files = floor.files();
            writeln!(
                part.text,
                "Reading: to open, read and close the {files} files that node-exporter reads in a scrape, and nothing else."
            )
            .ok();
            part
        }
        (floor, _) => Part {
            text: format!(
                "\nBeside only reading the files: left out, {:#}\n",
                floor.err().unwrap_or(&anyhow::anyhow!("it was not measured"))
            ),
            met: true,
        },
    }
}

fn table(other: &str, rows: &[Row]) -> Part {
    let mut text = format!("\n{:<29}{:>10}{other:>11}{:>9}   target\n", "", "ours", "share");
    let mut met = true;
    for row in rows {
        let share = row.ours / row.other;
        let missed = row.target.is_some_and(|(most, _)| share > most);
        met &= !missed;
        let verdict = row.target.map_or_else(String::new, |(_, words)| {
            format!("   ≤ {words:<4} {}", if missed { "MISSED" } else { "met" })
        });
        // Writing to a String cannot fail.
        writeln!(
            text,
            "{:<29}{:>10.3}{:>11.3}{share:>9.3}{verdict}",
            row.name, row.ours, row.other
        )
        .ok();
    }
    Part { text, met }
}

/// How many collectors answered, and where the two differ, for that is part of the cost.
fn collectors(texts: &[String; 2]) -> String {
    let [ours, upstream] = texts.each_ref().map(|text| successful(text));
    let mut text = format!(
        "Collectors with data: {} of ours, {} of upstream's.",
        ours.len(),
        upstream.len()
    );
    for (whose, only) in [("ours", &ours - &upstream), ("upstream's", &upstream - &ours)] {
        if !only.is_empty() {
            let names: Vec<&str> = only.into_iter().collect();
            write!(text, " Only {whose}: {}.", names.join(", ")).ok();
        }
    }
    text.push('\n');
    text
}

fn successful(text: &str) -> BTreeSet<&str> {
    let samples = text
        .lines()
        .filter_map(|line| line.strip_prefix("node_scrape_collector_success{collector=\""));
    samples.filter_map(|rest| rest.strip_suffix("\"} 1")).collect()
}

/// A table of sizes, or why there is none.
pub(super) fn growth(units: &str, curve: &Result<Curve>) -> String {
    match curve {
        Ok(curve) => growth_table(units, curve),
        Err(error) => format!("\n{units}: left out, {error:#}\n"),
    }
}

fn growth_table(units: &str, curve: &Curve) -> String {
    let mut text = format!("\n{units}, {}\n{:<10}", curve.note, "");
    for point in &curve.points {
        write!(text, "{:>11}", point.size).ok();
    }
    writeln!(text, "{:>14}{:>8}", "one more", "R²").ok();
    let lines = [0, 1].map(|side| line(&curve.points, side));
    for (name, side) in [("ours", 0), ("upstream", 1)] {
        write!(text, "{name:<10}").ok();
        for point in &curve.points {
            write!(text, "{:>11.0}", micros(point, side)).ok();
        }
        if let Some(line) = &lines[side] {
            write!(text, "{:>14.2}{:>8.3}", line.slope, line.straightness).ok();
        }
        text.push('\n');
    }
    write!(text, "{:<10}", "share").ok();
    for point in &curve.points {
        write!(text, "{:>11.3}", micros(point, 0) / micros(point, 1)).ok();
    }
    if let [Some(ours), Some(upstream)] = &lines {
        write!(text, "{:>14.3}", ours.slope / upstream.slope).ok();
    }
    text + "\n"
}

fn line(points: &[Point], side: usize) -> Option<Line> {
    let points: Vec<(f64, f64)> = points
        .iter()
        .map(|point| (f64::from(point.size), micros(point, side)))
        .collect();
    Line::through(&points)
}

fn micros(point: &Point, side: usize) -> f64 {
    point.cpu_a_scrape[side].as_secs_f64() * 1e6
}

pub(super) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_target_is_marked() {
        let row = |ours, target| Row {
            name: "figure",
            ours,
            other: 10.0,
            target,
        };
        for (ours, target, met, words) in [
            (2.0, FIFTH, true, "0.200   ≤ 1/5  met\n"),
            (2.1, FIFTH, false, "0.210   ≤ 1/5  MISSED\n"),
            (99.0, None, true, "9.900\n"),
        ] {
            let part = table("upstream", &[row(ours, target)]);
            assert_eq!(part.met, met);
            assert!(part.text.ends_with(words), "{}", part.text);
        }
    }

    #[test]
    fn what_upstream_does_not_have_is_a_dash() {
        let mut part = Part {
            text: String::new(),
            met: true,
        };
        part.row("demo-app", [1.5, f64::NAN], true, "");
        let expected = format!("{:<32}{:>10}{:>11}{:>9}\n", "demo-app", "1.500", "-", "-");
        assert_eq!(part.text, expected);
    }

    #[test]
    fn collectors_that_only_one_has_are_named() {
        let text = |names: &[&str]| -> String {
            let line = |name: &&str| format!("node_scrape_collector_success{{collector=\"{name}\"}} 1\n");
            names.iter().map(line).collect::<String>() + "node_scrape_collector_success{collector=\"zfs\"} 0\n"
        };
        let texts = [text(&["cpu", "os"]), text(&["cpu", "edac", "nvme"])];
        assert_eq!(
            collectors(&texts),
            "Collectors with data: 2 of ours, 3 of upstream's. Only ours: os. Only upstream's: edac, nvme.\n"
        );
    }

    #[test]
    fn growth_is_a_table_with_slopes() {
        let point = |size, ours, upstream| Point {
            size,
            cpu_a_scrape: [ours, upstream].map(Duration::from_micros),
        };
        let curve = Curve {
            note: "simulated".to_owned(),
            points: vec![point(1, 1002, 5010), point(100, 1200, 6000)],
        };
        let expected = "
CPUs, simulated
                    1        100      one more      R²
ours             1002       1200          2.00   1.000
upstream         5010       6000         10.00   1.000
share           0.200      0.200         0.200
";
        assert_eq!(growth("CPUs", &Ok(curve)), expected);
        let missing = growth("mounts", &Err(anyhow::anyhow!("it needs root")));
        assert_eq!(missing, "\nmounts: left out, it needs root\n");
    }
}
