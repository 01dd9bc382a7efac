//! Properties of network devices, from netlink: one dump of rtnetlink, which has most of them, and one of ethtool, which
//! has speed and duplex, since Linux 5.6. What neither tells is read from /sys/class/net, from attributes that take no lock
//! over all of the network, as many others do.

use std::ffi::CStr;
use std::io;
use std::path::{Path, PathBuf};

use exporter_toolkit::collector::{CollectError, Collector};
use exposition::{Desc, Encoder};
use kernel_stats::ethtool_linkmodes::{self, LinkModes};
use kernel_stats::rtnl_link::{self, Link};
use rustix::net::netlink::GENERIC;

use super::statistics::STATISTICS;
use super::{BYTES_PER_MEGABIT, SPEED, UP};
use crate::filter::Filter;
use crate::netlink::table::{Dump, Table};
use crate::netlink::{attribute, dump_from, failed, family, generic};
use crate::sysfs::{Attributes, Folder};

const INFO: Desc<'_> = Desc::gauge(
    "node_network_info",
    "Non-numeric data of <iface>, value is always 1.",
    &["address", "broadcast", "device", "duplex", "ifalias", "operstate"],
);

/// A family and the number that it shows, if there is one.
type Property = (Desc<'static>, fn(&Link<'_>) -> Option<u32>);

const PROPERTIES: [Property; 13] = [
    (property!(gauge, "carrier"), |link| link.carrier.map(u32::from)),
    (property!(counter, "carrier_changes_total"), |link| link.carrier_changes),
    (property!(counter, "carrier_down_changes_total"), |link| {
        link.carrier_down_count
    }),
    (property!(counter, "carrier_up_changes_total"), |link| {
        link.carrier_up_count
    }),
    (property!(gauge, "dormant"), |link| {
        Some(u32::from(link.flags & FLAG_DORMANT != 0))
    }),
    (property!(gauge, "flags"), |link| Some(link.flags)),
    (property!(gauge, "iface_id"), |link| Some(link.index)),
    // The kernel leaves out that a device belongs to itself.
    (property!(gauge, "iface_link"), |link| {
        link.link.filter(|link| *link > 0).or(Some(link.index))
    }),
    (property!(gauge, "iface_link_mode"), |link| {
        link.link_mode.map(u32::from)
    }),
    (property!(gauge, "mtu_bytes"), |link| link.mtu),
    (property!(gauge, "net_dev_group"), |link| link.group),
    (property!(gauge, "protocol_type"), |link| {
        Some(link.hardware_type.into())
    }),
    (property!(gauge, "transmit_queue_length"), |link| link.queue_length),
];

/// `IFF_DORMANT` of netdevice(7), which is what the file `dormant` shows.
const FLAG_DORMANT: u32 = 0x2_0000;

/// The files of /sys whose numbers netlink does not tell.
const ATTRIBUTES: [(&CStr, Desc<'_>); 3] = [
    (c"addr_assign_type", property!(gauge, "address_assign_type")),
    (c"dev_id", property!(gauge, "device_id")),
    (c"name_assign_type", property!(gauge, "name_assign_type")),
];

/// The question for speed and duplex, and its only attribute: a header that asks for short bit sets.
const ETHTOOL_MSG_LINKMODES_GET: u8 = 4;
const ETHTOOL_A_LINKMODES_HEADER: u16 = 1;
const ETHTOOL_A_HEADER_FLAGS: u16 = 3;
const ETHTOOL_FLAG_COMPACT_BITSETS: u32 = 1;
const NLA_F_NESTED: u16 = 0x8000;

pub(super) struct RtnlNetClass {
    directory: PathBuf,
    shown: Filter,
    with_stats: bool,
    links: Table,
    modes: Vec<u8>,
    /// Ethtool's number, which stays the same while the kernel runs; `None` until it is known.
    ethtool: Option<u16>,
    attributes: Attributes,
}

/// What is known of one device.
struct Device<'a> {
    link: Link<'a>,
    modes: Option<LinkModes>,
    /// The numbers in the files of [`ATTRIBUTES`].
    attributes: [Option<i64>; ATTRIBUTES.len()],
}

impl Collector for RtnlNetClass {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        if let Err(error) = self.ask_ethtool() {
            // Old kernels do not know the question; all else is told without speed and duplex.
            log::debug!("asking netlink for link modes: {error}");
            self.modes.clear();
        }
        let links = self.links.read().map_err(|error| failed("links", &error))?;
        let devices = devices(links, &self.modes, &self.shown, |name| {
            attributes(&self.directory, name, &mut self.attributes)
        })?;
        encode(&devices, self.with_stats, out);
        self.attributes.finish()
    }
}

