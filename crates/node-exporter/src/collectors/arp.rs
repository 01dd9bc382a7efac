//! Entries of ARP's table, from netlink, or with `--no-collector.arp.netlink` from /proc/net/arp, which has proxied
//! addresses too, but no entries that were never asked for. Where netlink is refused, as in units that restrict address
//! families, the file takes its place.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exposition::{Desc, Encoder};
use kernel_stats::net_arp;
use kernel_stats::rtnl_neigh::{self, Neighbour};

use crate::context::Context;
use crate::device_names::DeviceNames;
use crate::filter::Filter;
use crate::netlink::{Dump, dump};
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
            neighbours: Vec::new(),
            links: Vec::new(),
            source: context.proc("net/arp"),
            devices: context.network_devices(Filter::from_flags(context.flags(), INCLUDE, EXCLUDE)?),
        }))
    },
};

const ENTRIES: Desc<'_> = Desc::gauge("node_arp_entries", "ARP entries by device", &["device"]);

struct Arp {
    netlink: bool,
    neighbours: Vec<u8>,
    links: Vec<u8>,
    source: Source,
    devices: Filter,
}

impl Collector for Arp {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        if self.netlink {
            match dump(Dump::Neighbours, &mut self.neighbours) {
                Ok(()) => return self.collect_neighbours(out),
                Err(error) => log::debug!(
                    "asking netlink for neighbours: {error}; reading {}",
                    self.source.path().display()
                ),
            }
        }
        let devices = self.source.parse(net_arp::parse)?;
        encode(devices, &self.devices, out);
        Ok(())
    }
}

impl Arp {
    fn collect_neighbours(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let neighbours = rtnl_neigh::parse(&self.neighbours).map_err(CollectError::failed)?;
        // Devices are asked for last, so that those of all neighbours are known but for ones that have gone.
        let names = DeviceNames::read(&mut self.links)?;
        encode(devices(&neighbours, &names), &self.devices, out);
        Ok(())
    }
}

/// The device of each neighbour that ARP finds, which are those that the file shows.
fn devices<'a>(neighbours: &[Neighbour], names: &DeviceNames<'a>) -> Vec<&'a str> {
    let resolved = neighbours.iter().filter(|neighbour| neighbour.is_resolved());
    resolved
        .filter_map(|neighbour| names.get(neighbour.interface))
        .collect()
}

fn encode(mut devices: Vec<&str>, shown: &Filter, out: &mut Encoder) {
    devices.sort_unstable();
    let mut family = out.family(&ENTRIES);
    for entries in devices.chunk_by(|one, next| one == next) {
        if let Some(device) = entries.first().filter(|device| shown.shows(device)) {
            family.sample(&[*device], entries.len() as f64);
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
        let names = DeviceNames::new(vec![(4, "eth0"), (7, "veth0")]);
        assert_eq!(devices(&neighbours, &names), ["eth0", "eth0", "veth0"]);
    }

    #[test]
    fn entries_are_counted_by_device_and_filtered() {
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        let shown = Filter::Exclude(go_regex::parse("^veth").unwrap());
        encode(vec!["eth1", "eth0", "veth0", "eth1"], &shown, &mut out);
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
