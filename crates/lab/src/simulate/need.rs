//! What a scenario needs, and where that is.

/// Without it, a scenario is left out, and that is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Need {
    /// A Docker that container-exporter asks.
    Docker,
    /// A copy of the configuration, in which things can be put and broken.
    Copy,
    /// A Redis that is the stack's own.
    Redis,
    /// That Redis' settings and its files.
    Settings,
    /// The right to mount.
    Root,
    /// The right to signal and limit the stack's processes.
    Signals,
    /// A way to Docker's socket that can be cut.
    Way,
    /// Memory for demo-app beyond what its alert allows.
    Room,
    /// The stack's own programs, to start another one.
    Program,
    /// Prometheus' own files, and promtool beside it, to write them a past.
    Past,
}

impl Need {
    /// Why a stack of compose never has it.
    pub(super) fn never_on_compose(self) -> Option<&'static str> {
        match self {
            Self::Settings => {
                Some("Redis has no port on this machine there, and none of its users may change settings")
            }
            Self::Way => {
                Some("container-exporter has Docker's socket itself there, and no way to it that could be cut")
            }
            Self::Room => Some("demo-app may have 256 MiB there, and is killed before it has more"),
            Self::Program => Some("what runs in containers there cannot be started on this machine"),
            Self::Past => Some("Prometheus' files are in a volume there, and take no past from this machine"),
            Self::Docker | Self::Copy | Self::Redis | Self::Root | Self::Signals => None,
        }
    }
}
