//! The frozen host of the tests: its roots, and the flags with which its collectors show all that they can.

use std::path::Path;

/// Collectors that ask the running kernel or read a user's directories, and not only files under a root. What they say of
/// some host is in tests/golden/live.
pub(crate) const LIVE: &[&str] = &[
    "ethtool",
    "filesystem",
    "logind",
    "network_route",
    "perf",
    "selinux",
    "systemd",
    "tcpstat",
    "textfile",
    "time",
    "timex",
    "uname",
];

/// What is off by default and shown by the golden files, and no netlink, which knows nothing of roots.
pub(crate) const ARGS: &[&str] = &[
    "--no-collector.arp.netlink",
    "--no-collector.netdev.netlink",
    "--collector.bcache.priorityStats",
    "--collector.cpu.info",
    "--collector.cpu.info.flags-include=.",
    "--collector.cpu.info.bugs-include=.",
    "--collector.pcidevice.names",
    "--collector.pcidevice.idsfile=fixtures/root/usr/share/misc/pci.ids",
    "--collector.stat.softirq",
    "--collector.sysctl.include=kernel.threads-max",
    "--collector.sysctl.include=fs.file-nr",
    "--collector.sysctl.include=fs.file-nr:total,current,max",
    "--collector.sysctl.include-info=kernel.seccomp.actions_avail",
];

/// The flags by which all that is read is read under `root`.
pub(crate) fn roots(root: &Path) -> Vec<String> {
    let flag = |name: &str, path: &str| format!("--{name}={}", root.join(path).display());
    vec![
        flag("path.procfs", "proc"),
        flag("path.sysfs", "sys"),
        flag("path.rootfs", "."),
        flag("path.udev.data", "run/udev/data"),
        flag("collector.qdisc.fixtures", "qdisc"),
        flag("collector.wifi.fixtures", "wifi"),
    ]
}
