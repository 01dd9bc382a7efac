//! What the flags come to.

use std::path::PathBuf;

use exporter_toolkit::flags::Flags;

use crate::groups::{Enabled, GROUPS, Group};

/// Everything that can be chosen.
#[derive(Debug)]
pub struct Settings {
    /// The groups that are reported.
    pub(crate) groups: Vec<&'static Group>,
    /// Where the host's file systems are.
    pub(crate) paths: Paths,
    /// What becomes labels.
    pub(crate) labels: LabelRules,
    /// Which cgroups are reported.
    pub(crate) selection: Selection,
    /// Whom to ask about containers.
    pub(crate) sockets: Sockets,
}

/// Where the host's file systems are mounted.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    /// Its /proc.
    pub(crate) procfs: PathBuf,
    /// Its /sys.
    pub(crate) sysfs: PathBuf,
    /// Its /.
    pub(crate) rootfs: PathBuf,
}

/// What of a container becomes labels of its series.
#[derive(Clone, Debug)]
pub(crate) struct LabelRules {
    /// All labels of the container.
    pub(crate) all: bool,
    /// These, if not all.
    pub(crate) only: Vec<String>,
    /// Environment variables whose names begin so.
    pub(crate) env_prefixes: Vec<String>,
}

/// Which cgroups are reported.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    /// Containers and the root alone.
    pub(crate) containers_only: bool,
    /// And those below these paths.
    pub(crate) prefixes: Vec<String>,
    /// Whether the root is left out.
    pub(crate) without_root: bool,
}

/// The runtimes' sockets; `None`: do not ask.
#[derive(Clone, Debug)]
pub(crate) struct Sockets {
    /// Docker's.
    pub(crate) docker: Option<PathBuf>,
    /// Podman's.
    pub(crate) podman: Option<PathBuf>,
    /// containerd's.
    pub(crate) containerd: Option<PathBuf>,
    /// The namespace to ask containerd for.
    pub(crate) containerd_namespace: String,
    /// CRI-O's.
    pub(crate) crio: Option<PathBuf>,
}

/// Names in cAdvisor's lists that no group here has: what they stand for is not reported.
const WITHOUT_GROUP: &[&str] = &[
    "accelerator",
    "app",
    "cpuLoad",
    "perf_event",
    "referenced_memory",
    "resctrl",
];

impl Settings {
    /// Reads the flags.
    ///
    /// # Errors
    /// All that is wrong, each naming its flag.
    pub fn from_flags(flags: &Flags) -> Result<Self, Vec<String>> {
        let mut errors = Vec::new();
        let groups = groups(flags, &mut errors);
        let mut socket = |name: &str| socket(name, flags.value(name), &mut errors);
        let sockets = Sockets {
            docker: socket("docker"),
            podman: socket("podman"),
            containerd: socket("containerd").filter(|_| cfg!(feature = "containerd")),
            containerd_namespace: flags.value("containerd-namespace").to_owned(),
            crio: socket("crio").filter(|_| cfg!(feature = "crio")),
        };
        if !errors.is_empty() {
            return Err(errors);
        }
        let path = |name: &str| PathBuf::from(flags.value(name));
        Ok(Self {
            groups,
            paths: Paths {
                procfs: path("path.procfs"),
                sysfs: path("path.sysfs"),
                rootfs: path("path.rootfs"),
            },
            labels: LabelRules {
                all: flags.switch("store_container_labels"),
                only: list(flags.value("whitelisted_container_labels")),
                env_prefixes: list(flags.value("env_metadata_whitelist")),
            },
            selection: Selection {
                containers_only: flags.switch("docker_only"),
                prefixes: list(flags.value("raw_cgroup_prefix_whitelist")),
                without_root: flags.switch("disable_root_cgroup_stats"),
            },
            sockets,
        })
    }
}

fn list(text: &str) -> Vec<String> {
    let parts = text.split(',').map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The groups that are switched on; a name that means nothing is an error.
fn groups(flags: &Flags, errors: &mut Vec<String>) -> Vec<&'static Group> {
    let mut names = |flag: &str| {
        let names = list(flags.value(flag));
        for name in names.iter().filter(|name| !is_known(name)) {
            errors.push(format!("--{flag}: there is no group of metrics {name:?}"));
        }
        names
    };
    let (disabled, enabled) = (names("disable_metrics"), names("enable_metrics"));
    let is_on = |group: &&Group| match group.default {
        Enabled::Always => true,
        _ if !enabled.is_empty() => enabled.iter().any(|name| name == group.name),
        _ => !disabled.iter().any(|name| name == group.name),
    };
    GROUPS.iter().filter(is_on).collect()
}

fn is_known(name: &str) -> bool {
    let known = |group: &Group| group.name == name && group.default != Enabled::Always;
    GROUPS.iter().any(known) || WITHOUT_GROUP.contains(&name)
}

/// `unix:///path`, or the path alone.
fn socket(flag: &str, value: &str, errors: &mut Vec<String>) -> Option<PathBuf> {
    let path = value.strip_prefix("unix://").unwrap_or(value);
    if path.is_empty() {
        return None;
    }
    if !path.starts_with('/') {
        errors.push(format!("--{flag}: {value:?} is no Unix socket: unix:///path or /path"));
    }
    Some(path.into())
}
