//! What tells this machine from others, and which kernel and system it runs. None of it changes while it is up.

use std::path::PathBuf;

use exposition::LabelBlock;
use kernel_stats::os_release;

use crate::settings::Paths;

/// Texts that are empty where the machine, or our permissions, give none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Identity {
    /// systemd's.
    pub(crate) machine_id: String,
    /// The firmware's; only root may read it on most machines. Where there is none, the machine's id.
    pub(crate) system_uuid: String,
    /// The kernel's, new with each boot.
    pub(crate) boot_id: String,
    /// The kernel's release.
    pub(crate) kernel: String,
    /// The distribution and its version.
    pub(crate) system: String,
}

impl Identity {
    /// Reads what there is.
    pub(crate) fn read(paths: &Paths) -> Self {
        let Paths { procfs, sysfs, rootfs } = paths;
        let machine_id = [rootfs.join("etc/machine-id"), rootfs.join("var/lib/dbus/machine-id")];
        let system_uuid = [
            sysfs.join("class/dmi/id/product_uuid"),
            procfs.join("device-tree/system-id"),
            procfs.join("device-tree/vm,uuid"),
            rootfs.join("etc/machine-id"),
        ];
        Self {
            machine_id: first(&machine_id),
            system_uuid: first(&system_uuid),
            boot_id: first(&[procfs.join("sys/kernel/random/boot_id")]),
            kernel: first(&[procfs.join("sys/kernel/osrelease")]),
            system: system(&[rootfs.join("etc/os-release"), rootfs.join("usr/lib/os-release")]),
        }
    }

    /// The labels of the machine's series.
    pub(crate) fn labels(&self) -> LabelBlock {
        let labels = [
            ("boot_id", &self.boot_id),
            ("machine_id", &self.machine_id),
            ("system_uuid", &self.system_uuid),
        ];
        let labels = labels.into_iter().map(|(name, value)| (name, value.as_str()));
        LabelBlock::new(labels.filter(|(_, value)| !value.is_empty()))
    }
}

/// The text of the first file that can be read.
fn first(paths: &[PathBuf]) -> String {
    let bytes = paths.iter().find_map(|path| std::fs::read(path).ok());
    let text = String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned();
    text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\0')
        .to_owned()
}

fn system(paths: &[PathBuf]) -> String {
    let bytes = paths
        .iter()
        .find_map(|path| std::fs::read(path).ok())
        .unwrap_or_default();
    let release = os_release::parse(&bytes).unwrap_or_default();
    match release.get("PRETTY_NAME") {
        "" => "Linux".to_owned(),
        name => name.to_owned(),
    }
}
