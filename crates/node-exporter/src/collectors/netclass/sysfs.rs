//! Properties of network devices, from /sys/class/net. An attribute that cannot be read, as many cannot while a device is
//! down, is missing alone.

use std::ffi::CStr;
use std::path::PathBuf;

use exporter_toolkit::collector::{CollectError, Collector};
use exposition::{Desc, Encoder};
use kernel_stats::attribute;

use super::{BYTES_PER_MEGABIT, SPEED, UP};
use crate::filter::Filter;
use crate::source::SourceError;
use crate::sysfs::{Attributes, Folder, Kept};

const INFO: Desc<'_> = Desc::gauge(
    "node_network_info",
    "Non-numeric data from /sys/class/net/<iface>, value is always 1.",
    &[
        "address",
        "adminstate",
        "broadcast",
        "device",
        "duplex",
        "ifalias",
        "operstate",
    ],
);

/// The files that hold a number, and the families that show them as they are.
const NUMBERS: [(&CStr, Desc<'_>); 16] = [
    (c"addr_assign_type", property!(gauge, "address_assign_type")),
    (c"carrier", property!(gauge, "carrier")),
    (c"carrier_changes", property!(counter, "carrier_changes_total")),
    (c"carrier_down_count", property!(counter, "carrier_down_changes_total")),
    (c"carrier_up_count", property!(counter, "carrier_up_changes_total")),
    (c"dev_id", property!(gauge, "device_id")),
    (c"dormant", property!(gauge, "dormant")),
    (c"flags", property!(gauge, "flags")),
    (c"ifindex", property!(gauge, "iface_id")),
    (c"iflink", property!(gauge, "iface_link")),
    (c"link_mode", property!(gauge, "iface_link_mode")),
    (c"mtu", property!(gauge, "mtu_bytes")),
    (c"name_assign_type", property!(gauge, "name_assign_type")),
    (c"netdev_group", property!(gauge, "net_dev_group")),
    (c"tx_queue_len", property!(gauge, "transmit_queue_length")),
    (c"type", property!(gauge, "protocol_type")),
];
/// Where `flags` stands in [`NUMBERS`].
const FLAGS: usize = 7;
/// `IFF_UP` of netdevice(7).
const FLAG_UP: i64 = 1;

/// The files that hold text.
const TEXTS: [&CStr; 5] = [c"address", c"broadcast", c"duplex", c"ifalias", c"operstate"];

pub(super) struct SysNetClass {
    directory: PathBuf,
    shown: Filter,
    ignore_invalid_speed: bool,
    devices: Vec<Device>,
    attributes: Attributes,
}

/// So many devices' files stay open: hosts have a few that last, and some have thousands, whose files would be too many.
const MOST_KEPT: usize = 8;

/// What one device's files hold; unreadable numbers are `None`, unreadable texts empty.
#[derive(Debug, Default)]
struct Device {
    name: String,
    /// Of the entry in the class; a device that is made anew, or takes another's name, has another.
    inode: u64,
    /// Stays open with its files.
    folder: Option<(Folder, Kept)>,
    numbers: [Option<i64>; NUMBERS.len()],
    speed: Option<i64>,
    texts: [String; TEXTS.len()],
}

impl Collector for SysNetClass {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        self.read()?;
        encode(&self.devices, self.ignore_invalid_speed, out);
        self.attributes.finish()
    }
}

impl SysNetClass {
    pub(super) fn new(directory: PathBuf, shown: Filter, ignore_invalid_speed: bool) -> Self {
        Self {
            directory,
            shown,
            ignore_invalid_speed,
            devices: Vec::new(),
            attributes: Attributes::default(),
        }
    }

    /// Reads all devices, which are folders, where files control drivers; one that goes away meanwhile is left out.
    fn read(&mut self) -> Result<(), SourceError> {
        let class = Folder::open(&self.directory)?;
        let mut entries = class.folders_with_inodes()?;
        entries.retain(|(name, _)| self.shown.shows(name));
        let mut count = 0;
        for (name, inode) in entries {
            if self.devices.len() == count {
                self.devices.push(Device::default());
            }
            let device = &mut self.devices[count];
            let known = device.folder.take();
            let known = known.filter(|_| device.inode == inode && device.name == name);
            let opened = known.or_else(|| {
                let folder = class.folder(&name)?;
                let kept = if count < MOST_KEPT {
                    Kept::of(&folder)
                } else {
                    Kept::default()
                };
                Some((folder, kept))
            });
            let Some((folder, mut kept)) = opened else { continue };
            (device.name, device.inode) = (name, inode);
            device.read(&folder, &mut kept, &mut self.attributes);
            device.folder = kept.may_last().then_some((folder, kept));
            count += 1;
        }
        self.devices.truncate(count);
        Ok(())
    }
}

impl Device {
    fn read(&mut self, folder: &Folder, kept: &mut Kept, attributes: &mut Attributes) {
        kept.rewind();
        for ((file, _), number) in NUMBERS.iter().zip(&mut self.numbers) {
            let bytes = attributes.kept_bytes(folder, *file, kept);
            *number = bytes.and_then(|bytes| attribute::parse_i64(bytes).ok());
        }
        let bytes = attributes.kept_bytes(folder, c"speed", kept);
        self.speed = bytes.and_then(|bytes| attribute::parse_i64(bytes).ok());
        for (file, text) in TEXTS.iter().zip(&mut self.texts) {
            text.clear();
            if let Some(bytes) = attributes.kept_bytes(folder, *file, kept) {
                text.push_str(&String::from_utf8_lossy(bytes.trim_ascii()));
            }
        }
    }

