//! Real servers by the labels that a flag chose: those whose labels are equal are added up. All label values lie in one
//! text that is kept, so that nothing is allocated for a server.

use std::fmt::Write;
use std::ops::Range;

use kernel_stats::ip_vs::Backend;

/// All labels that there can be.
pub(super) const LABELS: [&str; 6] = [
    "local_address",
    "local_mark",
    "local_port",
    "proto",
    "remote_address",
    "remote_port",
];

/// The sums of the last update.
pub(super) struct Backends {
    labels: Vec<&'static str>,
    text: String,
    rows: Vec<Row>,
}

/// The servers of equal labels.
pub(super) struct Row {
    /// Where the labels' values lie in the text; empty past the labels that were chosen.
    values: [Range<usize>; LABELS.len()],
    pub(super) weight: u64,
    pub(super) active_connections: u64,
    pub(super) inactive_connections: u64,
}

impl Backends {
    /// By these labels, which are some of [`LABELS`] in their order.
    pub(super) fn new(labels: Vec<&'static str>) -> Self {
        Self {
            labels,
            text: String::new(),
            rows: Vec::new(),
        }
    }

    /// The labels that were chosen.
    pub(super) fn labels(&self) -> &[&'static str] {
        &self.labels
    }

    /// The sums in the order of their labels, each with its labels' values.
    pub(super) fn rows(&self) -> impl Iterator<Item = ([&str; LABELS.len()], &Row)> {
        self.rows.iter().map(|row| (row.values_in(&self.text), row))
    }

    /// Takes the servers of a scrape in the place of those before.
    pub(super) fn update(&mut self, backends: &[Backend<'_>]) {
        let Self { labels, text, rows } = self;
        text.clear();
        rows.clear();
        rows.extend(backends.iter().map(|backend| Row::new(backend, labels, text)));
        rows.sort_unstable_by(|a, b| a.values_in(text).cmp(&b.values_in(text)));
        rows.dedup_by(|later, earlier| {
            let same = later.values_in(text) == earlier.values_in(text);
            if same {
                earlier.add(later);
            }
            same
        });
    }
}

impl Row {
    fn new(backend: &Backend<'_>, labels: &[&str], text: &mut String) -> Self {
        let mut values = <[Range<usize>; LABELS.len()]>::default();
        for (value, label) in values.iter_mut().zip(labels) {
            let start = text.len();
            push_value(label, backend, text);
            *value = start..text.len();
        }
        Self {
            values,
            weight: backend.weight,
            active_connections: backend.active_connections,
            inactive_connections: backend.inactive_connections,
        }
    }

    fn add(&mut self, other: &Self) {
        self.weight = self.weight.saturating_add(other.weight);
        self.active_connections = self.active_connections.saturating_add(other.active_connections);
        self.inactive_connections = self.inactive_connections.saturating_add(other.inactive_connections);
    }

    fn values_in<'a>(&self, text: &'a str) -> [&'a str; LABELS.len()] {
        self.values
            .each_ref()
            .map(|value| text.get(value.clone()).unwrap_or_default())
    }
}

fn push_value(label: &str, backend: &Backend<'_>, text: &mut String) {
    let service = &backend.service;
    let written = match label {
        "local_address" => service.address.map_or(Ok(()), |address| push_address(text, address)),
        "local_mark" => text.write_str(service.mark),
        "local_port" => write!(text, "{}", service.port),
        "proto" => text.write_str(service.protocol),
        "remote_address" => push_address(text, backend.address),
        "remote_port" => write!(text, "{}", backend.port),
        _ => Ok(()),
    };
    written.expect("a String takes any text");
}

/// Addresses of IPv4 inside IPv6 are shown as IPv4, as node_exporter does.
fn push_address(text: &mut String, address: std::net::IpAddr) -> std::fmt::Result {
    write!(text, "{}", address.to_canonical())
}

#[cfg(test)]
mod tests {
    use kernel_stats::ip_vs;

    use super::*;

    const FILE: &[u8] = b"\
TCP 0A000001:0050 rr
-> 0A000003:0051 Masq 1 2 3
-> 0A000002:0051 Masq 10 20 30
UDP 0A000001:0050 rr
-> 0A000002:0051 Masq 100 200 300
FWM 10 rr
-> [0000:0000:0000:0000:0000:ffff:0a00:0004]:0000 Masq 1000 2000 3000
";

    fn rows(labels: &[&'static str]) -> Vec<(Vec<String>, [u64; 3])> {
        let mut backends = Backends::new(labels.to_vec());
        for _ in 0..2 {
            backends.update(&ip_vs::parse(FILE).unwrap());
        }
        let values = |values: [&str; 6]| values.iter().take(labels.len()).map(ToString::to_string).collect();
        let numbers = |row: &Row| [row.weight, row.active_connections, row.inactive_connections];
        backends
            .rows()
            .map(|(labels, row)| (values(labels), numbers(row)))
            .collect()
    }

    #[test]
    fn all_labels_tell_all_servers_apart() {
        let rows = rows(&LABELS);
        let labels: Vec<_> = rows.iter().map(|(labels, _)| labels.join(" ")).collect();
        let expected = [
            " 10 0 FWM 10.0.0.4 0",
            "10.0.0.1  80 TCP 10.0.0.2 81",
            "10.0.0.1  80 TCP 10.0.0.3 81",
            "10.0.0.1  80 UDP 10.0.0.2 81",
        ];
        assert_eq!(labels, expected);
        assert_eq!(rows[1].1, [10, 20, 30]);
    }

    #[test]
    fn servers_of_equal_labels_are_added_up() {
        let row = |label: &str, numbers| (vec![label.to_owned()], numbers);
        let expected = [
            row("FWM", [1000, 2000, 3000]),
            row("TCP", [11, 22, 33]),
            row("UDP", [100, 200, 300]),
        ];
        assert_eq!(rows(&["proto"]), expected);
        assert_eq!(rows(&[]), [(vec![], [1111, 2222, 3333])]);
    }
}
