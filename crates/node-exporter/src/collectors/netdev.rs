//! Traffic of network devices, from netlink, or with `--no-collector.netdev.netlink` from /proc/net/dev, which holds the
//! same sums but not `receive_nohandler`. Where netlink is refused, as in units that restrict address families, the file
//! takes its place.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exposition::{Desc, Encoder};
use kernel_stats::net_dev::{self, Interface, Receive, Transmit};
use kernel_stats::rtnl_link::{self, Link, LinkStats};

use crate::context::Context;
use crate::filter::Filter;
use crate::netlink::{Dump, dump};
use crate::source::Source;

const INCLUDE: &str = "collector.netdev.device-include";
const EXCLUDE: &str = "collector.netdev.device-exclude";
const NETLINK: &str = "collector.netdev.netlink";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "netdev",
    enabled_by_default: true,
    flags: &[
        Flag::optional(
            INCLUDE,
            "Regexp of net devices to include (mutually exclusive to device-exclude).",
        ),
        Flag::optional(
            EXCLUDE,
            "Regexp of net devices to exclude (mutually exclusive to device-include).",
        ),
        Flag::switch(NETLINK, true, "Use netlink to gather stats instead of /proc/net/dev."),
    ],
    build: |context| {
        Ok(Box::new(NetDev {
            netlink: context.flags().switch(NETLINK),
            answer: Vec::new(),
            source: context.proc("net/dev"),
            devices: context.network_devices(Filter::from_flags(context.flags(), INCLUDE, EXCLUDE)?),
        }))
    },
};

/// A family and the column that it shows.
type Column = (Desc<'static>, fn(&Interface<'_>) -> u64);

macro_rules! column {
    ($direction:ident, $field:ident) => {
        (
            Desc::counter(
                concat!(
                    "node_network_",
                    stringify!($direction),
                    "_",
                    stringify!($field),
                    "_total"
                ),
                concat!(
                    "Network device statistic ",
                    stringify!($direction),
                    "_",
                    stringify!($field),
                    "."
                ),
                &["device"],
            ),
            |interface| interface.$direction.$field,
        )
    };
}

const COLUMNS: [Column; 16] = [
    column!(receive, bytes),
    column!(receive, compressed),
    column!(receive, drop),
    column!(receive, errs),
    column!(receive, fifo),
    column!(receive, frame),
    column!(receive, multicast),
    column!(receive, packets),
    column!(transmit, bytes),
    column!(transmit, carrier),
    column!(transmit, colls),
    column!(transmit, compressed),
    column!(transmit, drop),
    column!(transmit, errs),
    column!(transmit, fifo),
    column!(transmit, packets),
];

const NOHANDLER: Desc<'_> = Desc::counter(
    "node_network_receive_nohandler_total",
    "Network device statistic receive_nohandler.",
    &["device"],
);

struct NetDev {
    netlink: bool,
    answer: Vec<u8>,
    source: Source,
    devices: Filter,
}

impl Collector for NetDev {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        if self.netlink {
            match dump(Dump::Links, &mut self.answer) {
                Ok(()) => return self.collect_links(out),
                Err(error) => log::debug!(
                    "asking netlink for links: {error}; reading {}",
                    self.source.path().display()
                ),
            }
        }
        let mut interfaces = self.source.parse(net_dev::parse)?;
        interfaces.retain(|interface| self.devices.shows(interface.name));
        encode(&mut interfaces, out);
        Ok(())
    }
}

impl NetDev {
    fn collect_links(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let mut links = rtnl_link::parse(&self.answer).map_err(CollectError::failed)?;
        links.retain(|link| self.devices.shows(link.name));
        links.sort_unstable_by_key(|link| link.name);
        encode(&mut links.iter().map(interface).collect::<Vec<_>>(), out);
        let mut family = out.family(&NOHANDLER);
        for link in &links {
            family.sample(&[link.name], link.stats.rx_nohandler as f64);
        }
        Ok(())
    }
}

fn encode(interfaces: &mut [Interface<'_>], out: &mut Encoder) {
    interfaces.sort_unstable_by_key(|interface| interface.name);
    for (desc, value) in &COLUMNS {
        let mut family = out.family(desc);
        for interface in &*interfaces {
            family.sample(&[interface.name], value(interface) as f64);
        }
    }
}

/// The numbers of a link as /proc/net/dev sums them up, which the names of the families go by.
/// Source: dev_seq_printf_stats in net/core/net-procfs.c.
fn interface<'a>(link: &Link<'a>) -> Interface<'a> {
    Interface {
        name: link.name,
        receive: receive(&link.stats),
        transmit: transmit(&link.stats),
    }
}

fn receive(stats: &LinkStats) -> Receive {
    let frame = [
        stats.rx_frame_errors,
        stats.rx_length_errors,
        stats.rx_over_errors,
        stats.rx_crc_errors,
    ];
    Receive {
        bytes: stats.rx_bytes,
        packets: stats.rx_packets,
        errs: stats.rx_errors,
        drop: stats.rx_dropped.wrapping_add(stats.rx_missed_errors),
        fifo: stats.rx_fifo_errors,
        frame: sum(frame),
        compressed: stats.rx_compressed,
        multicast: stats.multicast,
    }
}

fn transmit(stats: &LinkStats) -> Transmit {
    let carrier = [
        stats.tx_carrier_errors,
        stats.tx_aborted_errors,
        stats.tx_window_errors,
        stats.tx_heartbeat_errors,
    ];
    Transmit {
        bytes: stats.tx_bytes,
        packets: stats.tx_packets,
        errs: stats.tx_errors,
        drop: stats.tx_dropped,
        fifo: stats.tx_fifo_errors,
        colls: stats.collisions,
        carrier: sum(carrier),
        compressed: stats.tx_compressed,
    }
}

/// As the kernel adds them up: drivers may report anything.
fn sum(counts: [u64; 4]) -> u64 {
    counts.into_iter().fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_summed_up_as_in_the_file() {
        let stats = LinkStats {
            rx_dropped: 1,
            rx_missed_errors: 2,
            rx_frame_errors: 4,
            rx_length_errors: 8,
            rx_over_errors: 16,
            rx_crc_errors: 32,
            tx_carrier_errors: 64,
            tx_aborted_errors: 128,
            tx_window_errors: 256,
            tx_heartbeat_errors: 512,
            collisions: u64::MAX,
            ..LinkStats::default()
        };
        let expected = Interface {
            name: "eth0",
            receive: Receive {
                drop: 3,
                frame: 60,
                ..Receive::default()
            },
            transmit: Transmit {
                carrier: 960,
                colls: u64::MAX,
                ..Transmit::default()
            },
        };
        assert_eq!(interface(&Link { name: "eth0", stats }), expected);
    }
}
