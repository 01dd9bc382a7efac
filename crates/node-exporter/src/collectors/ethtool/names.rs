//! Names of families for the statistics of a driver, which may call them anything: `rx_queue_0_xdp_packets`,
//! `Queue[0] AllocFails`.

use std::collections::BTreeMap;

use exporter_toolkit::collector::BuildError;
use exporter_toolkit::go_regex::Expression;
use regex::Regex;

use crate::field_names::{FieldFamily, odd_characters};

/// Statistics that have names and help of their own.
const KNOWN: [(&str, &str, &str); 7] = [
    ("rx_bytes", "received_bytes_total", "Network interface bytes received"),
    (
        "rx_dropped",
        "received_dropped_total",
        "Number of received frames dropped",
    ),
    (
        "rx_errors",
        "received_errors_total",
        "Number of received frames with errors",
    ),
    (
        "rx_packets",
        "received_packets_total",
        "Network interface packets received",
    ),
    ("tx_bytes", "transmitted_bytes_total", "Network interface bytes sent"),
    (
        "tx_errors",
        "transmitted_errors_total",
        "Number of sent frames with errors",
    ),
    (
        "tx_packets",
        "transmitted_packets_total",
        "Network interface packets sent",
    ),
];

/// What names are made by.
pub(super) struct Naming {
    odd: Regex,
    shown: Expression,
}

impl Naming {
    /// Names of statistics that match `shown` once their odd characters are gone.
    pub(super) fn new(shown: Expression) -> Result<Self, BuildError> {
        let odd = odd_characters()?;
        Ok(Self { odd, shown })
    }

    /// The families of one device's statistics, each with the position of its statistic, sorted by name. Of names that
    /// become equal none is shown, since nobody could tell which is meant; of equal names the last one is.
    pub(super) fn families<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Vec<(usize, FieldFamily)> {
        let positions: BTreeMap<&str, usize> = names.into_iter().zip(0..).collect();
        let mut families: BTreeMap<String, Option<(usize, FieldFamily)>> = BTreeMap::new();
        for (name, position) in positions {
            let name = self.odd.replace_all(name, "_");
            let key = family_name(&name);
            if key.is_empty() || !self.shown.is_match(&name) {
                continue;
            }
            let family = (position, family(&name, &key));
            families
                .entry(key)
                .and_modify(|first| *first = None)
                .or_insert(Some(family));
        }
        families.into_values().flatten().collect()
    }
}

fn family(name: &str, key: &str) -> FieldFamily {
    let (key, help) = match KNOWN.iter().find(|(known, ..)| *known == name) {
        Some((_, key, help)) => (*key, (*help).to_owned()),
        None => (key, format!("Network interface {name}")),
    };
    FieldFamily {
        name: format!("node_ethtool_{key}"),
        help,
    }
}

/// The end of the family's name, for a name without odd characters.
fn family_name(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let name = spell_out(name.trim_start_matches('_'), "rx", "received");
    spell_out(&name, "tx", "transmitted")
}

/// Replaces the word `short`, but not right behind one that was replaced, as node_exporter does: `tx_tx_timeouts` is
/// `transmitted_tx_timeouts`.
fn spell_out(name: &str, short: &str, long: &str) -> String {
    let mut replaced = false;
    let words = name.split('_').map(|word| {
        replaced = word == short && !replaced;
        if replaced { long } else { word }
    });
    words.collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use exporter_toolkit::go_regex;

    use super::*;

    fn families(shown: &str, names: &[&str]) -> Vec<(usize, String, String)> {
        let naming = Naming::new(go_regex::parse(shown).unwrap()).unwrap();
        let families = naming.families(names.iter().copied());
        let told = families
            .into_iter()
            .map(|(position, family)| (position, family.name, family.help));
        told.collect()
    }

    #[test]
    fn names_are_cleaned_and_spelled_out() {
        for (name, family, help) in [
            ("peer_ifindex", "peer_ifindex", "Network interface peer_ifindex"),
            ("rx_bytes", "received_bytes_total", "Network interface bytes received"),
            (
                "port.rx_errors",
                "port_received_errors",
                "Network interface port_rx_errors",
            ),
            ("Queue[0] Fails", "queue_0_fails", "Network interface Queue_0_Fails"),
            (
                "Tx LPI count",
                "transmitted_lpi_count",
                "Network interface Tx_LPI_count",
            ),
            ("[3]: tx_bytes", "3_transmitted_bytes", "Network interface _3_tx_bytes"),
            ("    err", "err", "Network interface _err"),
            ("a__ __ b", "a__b", "Network interface a__b"),
            ("a__b", "a__b", "Network interface a__b"),
            ("rx0_tx_rx", "rx0_transmitted_received", "Network interface rx0_tx_rx"),
            ("tx_tx_time", "transmitted_tx_time", "Network interface tx_tx_time"),
            ("prerx_packets", "prerx_packets", "Network interface prerx_packets"),
        ] {
            let expected = (0, format!("node_ethtool_{family}"), help.to_owned());
            assert_eq!(families(".*", &[name]), [expected], "{name}");
        }
    }

    #[test]
    fn names_that_become_equal_are_not_shown_and_equal_names_are_their_last() {
        let positions = |names: &[&str]| -> Vec<usize> {
            let families = families(".*", names);
            families.into_iter().map(|(position, ..)| position).collect()
        };
        assert_eq!(positions(&["b", "rx.a", "rx_a", "RX a", "a"]), [4, 0]);
        assert_eq!(positions(&["a", "b", "a"]), [2, 1]);
        assert_eq!(positions(&["", "???", "_"]), [0; 0]);
    }

    #[test]
    fn clean_names_are_filtered() {
        let found = families("^port_rx|drops$", &["port.rx", "rx_drops", "port.tx", "rx_kicks"]);
        let positions: Vec<usize> = found.iter().map(|(position, ..)| *position).collect();
        assert_eq!(positions, [0, 1]);
    }
}
