//! The machine's own memory, from /proc/meminfo: what the root cgroup lacks files for.

use kernel_stats::meminfo;

use crate::reader::Source;

/// Bytes of memory and swap of the whole machine. `None` where /proc/meminfo does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct HostMemory {
    /// All memory. Source: `MemTotal`.
    pub(super) total: Option<u64>,
    /// What nothing uses, not even the page cache. Source: `MemFree`.
    pub(super) free: Option<u64>,
    /// All swap. Source: `SwapTotal`.
    pub(super) swap_total: Option<u64>,
    /// What is left of it. Source: `SwapFree`.
    pub(super) swap_free: Option<u64>,
}

impl HostMemory {
    /// Reads it; what cannot be read is reported.
    pub(super) fn read(source: &mut Source<'_>) -> Self {
        let path = source.paths.procfs.join("meminfo");
        let read = std::fs::read(&path).map_err(|error| error.to_string());
        let parsed = read.and_then(|bytes| Self::parse(&bytes).map_err(|error| error.to_string()));
        parsed.unwrap_or_else(|error| {
            source.problem(|| format!("reading {}: {error}", path.display()));
            Self::default()
        })
    }

    /// Memory that something uses.
    pub(super) fn used(&self) -> Option<u64> {
        Some(self.total?.saturating_sub(self.free?))
    }

    /// Swap that something uses.
    pub(super) fn swap_used(&self) -> Option<u64> {
        Some(self.swap_total?.saturating_sub(self.swap_free?))
    }

    fn parse(bytes: &[u8]) -> Result<Self, kernel_stats::ParseError> {
        let mut memory = Self::default();
        for (name, value) in meminfo::parse(bytes)? {
            match name {
                "MemTotal" => memory.total = Some(value),
                "MemFree" => memory.free = Some(value),
                "SwapTotal" => memory.swap_total = Some(value),
                "SwapFree" => memory.swap_free = Some(value),
                _ => {}
            }
        }
        Ok(memory)
    }
}