impl RtnlNetClass {
    pub(super) fn new(directory: PathBuf, shown: Filter, with_stats: bool) -> Self {
        Self {
            directory,
            shown,
            with_stats,
            links: Table::of(Dump::Links),
            modes: Vec::new(),
            ethtool: None,
            attributes: Attributes::default(),
        }
    }

    fn ask_ethtool(&mut self) -> io::Result<()> {
        let ethtool = match self.ethtool {
            Some(ethtool) => ethtool,
            None => *self.ethtool.insert(family("ethtool", &mut self.modes)?),
        };
        let flags = attribute(ETHTOOL_A_HEADER_FLAGS, &ETHTOOL_FLAG_COMPACT_BITSETS.to_ne_bytes());
        let header = attribute(NLA_F_NESTED | ETHTOOL_A_LINKMODES_HEADER, &flags);
        let question = generic(ETHTOOL_MSG_LINKMODES_GET, &header);
        dump_from(Some(GENERIC), ethtool, &question, &mut self.modes)
    }
}

/// The devices that are shown, by name.
fn devices<'a>(
    links: &'a [u8],
    modes: &[u8],
    shown: &Filter,
    mut attributes: impl FnMut(&str) -> [Option<i64>; ATTRIBUTES.len()],
) -> Result<Vec<Device<'a>>, CollectError> {
    let mut modes = ethtool_linkmodes::parse(modes).map_err(CollectError::failed)?;
    modes.sort_unstable_by_key(|modes| modes.interface);
    let mut links = rtnl_link::parse(links).map_err(CollectError::failed)?;
    links.retain(|link| shown.shows(link.name));
    links.sort_unstable_by_key(|link| link.name);
    // An interrupted answer of netlink may have a device twice.
    links.dedup_by_key(|link| link.name);
    let devices = links.into_iter().map(|link| {
        let found = modes.binary_search_by_key(&link.index, |modes| modes.interface);
        Device {
            link,
            modes: found.ok().and_then(|position| modes.get(position)).copied(),
            attributes: attributes(link.name),
        }
    });
    Ok(devices.collect())
}

fn attributes(class: &Path, device: &str, attributes: &mut Attributes) -> [Option<i64>; ATTRIBUTES.len()] {
    let folder = Folder::open(&class.join(device)).ok();
    ATTRIBUTES.map(|(file, _)| attributes.i64(folder.as_ref()?, file))
}

