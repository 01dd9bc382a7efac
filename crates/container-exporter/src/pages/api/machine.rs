//! The machine as cAdvisor tells it.

use serde::Serialize;

use super::moment;
use super::stats::VFS;
use crate::reader::Reading;

/// What is asked for beside containers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Machine {
    /// Hardware.
    pub(super) info: MachineInfo,
    /// Software.
    pub(super) versions: VersionInfo,
}

/// Hardware, without the file systems: these are in the reading.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct MachineInfo {
    /// CPUs.
    pub(super) num_cores: u64,
    /// Cores that these are threads of.
    pub(super) num_physical_cores: u64,
    /// Sockets that hold these.
    pub(super) num_sockets: u64,
    /// The most that the first CPU goes up to, or else how fast it is now; 0 where neither is known.
    pub(super) cpu_frequency_khz: u64,
    /// Bytes.
    pub(super) memory_capacity: u64,
    /// Bytes.
    pub(super) swap_capacity: u64,
    /// Of the whole machine.
    pub(super) hugepages: Vec<HugePages>,
    /// systemd's.
    pub(super) machine_id: String,
    /// The firmware's.
    pub(super) system_uuid: String,
    /// The kernel's, new with each boot.
    pub(super) boot_id: String,
    /// NUMA nodes.
    pub(super) topology: Vec<Node>,
}

/// Huge pages of one size.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct HugePages {
    /// In KiB.
    pub(super) page_size: u64,
    /// How many are set aside.
    pub(super) num_pages: u64,
}

/// A NUMA node.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Node {
    /// Its number.
    pub(super) node_id: i64,
    /// Bytes.
    pub(super) memory: u64,
    /// Set aside on it.
    pub(super) hugepages: Vec<HugePages>,
    /// Its cores.
    pub(super) cores: Vec<Core>,
    /// Caches that all its cores share.
    pub(super) caches: Vec<Cache>,
}

/// A core.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Core {
    /// Its number within its socket.
    pub(super) core_id: i64,
    /// The numbers of its CPUs.
    pub(super) thread_ids: Vec<u32>,
    /// Its own caches.
    pub(super) caches: Vec<Cache>,
    /// The number of its socket.
    pub(super) socket_id: i64,
}

/// A cache.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Cache {
    /// Bytes.
    pub(super) size: u64,
    /// `Data`, `Instruction` or `Unified`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// 1 is next to the core.
    pub(super) level: u64,
}

/// Software. What is not known is empty.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct VersionInfo {
    /// The kernel's release.
    pub(super) kernel_version: String,
    /// The distribution.
    pub(super) container_os_version: String,
    /// Docker's.
    pub(super) docker_version: String,
    /// That of Docker's interface.
    pub(super) docker_api_version: String,
    /// The program's own.
    pub(super) cadvisor_version: String,
}

/// The answer to `machine`.
#[derive(Debug, Serialize)]
pub(super) struct MachineAnswer<'r> {
    /// When this was found.
    timestamp: String,
    #[serde(flatten)]
    info: &'r MachineInfo,
    filesystems: Vec<Filesystem<'r>>,
    #[serde(flatten)]
    nobody_asked: Unknown,
}

/// The answer to `attributes`.
#[derive(Debug, Serialize)]
pub(super) struct Attributes<'r> {
    #[serde(flatten)]
    versions: &'r VersionInfo,
    #[serde(flatten)]
    machine: MachineAnswer<'r>,
}

/// A file system of the machine.
#[derive(Debug, PartialEq, Serialize)]
struct Filesystem<'r> {
    device: &'r str,
    capacity: u64,
    #[serde(rename = "type")]
    kind: &'static str,
    inodes: u64,
    has_inodes: bool,
}

/// What cAdvisor asks a cloud's own service for, which nothing here does.
#[derive(Debug, Serialize)]
struct Unknown {
    cloud_provider: &'static str,
    instance_type: &'static str,
    instance_id: &'static str,
}

impl<'r> MachineAnswer<'r> {
    pub(super) fn new(reading: &'r Reading, machine: &'r Machine) -> Self {
        let root = reading.rows.iter().find(|row| row.container.is_root());
        let found = root
            .map(|row| row.stats.disk.file_systems.as_slice())
            .unwrap_or_default();
        let filesystem = |found: &'r crate::disk::FileSystem| Filesystem {
            device: &found.device,
            capacity: found.space.limit,
            kind: VFS,
            inodes: found.space.inodes.map_or(0, |inodes| inodes.total),
            has_inodes: found.space.inodes.is_some(),
        };
        Self {
            timestamp: moment::text(Some(reading.at)),
            info: &machine.info,
            filesystems: found.iter().map(filesystem).collect(),
            nobody_asked: Unknown {
                cloud_provider: "Unknown",
                instance_type: "Unknown",
                instance_id: "None",
            },
        }
    }
}

impl<'r> Attributes<'r> {
    pub(super) fn new(reading: &'r Reading, machine: &'r Machine) -> Self {
        Self {
            versions: &machine.versions,
            machine: MachineAnswer::new(reading, machine),
        }
    }
}
