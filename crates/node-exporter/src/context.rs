//! What every collector is made from: the flags, the roots under which the kernel's files lie, and the filter that holds
//! for all collectors of network devices.

use std::path::{Path, PathBuf};

use exporter_toolkit::collector::BuildError;
use exporter_toolkit::flags::{Flag, Flags};

use crate::filter::Filter;
use crate::source::Source;

/// The flags of all collectors together.
pub const FLAGS: &[Flag] = &[
    Flag::value("path.procfs", "/proc", "procfs mountpoint."),
    Flag::value("path.sysfs", "/sys", "sysfs mountpoint."),
    Flag::value("path.rootfs", "/", "rootfs mountpoint."),
    Flag::value("path.udev.data", "/run/udev/data", "udev data path."),
    Flag::optional(
        NETWORK_INCLUDE,
        "Regexp of network devices to include in all collectors (mutually exclusive to network.device-exclude).",
    ),
    Flag::optional(
        NETWORK_EXCLUDE,
        "Regexp of network devices to exclude from all collectors (mutually exclusive to network.device-include).",
    ),
];

/// Files of /proc that the kernel makes in one piece, as all settings below `sys/`. Source: who calls `single_open` and
/// `proc_create_net_single` there.
const SINGLE: [&str; 12] = [
    "loadavg",
    "meminfo",
    "net/netstat",
    "net/snmp",
    "net/snmp6",
    "net/sockstat",
    "net/sockstat6",
    "pressure/cpu",
    "pressure/io",
    "pressure/irq",
    "pressure/memory",
    "stat",
];

const NETWORK_INCLUDE: &str = "network.device-include";
const NETWORK_EXCLUDE: &str = "network.device-exclude";

/// Flags and roots.
#[derive(Debug)]
pub struct Context {
    flags: Flags,
    network_devices: Filter,
}

impl Context {
    /// A context of these flags, whose tables must include [`FLAGS`].
    ///
    /// # Errors
    /// When the filter of network devices is malformed; the flag is named.
    pub fn new(flags: Flags) -> Result<Self, BuildError> {
        Ok(Self {
            network_devices: Filter::from_flags(&flags, NETWORK_INCLUDE, NETWORK_EXCLUDE)?,
            flags,
        })
    }

    /// Which network devices a collector shows: those of its own filter that the filter of all collectors shows too.
    pub(crate) fn network_devices(&self, own: Filter) -> Filter {
        self.network_devices.clone().and(own)
    }

    /// The flags as typed.
    pub fn flags(&self) -> &Flags {
        &self.flags
    }

    /// A path under `--path.procfs`.
    pub fn proc_path(&self, path: &str) -> PathBuf {
        Path::new(self.flags.value("path.procfs")).join(path)
    }

    /// A path under `--path.sysfs`.
    pub fn sys_path(&self, path: &str) -> PathBuf {
        Path::new(self.flags.value("path.sysfs")).join(path)
    }

    /// A path under `--path.rootfs`; `path` may start with a slash.
    pub fn root_path(&self, path: &str) -> PathBuf {
        Path::new(self.flags.value("path.rootfs")).join(path.trim_start_matches('/'))
    }

    /// A path under `--path.udev.data`.
    pub fn udev_path(&self, path: &str) -> PathBuf {
        Path::new(self.flags.value("path.udev.data")).join(path)
    }

    /// A file under `--path.procfs`.
    pub(crate) fn proc(&self, path: &str) -> Source {
        let source = Source::new(self.proc_path(path));
        if SINGLE.contains(&path) || path.starts_with("sys/") {
            source.in_one_piece()
        } else {
            source
        }
    }

    /// A file under `--path.sysfs`.
    pub(crate) fn sys(&self, path: &str) -> Source {
        Source::new(self.sys_path(path))
    }
}
