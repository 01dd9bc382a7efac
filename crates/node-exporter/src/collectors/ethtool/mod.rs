//! What the drivers of network devices tell over the ioctl of ethtool(8): statistics of their own, the driver and its
//! firmware, link modes. The devices are those of /sys/class/net; a question that a driver does not answer is left out.

mod link_modes;
mod names;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use exporter_toolkit::collector::{BuildError, CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exposition::{Desc, Encoder, Kind};

use self::link_modes::{ASYMMETRIC_PAUSE, AUTONEGOTIATION, PAUSE, has, ports, speeds};
use self::names::Naming;
use crate::context::Context;
use crate::field_names::FieldFamily;
use crate::filter::{Filter, regex_flag};
use crate::syscall::ethtool::{self, DriverInfo, LinkSettings};
use crate::sysfs::Folder;

const DEVICE_INCLUDE: &str = "collector.ethtool.device-include";
const DEVICE_EXCLUDE: &str = "collector.ethtool.device-exclude";
const METRICS_INCLUDE: &str = "collector.ethtool.metrics-include";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "ethtool",
    enabled_by_default: false,
    flags: &[
        Flag::optional(
            DEVICE_INCLUDE,
            "Regexp of ethtool devices to include (mutually exclusive to device-exclude).",
        ),
        Flag::optional(
            DEVICE_EXCLUDE,
            "Regexp of ethtool devices to exclude (mutually exclusive to device-include).",
        ),
        Flag::value(METRICS_INCLUDE, ".*", "Regexp of ethtool stats to include."),
    ],
    build,
};

const INFO: Desc<'_> = Desc::gauge(
    "node_ethtool_info",
    "A metric with a constant '1' value labeled by bus_info, device, driver, expansion_rom_version, firmware_version, version.",
    &[
        "bus_info",
        "device",
        "driver",
        "expansion_rom_version",
        "firmware_version",
        "version",
    ],
);
const SUPPORTED_PORT: Desc<'_> = Desc::gauge(
    "node_network_supported_port_info",
    "Type of ports or PHYs supported by network device",
    &["device", "type"],
);
const SUPPORTED_SPEED: Desc<'_> = Desc::gauge(
    "node_network_supported_speed_bytes",
    "Combination of speeds and features supported by network device",
    &["device", "duplex", "mode"],
);
const ADVERTISED_SPEED: Desc<'_> = Desc::gauge(
    "node_network_advertised_speed_bytes",
    "Combination of speeds and features offered by network device",
    &["device", "duplex", "mode"],
);

/// A family of link settings, and the value that it shows.
type LinkFamily = (Desc<'static>, fn(&LinkSettings) -> u8);

const LINK: [LinkFamily; 7] = [
    (
        Desc::gauge(
            "node_network_asymmetricpause_advertised",
            "If this port device offers asymmetric pause capability",
            &["device"],
        ),
        |link| has(&link.advertised, ASYMMETRIC_PAUSE).into(),
    ),
    (
        Desc::gauge(
            "node_network_asymmetricpause_supported",
            "If this port device supports asymmetric pause frames",
            &["device"],
        ),
        |link| has(&link.supported, ASYMMETRIC_PAUSE).into(),
    ),
    (
        Desc::gauge(
            "node_network_autonegotiate",
            "If this port is using autonegotiate",
            &["device"],
        ),
        |link| link.autonegotiation,
    ),
    (
        Desc::gauge(
            "node_network_autonegotiate_advertised",
            "If this port device offers autonegotiate",
            &["device"],
        ),
        |link| has(&link.advertised, AUTONEGOTIATION).into(),
    ),
    (
        Desc::gauge(
            "node_network_autonegotiate_supported",
            "If this port device supports autonegotiate",
            &["device"],
        ),
        |link| has(&link.supported, AUTONEGOTIATION).into(),
    ),
    (
        Desc::gauge(
            "node_network_pause_advertised",
            "If this port device offers pause capability",
            &["device"],
        ),
        |link| has(&link.advertised, PAUSE).into(),
    ),
    (
        Desc::gauge(
            "node_network_pause_supported",
            "If this port device supports pause frames",
            &["device"],
        ),
        |link| has(&link.supported, PAUSE).into(),
    ),
];

fn build(context: &Context) -> Result<Box<dyn Collector>, BuildError> {
    let flags = context.flags();
    Ok(Box::new(Ethtool {
        class: context.sys_path("class/net"),
        devices: context.network_devices(Filter::from_flags(flags, DEVICE_INCLUDE, DEVICE_EXCLUDE)?),
        naming: Naming::new(regex_flag(flags, METRICS_INCLUDE)?)?,
        kernel: ethtool::Ethtool::open()?,
        statistics: BTreeMap::new(),
    }))
}

struct Ethtool {
    class: PathBuf,
    devices: Filter,
    naming: Naming,
    kernel: ethtool::Ethtool,
    /// By device. Drivers have up to thousands of statistics, so the families are made once.
    statistics: BTreeMap<String, Statistics>,
}

/// One device's statistics.
#[derive(Default)]
struct Statistics {
    /// As the driver told them when the families were made.
    names: Vec<[u8; ethtool::TEXT]>,
    families: Vec<(usize, FieldFamily)>,
    /// Of this scrape, by position.
    values: Vec<u64>,
}

/// What a device tells of its link and its driver.
struct Device {
    name: String,
    link: Option<LinkSettings>,
    driver: Option<DriverInfo>,
}

impl Collector for Ethtool {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let mut names = Folder::open(&self.class)?.folders()?;
        if names.is_empty() {
            return Err(CollectError::NoData("no network devices found".into()));
        }
        names.retain(|name| self.devices.shows(name));
        let devices = self.read(names);
        encode_links(&devices, out);
        encode_drivers(&devices, out);
        encode_statistics(&self.statistics, out);
        Ok(())
    }
}

