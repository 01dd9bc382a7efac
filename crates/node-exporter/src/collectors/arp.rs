//! Entries of ARP's table, from netlink, or with `--no-collector.arp.netlink` from /proc/net/arp, which has proxied
//! addresses too, but no entries that were never asked for. Where netlink is refused, as in units that restrict address
//! families, the file takes its place.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exposition::{Desc, Encoder};
use kernel_stats::net_arp;
use kernel_stats::rtnl_neigh::{self, Neighbour};

use crate::context::Context;
use crate::filter::Filter;
use crate::netlink::table::{Dump, Table};
use crate::source::Source;

const INCLUDE: &str = "collector.arp.device-include";
const EXCLUDE: &str = "collector.arp.device-exclude";
const NETLINK: &str = "collector.arp.netlink";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "arp",
    enabled_by_default: true,
    flags: &[
        Flag::optional(
            INCLUDE,
            "Regexp of arp devices to include (mutually exclusive to device-exclude).",
        ),
        Flag::optional(
            EXCLUDE,
            "Regexp of arp devices to exclude (mutually exclusive to device-include).",
        ),
        Flag::switch(NETLINK, true, "Use netlink to gather stats instead of /proc/net/arp."),
    ],
    build: |context| {
        Ok(Box::new(Arp {
            netlink: context.flags().switch(NETLINK),
            neighbours: Table::of(Dump::Neighbours),
            source: context.proc("net/arp"),
            devices: context.network_devices(Filter::from_flags(context.flags(), INCLUDE, EXCLUDE)?),
        }))
    },
};

const ENTRIES: Desc<'_> = Desc::gauge("node_arp_entries", "ARP entries by device", &["device"]);

struct Arp {
    netlink: bool,
    neighbours: Table,
    source: Source,
    devices: Filter,
}

impl Collector for Arp {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        if self.netlink {
            match self.neighbours.read() {
                Ok(_) => return self.collect_neighbours(out),
                Err(error) => log::debug!(
                    "asking netlink for neighbours: {error}; reading {}",
                    self.source.path().display()
                ),
            }
        }
        let mut devices = self.source.parse(net_arp::parse)?;
        devices.sort_unstable();
        let entries = devices.chunk_by(|one, next| one == next);
        let entries = entries.filter_map(|entries| Some(((*entries.first()?).to_owned(), entries.len())));
        encode(entries, &self.devices, out);
        Ok(())
    }
}

impl Arp {
    fn collect_neighbours(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let neighbours = rtnl_neigh::parse(self.neighbours.last()).map_err(CollectError::failed)?;
        // Few devices have neighbours.
        let entries = entries(&neighbours, |device| self.neighbours.device_name(device));
        encode(entries, &self.devices, out);
        Ok(())
    }
}

/// The device of each neighbour that ARP finds, which are those that the file shows, and how many it has. A device that has
/// gone has no name.
fn entries(neighbours: &[Neighbour], name: impl Fn(u32) -> Option<String>) -> Vec<(String, usize)> {
    let resolved = neighbours.iter().filter(|neighbour| neighbour.is_resolved());
    let mut devices: Vec<u32> = resolved.map(|neighbour| neighbour.interface).collect();
    devices.sort_unstable();
    let groups = devices.chunk_by(|one, next| one == next);
    groups
        .filter_map(|group| Some((name(*group.first()?)?, group.len())))
        .collect()
}

fn encode(entries: impl IntoIterator<Item = (String, usize)>, shown: &Filter, out: &mut Encoder) {
    let mut family = out.family(&ENTRIES);
    for (device, count) in entries {
        if shown.shows(&device) {
            family.sample(&[device.as_str()], count as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use exporter_toolkit::go_regex;
    use exposition::{Format, assemble};

    use super::*;

    #[test]
    fn neighbours_that_need_no_arp_or_have_no_device_are_left_out() {
        let neighbours = [(4, 0x02), (4, 0x20), (4, 0x40), (7, 0), (9, 0x02)]
            .map(|(interface, state)| Neighbour { interface, state });
        let name = |device| match device {
            4 => Some("eth0".to_owned()),
            7 => Some("veth0".to_owned()),
            _ => None,
        };
        assert_eq!(
            entries(&neighbours, name),
            [("eth0".to_owned(), 2), ("veth0".to_owned(), 1)]
        );
    }

    #[test]
    fn entries_are_told_by_device_and_filtered() {
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        let shown = Filter::Exclude(go_regex::parse("^veth").unwrap());
        let entries = [("eth0", 1), ("eth1", 2), ("veth0", 1)].map(|(device, count)| (device.to_owned(), count));
        encode(entries, &shown, &mut out);
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = [
            "node_arp_entries{device=\"eth0\"} 1",
            "node_arp_entries{device=\"eth1\"} 2",
        ];
        assert_eq!(samples, expected);
    }
}
