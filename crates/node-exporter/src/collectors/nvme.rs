//! NVMe controllers and their namespaces, from /sys/class/nvme. `nuse` came with Linux 6.8; an attribute that cannot be
//! read is missing alone. Paths of a multipath namespace, as in nvme0c1n1, are not shown.

use std::path::PathBuf;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};

use crate::context::Context;
use crate::source::SourceError;
use crate::sysfs::{Attributes, Folder};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "nvme",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(Nvme {
            directory: context.sys_path("class/nvme"),
            attributes: Attributes::default(),
        }))
    },
};

const INFO: Desc<'_> = Desc::gauge(
    "node_nvme_info",
    "Non-numeric data from /sys/class/nvme/<device>, value is always 1.",
    &["cntlid", "device", "firmware_revision", "model", "serial", "state"],
);
const NAMESPACE_INFO: Desc<'_> = Desc::gauge(
    "node_nvme_namespace_info",
    "Information about NVMe namespaces. Value is always 1",
    &["ana_state", "device", "nsid"],
);

/// A family and the part of a namespace that it shows.
type Column = (Desc<'static>, fn(&Namespace) -> Option<f64>);

const COLUMNS: [Column; 4] = [
    (
        Desc::gauge(
            "node_nvme_namespace_capacity_bytes",
            "Capacity of the NVMe namespace in bytes. Computed as namespace_size * namespace_logical_block_size",
            NAMESPACE,
        ),
        Namespace::size_bytes,
    ),
    (
        Desc::gauge(
            "node_nvme_namespace_logical_block_size_bytes",
            "Logical block size of the NVMe namespace in bytes. Usually 4Kb. Available in \
             /sys/class/nvme/<device>/<namespace>/queue/logical_block_size",
            NAMESPACE,
        ),
        |namespace| namespace.block_bytes.map(|bytes| bytes as f64),
    ),
    (
        Desc::gauge(
            "node_nvme_namespace_size_bytes",
            "Size of the NVMe namespace in bytes. Available in /sys/class/nvme/<device>/<namespace>/size",
            NAMESPACE,
        ),
        Namespace::size_bytes,
    ),
    (
        Desc::gauge(
            "node_nvme_namespace_used_bytes",
            "Used space of the NVMe namespace in bytes. Available in /sys/class/nvme/<device>/<namespace>/nuse",
            NAMESPACE,
        ),
        |namespace| Some(namespace.used_blocks? as f64 * namespace.block_bytes? as f64),
    ),
];
const NAMESPACE: &[&str] = &["device", "nsid"];

/// The unit of every block device's `size`, whatever its own blocks are.
const SECTOR_BYTES: f64 = 512.0;

struct Nvme {
    directory: PathBuf,
    attributes: Attributes,
}

/// What a controller's files hold; unreadable texts are empty.
struct Controller {
    name: String,
    id: String,
    firmware: String,
    model: String,
    serial: String,
    state: String,
    namespaces: Vec<Namespace>,
}

struct Namespace {
    /// The number in its name, for which node_exporter has the label `nsid`.
    number: String,
    /// The state of asymmetric namespace access; only namespaces of several controllers have one.
    ana_state: Option<String>,
    sectors: Option<u64>,
    used_blocks: Option<u64>,
    block_bytes: Option<u64>,
}

impl Namespace {
    fn size_bytes(&self) -> Option<f64> {
        self.sectors.map(|sectors| sectors as f64 * SECTOR_BYTES)
    }
}

impl Collector for Nvme {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let controllers = read(&Folder::open(&self.directory)?, &mut self.attributes)?;
        encode(&controllers, out);
        self.attributes.finish()
    }
}

fn read(class: &Folder, attributes: &mut Attributes) -> Result<Vec<Controller>, SourceError> {
    let mut controllers = Vec::new();
    for (name, folder) in class.open_folders(|name| name.strip_prefix("nvme").is_some_and(is_number))? {
        let mut text = |file| attributes.text(&folder, file).unwrap_or_default().to_owned();
        controllers.push(Controller {
            name,
            id: text(c"cntlid"),
            firmware: text(c"firmware_rev"),
            model: text(c"model"),
            serial: text(c"serial"),
            state: text(c"state"),
            namespaces: read_namespaces(&folder, attributes),
        });
    }
    Ok(controllers)
}