impl Ethtool {
    fn read(&mut self, names: Vec<String>) -> Vec<Device> {
        self.statistics.retain(|name, _| names.contains(name));
        let mut devices = Vec::new();
        for name in names {
            let statistics = self.statistics.entry(name.clone()).or_default();
            if answered(&name, statistics.read(&name, &mut self.kernel, &self.naming)).is_none() {
                statistics.values.clear();
            }
            devices.push(Device {
                link: answered(&name, self.kernel.link_settings(&name)),
                driver: answered(&name, self.kernel.driver_info(&name)),
                name,
            });
        }
        devices
    }
}

impl Statistics {
    fn read(&mut self, device: &str, kernel: &mut ethtool::Ethtool, naming: &Naming) -> io::Result<()> {
        let names = kernel.statistic_names(device)?;
        if names != self.names {
            self.names = names.to_vec();
            let names: Vec<String> = names.iter().map(|name| ethtool::text(name)).collect();
            self.families = naming.families(names.iter().map(String::as_str));
        }
        let values = kernel.statistics(device, self.names.len())?;
        if values.len() != self.names.len() {
            return Err(io::Error::other("the statistics changed while they were read"));
        }
        self.values.clear();
        self.values.extend(values);
        Ok(())
    }
}

/// Drivers answer what they have; the rest is no failure.
fn answered<T>(device: &str, answer: io::Result<T>) -> Option<T> {
    answer
        .inspect_err(|error| log::debug!(device, error:%; "a network device left a question open"))
        .ok()
}

fn encode_links(devices: &[Device], out: &mut Encoder) {
    let links = || {
        let links = devices.iter().map(|device| (device.name.as_str(), &device.link));
        links.filter_map(|(name, link)| Some((name, link.as_ref()?)))
    };
    for (desc, value) in &LINK {
        let mut family = out.family(desc);
        for (name, link) in links() {
            family.sample(&[name], value(link).into());
        }
    }
    let mut family = out.family(&SUPPORTED_PORT);
    for (name, link) in links() {
        for port in ports(&link.supported) {
            family.sample(&[name, port], 1.0);
        }
    }
    let of_supported: fn(&LinkSettings) -> &[u32] = |link| &link.supported;
    let of_advertised: fn(&LinkSettings) -> &[u32] = |link| &link.advertised;
    for (desc, modes) in [(SUPPORTED_SPEED, of_supported), (ADVERTISED_SPEED, of_advertised)] {
        let mut family = out.family(&desc);
        for (name, link) in links() {
            for speed in speeds(modes(link)) {
                family.sample(&[name, speed.duplex, speed.mode], speed.bytes_per_second);
            }
        }
    }
}

fn encode_drivers(devices: &[Device], out: &mut Encoder) {
    let mut family = out.family(&INFO);
    for device in devices {
        if let Some(driver) = &device.driver {
            let labels = [
                driver.bus_info.as_str(),
                &device.name,
                &driver.driver,
                &driver.expansion_rom_version,
                &driver.firmware_version,
                &driver.version,
            ];
            family.sample(&labels, 1.0);
        }
    }
}