fn encode(devices: &[Device<'_>], with_stats: bool, out: &mut Encoder) {
    for (desc, value) in &PROPERTIES {
        let number = |device: &Device<'_>| value(&device.link).map(f64::from);
        encode_numbers(desc, devices, number, out);
    }
    for (index, (_, desc)) in ATTRIBUTES.iter().enumerate() {
        let number = |device: &Device<'_>| device.attributes[index].map(|number| number as f64);
        encode_numbers(desc, devices, number, out);
    }
    encode_numbers(&SPEED, devices, speed, out);
    encode_numbers(&UP, devices, |device| Some(f64::from(u8::from(device.is_up()))), out);
    encode_info(devices, out);
    if with_stats {
        for (desc, value) in &STATISTICS {
            let number = |device: &Device<'_>| device.link.stats.as_ref().map(|stats| value(stats) as f64);
            encode_numbers(desc, devices, number, out);
        }
    }
}

fn encode_numbers(
    desc: &Desc<'_>,
    devices: &[Device<'_>],
    number: impl Fn(&Device<'_>) -> Option<f64>,
    out: &mut Encoder,
) {
    let mut family = out.family(desc);
    for device in devices {
        if let Some(number) = number(device) {
            family.sample(&[device.link.name], number);
        }
    }
}

fn encode_info(devices: &[Device<'_>], out: &mut Encoder) {
    let mut family = out.family(&INFO);
    for device in devices {
        let labels = [
            &hardware_address(device.link.address),
            &hardware_address(device.link.broadcast),
            device.link.name,
            device.duplex(),
            device.link.alias.trim_ascii(),
            device.oper_state(),
        ];
        family.sample(&labels, 1.0);
    }
}

/// Bytes a second; `None` if no driver knows.
fn speed(device: &Device<'_>) -> Option<f64> {
    let megabits = device.modes?.speed?;
    Some((i64::from(megabits) * BYTES_PER_MEGABIT) as f64)
}

impl Device<'_> {
    fn is_up(&self) -> bool {
        self.oper_state() == "up"
    }

    /// The names of `IF_OPER_…` in include/uapi/linux/if.h.
    fn oper_state(&self) -> &'static str {
        match self.link.oper_state {
            1 => "notpresent",
            2 => "down",
            3 => "lowerlayerdown",
            4 => "testing",
            5 => "dormant",
            6 => "up",
            _ => "unknown",
        }
    }

    /// The names of `DUPLEX_…` in include/uapi/linux/ethtool.h; empty if there is no driver to ask.
    fn duplex(&self) -> &'static str {
        match self.modes.map(|modes| modes.duplex) {
            None => "",
            Some(Some(0)) => "Half",
            Some(Some(1)) => "Full",
            Some(_) => "Unknown",
        }
    }
}

/// Bytes in hexadecimal between colons.
fn hardware_address(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(":")
}

#[cfg(test)]
mod tests {
    use exposition::{Format, assemble};
    use kernel_stats::rtnl_link::LinkStats;

    use super::*;
    use crate::testing::root;

    fn link(name: &str) -> Link<'_> {
        Link {
            name,
            index: 7,
            hardware_type: 1,
            flags: 0x1_1043,
            address: &[2, 0xfc, 0, 0, 0, 1],
            ..Link::default()
        }
    }

    fn device(link: Link<'_>) -> Device<'_> {
        Device {
            link,
            modes: None,
            attributes: [None; ATTRIBUTES.len()],
        }
    }

    fn text(devices: &[Device<'_>], with_stats: bool) -> Vec<String> {
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        encode(devices, with_stats, &mut out);
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        samples.map(|line| line.replace("node_network_", "")).collect()
    }

    #[test]
    fn what_nobody_tells_is_missing_alone() {
        let expected = [
            r#"dormant{device="eth0"} 0"#,
            r#"flags{device="eth0"} 69699"#,
            r#"iface_id{device="eth0"} 7"#,
            r#"iface_link{device="eth0"} 7"#,
            r#"info{address="02:fc:00:00:00:01",broadcast="",device="eth0",duplex="",ifalias="",operstate="unknown"} 1"#,
            r#"protocol_type{device="eth0"} 1"#,
            r#"up{device="eth0"} 0"#,
        ];
        assert_eq!(text(&[device(link("eth0"))], true), expected);
    }

    #[test]
    fn statistics_are_shown_when_asked_for() {
        let stats = Some(LinkStats {
            rx_bytes: 5,
            ..LinkStats::default()
        });
        let devices = [device(Link { stats, ..link("eth0") })];
        assert_eq!(
            text(&devices, true).len(),
            text(&devices, false).len() + STATISTICS.len()
        );
        assert!(text(&devices, true).contains(&r#"receive_bytes_total{device="eth0"} 5"#.to_owned()));
    }

    #[test]
    fn states_have_names() {
        let states = [
            "unknown",
            "notpresent",
            "down",
            "lowerlayerdown",
            "testing",
            "dormant",
            "up",
            "unknown",
        ];
        for (oper_state, name) in (0..).zip(states) {
            let device = device(Link {
                oper_state,
                ..link("eth0")
            });
            assert_eq!((device.oper_state(), device.is_up()), (name, oper_state == 6));
        }
    }

    #[test]
    fn an_unknown_speed_is_not_shown_and_an_unknown_duplex_is() {
        for (speed, duplex, expected) in [
            (Some(10_000), Some(1), (Some(1.25e9), "Full")),
            (Some(10), Some(0), (Some(1.25e6), "Half")),
            (None, Some(255), (None, "Unknown")),
        ] {
            let device = Device {
                modes: Some(LinkModes {
                    interface: 7,
                    speed,
                    duplex,
                }),
                ..device(link("eth0"))
            };
            assert_eq!((super::speed(&device), device.duplex()), expected);
        }
    }

    #[test]
    fn dormant_is_the_state_and_not_the_mode() {
        let link = Link {
            flags: FLAG_DORMANT,
            link_mode: Some(0),
            link: Some(0),
            ..link("eth0")
        };
        let text = text(&[device(link)], false);
        for line in [
            r#"dormant{device="eth0"} 1"#,
            r#"iface_link_mode{device="eth0"} 0"#,
            r#"iface_link{device="eth0"} 7"#,
        ] {
            assert!(text.contains(&line.to_owned()), "{line} in {text:?}");
        }
    }

    #[test]
    fn attributes_of_a_device_that_has_gone_are_missing() {
        let root = root(&[("eth0/addr_assign_type", "3\n"), ("eth0/dev_id", "0x10\n")]);
        let mut files = Attributes::default();
        assert_eq!(attributes(root.path(), "eth0", &mut files), [Some(3), Some(16), None]);
        assert_eq!(attributes(root.path(), "eth1", &mut files), [None; 3]);
        assert!(files.finish().is_ok());
    }
}
