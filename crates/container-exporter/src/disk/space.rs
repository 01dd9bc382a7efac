//! The room on a file system, from statfs(2).

use std::path::Path;

use rustix::fs::StatVfs;

/// The room on a file system, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Space {
    /// All of it. On a layer with a quota: the quota.
    pub(crate) limit: u64,
    /// What nothing occupies.
    pub(crate) free: u64,
    /// What of the free room all users may have.
    pub(crate) available: u64,
    /// `None` where inodes are made as they are needed, as btrfs does.
    pub(crate) inodes: Option<Inodes>,
}

/// The files that a file system can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inodes {
    /// All.
    pub(crate) total: u64,
    /// Those that can still be made.
    pub(crate) free: u64,
}

impl Space {
    /// What is occupied.
    pub(crate) fn used(&self) -> u64 {
        self.limit.saturating_sub(self.free)
    }

    /// What the kernel says of it.
    pub(super) fn new(answer: &StatVfs) -> Self {
        let bytes = |blocks: u64| blocks.saturating_mul(answer.f_frsize);
        let inodes = Inodes {
            total: answer.f_files,
            free: answer.f_ffree,
        };
        Self {
            limit: bytes(answer.f_blocks),
            free: bytes(answer.f_bfree),
            available: bytes(answer.f_bavail),
            inodes: (inodes.total > 0).then_some(inodes),
        }
    }

    /// The room on the file system at `path`; `None` where there is none, or for others' eyes only. May block for as
    /// long as a network is away.
    pub(super) fn at(path: &Path) -> Option<Self> {
        Some(Self::new(&rustix::fs::statvfs(path).ok()?))
    }
}
