//! Memory and what it is used for, from /proc/meminfo. Only the fields that node_exporter knows are shown.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Encoder, Kind};
use kernel_stats::meminfo;

use crate::context::Context;
use crate::field_names::{FieldFamily, FieldNames};
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "meminfo",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(MemInfo {
            source: context.proc("meminfo"),
            names: FieldNames::default(),
        }))
    },
};

/// The fields that are shown, as the kernel writes them. `Active(anon)` becomes `node_memory_Active_anon_bytes`; the
/// four that are counts of pages have no unit.
const SHOWN: [&str; 51] = [
    "MemTotal",
    "MemFree",
    "MemAvailable",
    "Buffers",
    "Cached",
    "SwapCached",
    "Active",
    "Inactive",
    "Active(anon)",
    "Inactive(anon)",
    "Active(file)",
    "Inactive(file)",
    "Unevictable",
    "Mlocked",
    "SwapTotal",
    "SwapFree",
    "Zswap",
    "Zswapped",
    "Dirty",
    "Writeback",
    "AnonPages",
    "Mapped",
    "Shmem",
    "Slab",
    "SReclaimable",
    "SUnreclaim",
    "KernelStack",
    "PageTables",
    "NFS_Unstable",
    "Bounce",
    "WritebackTmp",
    "CommitLimit",
    "Committed_AS",
    "VmallocTotal",
    "VmallocUsed",
    "VmallocChunk",
    "Percpu",
    "HardwareCorrupted",
    "AnonHugePages",
    "ShmemHugePages",
    "ShmemPmdMapped",
    "CmaTotal",
    "CmaFree",
    "HugePages_Total",
    "HugePages_Free",
    "HugePages_Rsvd",
    "HugePages_Surp",
    "Hugepagesize",
    "DirectMap4k",
    "DirectMap2M",
    "DirectMap1G",
];

struct MemInfo {
    source: Source,
    names: FieldNames,
}

impl Collector for MemInfo {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        self.names.rewind();
        for (field, value) in self.source.parse(meminfo::parse)? {
            if let Some(family) = self.names.next("", field, || describe(field)) {
                out.scalar(&family.desc(Kind::Gauge), value as f64);
            }
        }
        Ok(())
    }
}

fn describe(field: &str) -> Option<FieldFamily> {
    let unit = if field.starts_with("HugePages_") { "" } else { "_bytes" };
    let field = SHOWN.iter().find(|shown| **shown == field)?;
    let field = field.replace('(', "_").replace(')', "");
    Some(FieldFamily {
        name: format!("node_memory_{field}{unit}"),
        help: format!("Memory information field {field}{unit}."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_node_exporter() {
        for (field, name) in [
            ("Active(anon)", Some("node_memory_Active_anon_bytes")),
            ("HugePages_Free", Some("node_memory_HugePages_Free")),
            ("Hugepagesize", Some("node_memory_Hugepagesize_bytes")),
            ("KReclaimable", None),
            ("Active_anon", None),
        ] {
            assert_eq!(describe(field).map(|family| family.name), name.map(str::to_owned));
        }
    }
}
