//! PCI devices, from /sys/bus/pci/devices, with names from a pci.ids if asked for.

mod device;
mod names;

use std::path::{Path, PathBuf};

use exporter_toolkit::collector::{BuildError, CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exposition::{Desc, Encoder};

use self::device::{Device, Location};
use self::names::Names;
use crate::context::Context;
use crate::sysfs::{Attributes, Folder};

const IDS_FILE: &str = "collector.pcidevice.idsfile";
const NAMES: &str = "collector.pcidevice.names";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "pcidevice",
    enabled_by_default: false,
    flags: &[
        Flag::optional(IDS_FILE, "Path to pci.ids file to use for PCI device identification."),
        Flag::switch(
            NAMES,
            false,
            "Enable PCI device name resolution (requires pci.ids file).",
        ),
    ],
    build,
};

/// Where the lists of Debian and of Red Hat are.
const IDS_FILES: [&str; 2] = ["/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids"];

const LABELS: &[&str] = &["bus", "device", "function", "segment"];
const INFO_HELP: &str = "Non-numeric data from /sys/bus/pci/devices/<location>, value is always 1.";
const INFO: Desc<'_> = Desc::gauge(
    "node_pcidevice_info",
    INFO_HELP,
    &[
        "bus",
        "class_id",
        "device",
        "device_id",
        "function",
        "parent_bus",
        "parent_device",
        "parent_function",
        "parent_segment",
        "revision",
        "segment",
        "subsystem_device_id",
        "subsystem_vendor_id",
        "vendor_id",
    ],
);
const INFO_WITH_NAMES: Desc<'_> = Desc::gauge(
    "node_pcidevice_info",
    INFO_HELP,
    &[
        "bus",
        "class_id",
        "class_name",
        "device",
        "device_id",
        "device_name",
        "function",
        "parent_bus",
        "parent_device",
        "parent_function",
        "parent_segment",
        "revision",
        "segment",
        "subsystem_device_id",
        "subsystem_device_name",
        "subsystem_vendor_id",
        "subsystem_vendor_name",
        "vendor_id",
        "vendor_name",
    ],
);
const NUMA_NODE: Desc<'_> = Desc::gauge(
    "node_pcidevice_numa_node",
    "NUMA node number for the PCI device. -1 indicates unknown or not available.",
    LABELS,
);
const POWER_STATE: Desc<'_> = Desc::gauge(
    "node_pcidevice_power_state",
    "PCIe device power state, one of: D0, D1, D2, D3hot, D3cold, unknown or error.",
    &["bus", "device", "function", "segment", "state"],
);
const POWER_STATES: [&str; 7] = ["D0", "D1", "D2", "D3cold", "D3hot", "error", "unknown"];