/// Writes device by device: which families there are is known to each driver alone.
fn encode_statistics(statistics: &BTreeMap<String, Statistics>, out: &mut Encoder) {
    for (device, statistics) in statistics {
        for (position, family) in &statistics.families {
            if let Some(value) = statistics.values.get(*position) {
                let desc = Desc::new(&family.name, &family.help, Kind::Untyped, &["device"]);
                out.family(&desc).sample(&[device.as_str()], *value as f64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use exporter_toolkit::go_regex;
    use exposition::{Format, assemble};

    use super::*;

    fn text(write: impl FnOnce(&mut Encoder)) -> String {
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        write(&mut out);
        assert!(assemble([&out], &mut text).is_empty());
        let text = String::from_utf8(text).unwrap();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        samples.map(|line| format!("{line}\n")).collect()
    }

    fn device(name: &str, link: Option<LinkSettings>, driver: Option<&str>) -> Device {
        let driver = driver.map(|driver| DriverInfo {
            driver: driver.to_owned(),
            version: "6.18".to_owned(),
            firmware_version: "0.5-4".to_owned(),
            bus_info: "0000:00:1f.6".to_owned(),
            expansion_rom_version: String::new(),
        });
        Device {
            name: name.to_owned(),
            link,
            driver,
        }
    }

    #[test]
    fn what_a_device_does_not_tell_is_left_out() {
        let link = LinkSettings {
            autonegotiation: 1,
            supported: vec![1 << 13 | 1 << 7 | 1 << 6 | 1 << 5 | 1, 1 << (47 - 32)],
            advertised: vec![1 << 14 | 1 << 5, 0],
        };
        let devices = [
            device("eth0", Some(link), Some("e1000e")),
            device("ifb0", None, Some("ifb")),
            device("lo", None, None),
        ];
        let expected = "\
node_network_advertised_speed_bytes{device=\"eth0\",duplex=\"full\",mode=\"1000baseT\"} 1.25e+08
node_network_asymmetricpause_advertised{device=\"eth0\"} 1
node_network_asymmetricpause_supported{device=\"eth0\"} 0
node_network_autonegotiate{device=\"eth0\"} 1
node_network_autonegotiate_advertised{device=\"eth0\"} 0
node_network_autonegotiate_supported{device=\"eth0\"} 1
node_network_pause_advertised{device=\"eth0\"} 0
node_network_pause_supported{device=\"eth0\"} 1
node_network_supported_port_info{device=\"eth0\",type=\"TP\"} 1
node_network_supported_speed_bytes{device=\"eth0\",duplex=\"full\",mode=\"1000baseT\"} 1.25e+08
node_network_supported_speed_bytes{device=\"eth0\",duplex=\"full\",mode=\"2500baseT\"} 3.125e+08
node_network_supported_speed_bytes{device=\"eth0\",duplex=\"half\",mode=\"10baseT\"} 1.25e+06
";
        assert_eq!(text(|out| encode_links(&devices, out)), expected);
        let text = text(|out| encode_drivers(&devices, out));
        assert_eq!(text.lines().count(), 2);
        let first = "node_ethtool_info{bus_info=\"0000:00:1f.6\",device=\"eth0\",driver=\"e1000e\",\
                     expansion_rom_version=\"\",firmware_version=\"0.5-4\",version=\"6.18\"} 1\n";
        assert!(text.starts_with(first), "{text}");
    }

    #[test]
    fn devices_share_families_of_statistics_and_may_have_no_values() {
        let naming = Naming::new(go_regex::parse("").unwrap()).unwrap();
        let statistics = |names: &[&str], values: &[u64]| Statistics {
            names: Vec::new(),
            families: naming.families(names.iter().copied()),
            values: values.to_vec(),
        };
        let all = BTreeMap::from([
            ("eth0".to_owned(), statistics(&["rx_bytes", "kicks"], &[1, 2])),
            ("eth1".to_owned(), statistics(&["kicks"], &[3])),
            ("gone".to_owned(), statistics(&["kicks"], &[])),
        ]);
        let expected = "\
node_ethtool_kicks{device=\"eth0\"} 2
node_ethtool_kicks{device=\"eth1\"} 3
node_ethtool_received_bytes_total{device=\"eth0\"} 1
";
        assert_eq!(text(|out| encode_statistics(&all, out)), expected);
    }

    #[test]
    fn devices_that_do_not_exist_or_are_excluded_are_left_out() {
        let root = tempfile::tempdir().unwrap();
        let mut collector = Ethtool {
            class: root.path().to_owned(),
            devices: Filter::Exclude(go_regex::parse("^lo$").unwrap()),
            naming: Naming::new(go_regex::parse("").unwrap()).unwrap(),
            kernel: ethtool::Ethtool::open().unwrap(),
            statistics: BTreeMap::new(),
        };
        let mut out = Encoder::new(Format::Text004);
        assert!(matches!(collector.collect(&mut out), Err(CollectError::NoData(_))));
        for device in ["lo", "no-such-device"] {
            std::fs::create_dir(root.path().join(device)).unwrap();
        }
        assert!(collector.collect(&mut out).is_ok());
        assert_eq!(out.sample_count(), 0);
    }
}