    fn admin_state(&self) -> &'static str {
        match self.numbers[FLAGS] {
            Some(flags) if flags & FLAG_UP != 0 => "up",
            Some(_) => "down",
            None => "unknown",
        }
    }
}

fn encode(devices: &[Device], ignore_invalid_speed: bool, out: &mut Encoder) {
    for (index, (_, desc)) in NUMBERS.iter().enumerate() {
        let mut family = out.family(desc);
        for device in devices {
            if let Some(number) = device.numbers[index] {
                family.sample(&[device.name.as_str()], number as f64);
            }
        }
    }
    let mut family = out.family(&SPEED);
    for device in devices {
        if let Some(speed) = device.speed.filter(|speed| *speed >= 0 || !ignore_invalid_speed) {
            let bytes = speed.saturating_mul(BYTES_PER_MEGABIT);
            family.sample(&[device.name.as_str()], bytes as f64);
        }
    }
    let mut family = out.family(&INFO);
    for device in devices {
        let [address, broadcast, duplex, alias, state] = device.texts.each_ref().map(String::as_str);
        let labels = [
            address,
            device.admin_state(),
            broadcast,
            &device.name,
            duplex,
            alias,
            state,
        ];
        family.sample(&labels, 1.0);
    }
    let mut family = out.family(&UP);
    for device in devices {
        let [.., state] = &device.texts;
        family.sample(&[device.name.as_str()], f64::from(u8::from(state == "up")));
    }
}

#[cfg(test)]
mod tests {
    use exporter_toolkit::go_regex;
    use std::fs;
    use std::path::Path;

    use exposition::{Format, assemble};
    use tempfile::TempDir;

    use super::*;

    fn host() -> TempDir {
        let host = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("eth0/flags", "0x1303\n"),
            ("eth0/mtu", "1500\n"),
            ("eth0/operstate", "up\n"),
            ("eth0/address", "02:fc:00:00:00:01\n"),
            ("eth0/speed", "1000\n"),
            ("eth0/ifalias", "a \"b\"\n"),
            ("down/operstate", "down\n"),
            ("down/flags", "0x1002\n"),
            ("down/speed", "-1\n"),
            ("down/mtu", "odd\n"),
            ("bonding_masters", "\n"),
        ] {
            let path = host.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        host
    }

    fn collector(directory: &Path, ignored: &str) -> SysNetClass {
        SysNetClass::new(
            directory.to_owned(),
            Filter::Exclude(go_regex::parse(ignored).unwrap()),
            false,
        )
    }

    fn text(collector: &mut SysNetClass) -> Result<String, CollectError> {
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        collector.collect(&mut out)?;
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        Ok(samples.map(|line| format!("{line}\n")).collect())
    }

    #[test]
    fn unreadable_attributes_are_missing_alone() {
        let host = host();
        let expected = "\
node_network_flags{device=\"down\"} 4098
node_network_flags{device=\"eth0\"} 4867
node_network_info{address=\"\",adminstate=\"down\",broadcast=\"\",device=\"down\",duplex=\"\",ifalias=\"\",operstate=\"down\"} 1
node_network_info{address=\"02:fc:00:00:00:01\",adminstate=\"up\",broadcast=\"\",device=\"eth0\",duplex=\"\",ifalias=\"a \\\"b\\\"\",operstate=\"up\"} 1
node_network_mtu_bytes{device=\"eth0\"} 1500
node_network_speed_bytes{device=\"down\"} -125000
node_network_speed_bytes{device=\"eth0\"} 1.25e+08
node_network_up{device=\"down\"} 0
node_network_up{device=\"eth0\"} 1
";
        let mut collector = collector(host.path(), "^$");
        assert_eq!(text(&mut collector).unwrap(), expected);
        assert_eq!(text(&mut collector).unwrap(), expected);
        collector.ignore_invalid_speed = true;
        assert!(!text(&mut collector).unwrap().contains("-125000"));
    }

    #[test]
    fn devices_come_and_go() {
        let host = host();
        let mut collector = collector(host.path(), "^down$");
        assert!(!text(&mut collector).unwrap().contains("down"));
        fs::rename(host.path().join("eth0"), host.path().join("eth1")).unwrap();
        let text = text(&mut collector).unwrap();
        assert!(text.contains("node_network_up{device=\"eth1\"} 1\n") && !text.contains("eth0"));
    }

    #[test]
    fn an_odd_error_is_told_after_all_was_read() {
        let host = host();
        fs::create_dir(host.path().join("eth0/dormant")).unwrap();
        let mut collector = collector(host.path(), "^$");
        let error = collector.collect(&mut Encoder::new(Format::Text004)).unwrap_err();
        assert!(error.to_string().contains("eth0/dormant"), "{error}");
        assert_eq!(collector.devices.len(), 2);
    }

    #[test]
    fn a_host_without_the_directory_has_no_data() {
        let error = text(&mut collector(Path::new("/does/not/exist"), "^$")).unwrap_err();
        assert!(matches!(error, CollectError::NoData(_)), "{error}");
    }
}