/// A family and the part of a device that it shows.
type Column = (Desc<'static>, fn(&Device) -> f64);

macro_rules! column {
    ($name:literal, $help:literal, $value:expr) => {
        (Desc::gauge(concat!("node_pcidevice_", $name), $help, LABELS), $value)
    };
}

/// What a device without a link does not have is -1, and what one without virtual functions does not have 0, as in
/// node_exporter.
const COLUMNS: [Column; 9] = [
    column!(
        "current_link_transfers_per_second",
        "Value of current link's transfers per second (T/s)",
        |device| device.current_link_speed.unwrap_or(-1.0)
    ),
    column!(
        "current_link_width",
        "Value of current link's width (number of lanes)",
        |device| device.current_link_width.unwrap_or(-1.0)
    ),
    column!(
        "d3cold_allowed",
        "Whether the PCIe device supports D3cold power state (0/1).",
        |device| device.d3cold_allowed.unwrap_or(0.0)
    ),
    column!(
        "max_link_transfers_per_second",
        "Value of maximum link's transfers per second (T/s)",
        |device| device.max_link_speed.unwrap_or(-1.0)
    ),
    column!(
        "max_link_width",
        "Value of maximum link's width (number of lanes)",
        |device| device.max_link_width.unwrap_or(-1.0)
    ),
    column!(
        "sriov_drivers_autoprobe",
        "Whether SR-IOV drivers autoprobe is enabled for the device (0/1).",
        |device| device.sriov_drivers_autoprobe.unwrap_or(0.0)
    ),
    column!(
        "sriov_numvfs",
        "Number of Virtual Functions (VFs) currently enabled for SR-IOV.",
        |device| device.sriov_numvfs.unwrap_or(0.0)
    ),
    column!(
        "sriov_totalvfs",
        "Total number of Virtual Functions (VFs) supported by the device.",
        |device| device.sriov_totalvfs.unwrap_or(0.0)
    ),
    column!(
        "sriov_vf_total_msix",
        "Total number of MSI-X vectors for Virtual Functions.",
        |device| device.sriov_vf_total_msix.unwrap_or(0.0)
    ),
];

fn build(context: &Context) -> Result<Box<dyn Collector>, BuildError> {
    let flags = context.flags();
    let files = match flags.value(IDS_FILE) {
        "" => IDS_FILES.map(PathBuf::from).to_vec(),
        file => vec![Path::new(file).to_owned()],
    };
    Ok(Box::new(PciDevices {
        directory: context.sys_path("bus/pci/devices"),
        names: flags.switch(NAMES).then(|| Names::new(files)),
        attributes: Attributes::default(),
    }))
}

struct PciDevices {
    directory: PathBuf,
    names: Option<Names>,
    attributes: Attributes,
}

impl Collector for PciDevices {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let devices = device::read_all(&Folder::open(&self.directory)?, &mut self.attributes)?;
        match &mut self.names {
            Some(names) => {
                names.learn(&devices);
                encode_with_names(&devices, names, out);
            }
            None => encode_info(&devices, out),
        }
        encode(&devices, out);
        self.attributes.finish()
    }
}

fn encode_info(devices: &[Device], out: &mut Encoder) {
    let mut family = out.family(&INFO);
    for device in devices {
        let Location([segment, bus, slot, function]) = &device.location;
        let Location([parent_segment, parent_bus, parent_slot, parent_function]) = &device.parent;
        let ids = &device.ids;
        let labels = [
            bus,
            &ids.class_id(),
            slot,
            &ids.device_id(),
            function,
            parent_bus,
            parent_slot,
            parent_function,
            parent_segment,
            &ids.revision_id(),
            segment,
            &ids.subsystem_device_id(),
            &ids.subsystem_vendor_id(),
            &ids.vendor_id(),
        ];
        family.sample(&labels.map(String::as_str), 1.0);
    }
}

fn encode_with_names(devices: &[Device], names: &Names, out: &mut Encoder) {
    let mut family = out.family(&INFO_WITH_NAMES);
    for device in devices {
        let Location([segment, bus, slot, function]) = &device.location;
        let Location([parent_segment, parent_bus, parent_slot, parent_function]) = &device.parent;
        let ids = &device.ids;
        let labels = [
            bus,
            &ids.class_id(),
            &names.class(ids),
            slot,
            &ids.device_id(),
            &names.device(ids),
            function,
            parent_bus,
            parent_slot,
            parent_function,
            parent_segment,
            &ids.revision_id(),
            segment,
            &ids.subsystem_device_id(),
            &names.subsystem_device(ids),
            &ids.subsystem_vendor_id(),
            &names.vendor(ids.subsystem_vendor),
            &ids.vendor_id(),
            &names.vendor(ids.vendor),
        ];
        family.sample(&labels.map(String::as_str), 1.0);
    }
}

fn encode(devices: &[Device], out: &mut Encoder) {
    for (desc, value) in &COLUMNS {
        let mut family = out.family(desc);
        for device in devices {
            family.sample(&labels(device), value(device));
        }
    }
    let mut family = out.family(&NUMA_NODE);
    for device in devices {
        if let Some(node) = device.numa_node {
            family.sample(&labels(device), node);
        }
    }
    let mut family = out.family(&POWER_STATE);
    for device in devices {
        let Some(current) = &device.power_state else { continue };
        let [bus, slot, function, segment] = labels(device);
        for state in POWER_STATES {
            let is_current = f64::from(u8::from(state == current));
            family.sample(&[bus, slot, function, segment, state], is_current);
        }
    }
}

