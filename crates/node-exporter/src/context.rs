//! What every collector is made from: the flags, and the roots under which the kernel's files lie.

use std::path::{Path, PathBuf};

use exporter_toolkit::flags::{Flag, Flags};

use crate::source::Source;

/// The flags of the roots.
pub const FLAGS: &[Flag] = &[
    Flag::value("path.procfs", "/proc", "procfs mountpoint."),
    Flag::value("path.sysfs", "/sys", "sysfs mountpoint."),
    Flag::value("path.rootfs", "/", "rootfs mountpoint."),
    Flag::value("path.udev.data", "/run/udev/data", "udev data path."),
];

/// Flags and roots.
#[derive(Debug)]
pub struct Context {
    flags: Flags,
}

impl Context {
    /// A context of these flags, whose tables must include [`FLAGS`].
    pub fn new(flags: Flags) -> Self {
        Self { flags }
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
        Source::new(self.proc_path(path))
    }

    /// A file under `--path.sysfs`.
    pub(crate) fn sys(&self, path: &str) -> Source {
        Source::new(self.sys_path(path))
    }
}
