//! The result, for a person to read.

use std::time::Duration;

use super::target::Cost;

/// A row a figure: ours, upstream's, and what share of it ours is.
pub(super) fn render([ours, upstream]: &[Cost; 2], floor: Duration, scrapes: u32) -> String {
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let rows = [
        (
            "CPU a scrape, ms",
            millis(ours.cpu_a_scrape),
            millis(upstream.cpu_a_scrape),
        ),
        (
            "resident memory, MiB",
            ours.resident_kib as f64 / 1024.0,
            upstream.resident_kib as f64 / 1024.0,
        ),
        ("scrape, median, ms", millis(ours.median), millis(upstream.median)),
        (
            "scrape, 99th percentile, ms",
            millis(ours.slowest_percent),
            millis(upstream.slowest_percent),
        ),
        (
            "on the wire, KiB",
            ours.wire_bytes as f64 / 1024.0,
            upstream.wire_bytes as f64 / 1024.0,
        ),
    ];
    let mut text = format!("{:<28} {:>14} {:>10} {:>8}\n", "", ours.name, upstream.name, "share");
    for (name, ours, upstream) in rows {
        text.push_str(&format!(
            "{name:<28} {ours:>14.3} {upstream:>10.3} {:>7.0}%\n",
            100.0 * ours / upstream
        ));
    }
    let share = millis(ours.cpu_a_scrape) / millis(floor);
    text.push_str(&format!(
        "\nOnly reading the files takes {:.3} ms of CPU; node-exporter takes {share:.1} times that.\n\
         {scrapes} scrapes of each in turns, over one kept connection, gzip.\n",
        millis(floor)
    ));
    text
}