/// In the order of [`LABELS`].
fn labels(device: &Device) -> [&str; 4] {
    let Location([segment, bus, slot, function]) = &device.location;
    [bus, slot, function, segment]
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;
    use crate::testing::{collector, root, samples};

    const IDS: [(&str, &str); 6] = [
        ("class", "0x010802\n"),
        ("vendor", "0x8086\n"),
        ("device", "0x1593\n"),
        ("subsystem_vendor", "0xc0a9\n"),
        ("subsystem_device", "0x0002\n"),
        ("revision", "0x0a\n"),
    ];

    /// A host with one device, whose files are these and the numbers of [`IDS`].
    fn host(files: &[(&str, &str)]) -> TempDir {
        let root = root(&[]);
        let device = root.path().join("sys/devices/pci0000:00/0000:00:1f.7");
        fs::create_dir_all(&device).unwrap();
        for (file, text) in IDS.iter().chain(files) {
            fs::write(device.join(file), text).unwrap();
        }
        let bus = root.path().join("sys/bus/pci/devices");
        fs::create_dir_all(&bus).unwrap();
        symlink("../../../devices/pci0000:00/0000:00:1f.7", bus.join("0000:00:1f.7")).unwrap();
        root
    }

    #[test]
    fn a_device_without_a_link_has_no_speed() {
        let root = host(&[("max_link_speed", "Unknown\n"), ("current_link_width", "\n")]);
        let text = samples(&mut *collector(&SPEC, root.path(), &[])).unwrap();
        let text = text.replace("{bus=\"00\",device=\"1f\",function=\"7\",segment=\"0000\"}", "");
        let text = text.replace("node_pcidevice_", "");
        let expected = "\
current_link_transfers_per_second -1
current_link_width -1
d3cold_allowed 0
info{bus=\"00\",class_id=\"0x010802\",device=\"1f\",device_id=\"0x1593\",function=\"7\",parent_bus=\"*\",parent_device=\"*\",parent_function=\"*\",parent_segment=\"*\",revision=\"0x0a\",segment=\"0000\",subsystem_device_id=\"0x0002\",subsystem_vendor_id=\"0xc0a9\",vendor_id=\"0x8086\"} 1
max_link_transfers_per_second -1
max_link_width -1
sriov_drivers_autoprobe 0
sriov_numvfs 0
sriov_totalvfs 0
sriov_vf_total_msix 0
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_device_that_goes_away_is_left_out() {
        let root = host(&[]);
        let device = root.path().join("sys/devices/pci0000:00/0000:00:1f.7");
        fs::remove_file(device.join("vendor")).unwrap();
        let mut collector = collector(&SPEC, root.path(), &[]);
        assert_eq!(samples(&mut *collector).unwrap(), "");
        fs::remove_dir_all(device).unwrap();
        assert_eq!(samples(&mut *collector).unwrap(), "");
    }

    #[test]
    fn names_come_from_the_list() {
        let root = host(&[]);
        let list = root.path().join("list");
        fs::write(
            &list,
            "8086  Intel\n\t1593  E810\n\t\tc0a9 0002  Q2\nC 01  Mass\n\t08  NV\n",
        )
        .unwrap();
        let file = format!("--{IDS_FILE}={}", list.display());
        let text = samples(&mut *collector(
            &SPEC,
            root.path(),
            &["--collector.pcidevice.names", &file],
        ))
        .unwrap();
        for label in [
            "class_name=\"NV\"",
            "device_name=\"E810\"",
            "subsystem_device_name=\"Q2\"",
            "subsystem_vendor_name=\"c0a9\"",
            ",vendor_name=\"Intel\"",
        ] {
            assert!(text.contains(label), "{label} in {text}");
        }
    }

    #[test]
    fn without_a_list_numbers_stand_for_names() {
        let root = host(&[]);
        let args = [
            "--collector.pcidevice.names",
            "--collector.pcidevice.idsfile=/does/not/exist",
        ];
        let text = samples(&mut *collector(&SPEC, root.path(), &args)).unwrap();
        for label in [
            "class_name=\"Unknown class (010802)\"",
            "device_name=\"1593\"",
            "subsystem_device_name=\"0002\"",
            "subsystem_vendor_name=\"c0a9\"",
            ",vendor_name=\"8086\"",
        ] {
            assert!(text.contains(label), "{label} in {text}");
        }
    }
}
