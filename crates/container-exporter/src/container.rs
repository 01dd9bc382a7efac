//! A container, or a cgroup that is none: where its files are, what its runtime says of it, and its labels.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use exposition::LabelBlock;

use crate::cgroup::Cgroup;

/// One row of everything that is reported.
#[derive(Debug)]
pub(crate) struct Container {
    /// The cgroup's path, `/` for the root: the label `id`.
    pub(crate) id: String,
    /// Where its files are; `None` when it does not run.
    pub(crate) cgroup: Option<Cgroup>,
    /// What its runtime says of it; `None` for slices, services and other cgroups that are no container.
    pub(crate) facts: Option<Arc<Facts>>,
    /// When the cgroup was made, in seconds since 1970: its start for those that have no facts.
    pub(crate) made: Option<f64>,
    /// The labels of all its series.
    pub(crate) labels: LabelBlock,
    /// These and all other labels that it has; `None` where these are all.
    pub(crate) all_labels: Option<LabelBlock>,
}

impl Container {
    /// Whether it is the machine itself.
    pub(crate) fn is_root(&self) -> bool {
        self.id == "/"
    }
}

/// What a runtime says of a container. Times are in seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facts {
    /// Who says so.
    pub(crate) runtime: Runtime,
    /// The whole id, which is part of the cgroup's path.
    pub(crate) id: String,
    /// Its name without a slash: the label `name`.
    pub(crate) name: String,
    /// The image as it was asked for: the label `image`.
    pub(crate) image: String,
    /// Labels as the runtime has them.
    pub(crate) labels: BTreeMap<String, String>,
    /// Environment, of which only what was asked for becomes labels.
    pub(crate) env: BTreeMap<String, String>,
    /// When it was created.
    pub(crate) created: Option<f64>,
    /// When it last started; `None` before the first time.
    pub(crate) started: Option<f64>,
    /// When it last ended.
    pub(crate) finished: Option<f64>,
    /// Whether it runs.
    pub(crate) state: State,
    /// How it ended last; `None` while it has not.
    pub(crate) exit_code: Option<i64>,
    /// How often the runtime started it again.
    pub(crate) restarts: Option<u64>,
    /// Whether the kernel killed it last time for want of memory.
    pub(crate) oom_killed: bool,
    /// What its health check says.
    pub(crate) health: Health,
    /// Its first process.
    pub(crate) pid: Option<u32>,
    /// Whose network it uses.
    pub(crate) network: Network,
    /// Where its writable layer lies on the host.
    pub(crate) writable_layer: Option<PathBuf>,
    /// What its runtime was told to limit it to, in whatever units: with other ones it is time to look at its cgroup's.
    pub(crate) limits: Vec<i64>,
}

/// Who manages a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Runtime {
    /// Docker Engine.
    #[default]
    Docker,
    /// Podman, by the same interface.
    Podman,
    /// containerd without Docker.
    Containerd,
    /// CRI-O.
    CriO,
}

/// A container's state, by Docker's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    /// Made, never started.
    #[default]
    Created,
    /// Up.
    Running,
    /// All processes frozen.
    Paused,
    /// Down, about to be started again.
    Restarting,
    /// On its way out.
    Removing,
    /// Down.
    Exited,
    /// Down, and it cannot even be removed.
    Dead,
}

/// What a health check says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Health {
    /// There is none.
    #[default]
    None,
    /// Not known yet.
    Starting,
    /// Well.
    Healthy,
    /// Not well.
    Unhealthy,
}

/// Whose network a container uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Network {
    /// Its own.
    #[default]
    Own,
    /// The host's, which is not its traffic.
    Host,
    /// That of another container, whose traffic it is: the id or name.
    Of(String),
}

impl State {
    /// All states, in the order that people expect.
    pub(crate) const ALL: [Self; 7] = [
        Self::Created,
        Self::Running,
        Self::Paused,
        Self::Restarting,
        Self::Removing,
        Self::Exited,
        Self::Dead,
    ];

    /// Docker's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Removing => "removing",
            Self::Exited => "exited",
            Self::Dead => "dead",
        }
    }
}

impl Runtime {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Docker, Self::Podman, Self::Containerd, Self::CriO];

    /// The name that people know it by.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Docker => "Docker",
            Self::Podman => "Podman",
            Self::Containerd => "containerd",
            Self::CriO => "CRI-O",
        }
    }

    /// The name that paths and pages have for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Containerd => "containerd",
            Self::CriO => "crio",
        }
    }
}