fn read_namespaces(controller: &Folder, attributes: &mut Attributes) -> Vec<Namespace> {
    let mut namespaces = Vec::new();
    for name in controller.folders().unwrap_or_default() {
        let Some(number) = namespace_number(&name) else {
            continue;
        };
        let Some(folder) = controller.folder(&name) else {
            continue;
        };
        namespaces.push(Namespace {
            number: number.to_owned(),
            ana_state: attributes.text(&folder, c"ana_state").map(str::to_owned),
            sectors: attributes.u64(&folder, c"size"),
            used_blocks: attributes.u64(&folder, c"nuse"),
            block_bytes: attributes.u64(&folder, c"queue/logical_block_size"),
        });
    }
    namespaces
}

/// `3` of `nvme0n3`.
fn namespace_number(name: &str) -> Option<&str> {
    let (controller, number) = name.strip_prefix("nvme")?.split_once('n')?;
    (is_number(controller) && is_number(number)).then_some(number)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn encode(controllers: &[Controller], out: &mut Encoder) {
    let mut family = out.family(&INFO);
    for controller in controllers {
        let Controller {
            name,
            id,
            firmware,
            model,
            serial,
            state,
            ..
        } = controller;
        family.sample(&[id.as_str(), name, firmware, model, serial, state], 1.0);
    }
    let namespaces = || {
        controllers.iter().flat_map(|controller| {
            let namespaces = controller.namespaces.iter();
            namespaces.map(|namespace| (controller.name.as_str(), namespace))
        })
    };
    let mut family = out.family(&NAMESPACE_INFO);
    for (device, namespace) in namespaces() {
        let state = namespace.ana_state.as_deref().unwrap_or("unknown");
        family.sample(&[state, device, &namespace.number], 1.0);
    }
    for (desc, value) in &COLUMNS {
        let mut family = out.family(desc);
        for (device, namespace) in namespaces() {
            if let Some(value) = value(namespace) {
                family.sample(&[device, namespace.number.as_str()], value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{collector, root, samples};

    #[test]
    fn sizes_are_in_sectors_and_what_is_used_in_blocks() {
        let root = root(&[
            ("sys/class/nvme/nvme0/nvme0n1/size", "1000"),
            ("sys/class/nvme/nvme0/nvme0n1/nuse", "10"),
            ("sys/class/nvme/nvme0/nvme0n1/queue/logical_block_size", "4096"),
        ]);
        let text = samples(&mut *collector(&SPEC, root.path(), &[])).unwrap();
        for line in [
            "node_nvme_namespace_capacity_bytes{device=\"nvme0\",nsid=\"1\"} 512000\n",
            "node_nvme_namespace_logical_block_size_bytes{device=\"nvme0\",nsid=\"1\"} 4096\n",
            "node_nvme_namespace_size_bytes{device=\"nvme0\",nsid=\"1\"} 512000\n",
            "node_nvme_namespace_used_bytes{device=\"nvme0\",nsid=\"1\"} 40960\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }

    #[test]
    fn unreadable_attributes_are_missing_alone() {
        let root = root(&[
            ("sys/class/nvme/nvme0/model", "m\n"),
            ("sys/class/nvme/nvme0/nvme0n1/size", "8\n"),
            ("sys/class/nvme/nvme0/nvme0n2/size", "many\n"),
        ]);
        let expected = "\
node_nvme_info{cntlid=\"\",device=\"nvme0\",firmware_revision=\"\",model=\"m\",serial=\"\",state=\"\"} 1
node_nvme_namespace_capacity_bytes{device=\"nvme0\",nsid=\"1\"} 4096
node_nvme_namespace_info{ana_state=\"unknown\",device=\"nvme0\",nsid=\"1\"} 1
node_nvme_namespace_info{ana_state=\"unknown\",device=\"nvme0\",nsid=\"2\"} 1
node_nvme_namespace_size_bytes{device=\"nvme0\",nsid=\"1\"} 4096
";
        assert_eq!(samples(&mut *collector(&SPEC, root.path(), &[])).unwrap(), expected);
    }

    #[test]
    fn only_controllers_and_their_namespaces_have_such_names() {
        for (name, number) in [
            ("nvme0n1", Some("1")),
            ("nvme12n34", Some("34")),
            ("nvme0c0n1", None),
            ("nvme0n1p1", None),
            ("nvmen1", None),
            ("ng0n1", None),
            ("nvme0n", None),
        ] {
            assert_eq!(namespace_number(name), number, "{name}");
        }
        let root = root(&[("sys/class/nvme/nvme-fabrics/model", "m")]);
        assert_eq!(samples(&mut *collector(&SPEC, root.path(), &[])).unwrap(), "");
    }
}
