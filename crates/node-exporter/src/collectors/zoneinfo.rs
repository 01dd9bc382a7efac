//! Zones of memory, from /proc/zoneinfo. The first zone of a node also has the counts of the whole node, as in
//! node_exporter.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder, Kind};
use kernel_stats::zoneinfo::{self, Zone};

use crate::context::Context;
use crate::field_names::FieldFamily;
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "zoneinfo",
    enabled_by_default: false,
    flags: &[],
    build: |context| {
        Ok(Box::new(ZoneInfo {
            source: context.proc("zoneinfo"),
            protection: Vec::new(),
        }))
    },
};

const LABELS: &[&str] = &["node", "zone"];

macro_rules! field {
    ($kind:ident, $field:literal, $name:literal, $help:literal) => {
        ($field, Desc::$kind(concat!("node_zoneinfo_", $name), $help, LABELS))
    };
}

/// The fields that are shown and their families.
const FIELDS: [(&str, Desc<'_>); 34] = [
    field!(gauge, "high", "high_pages", "Zone watermark pages_high"),
    field!(gauge, "low", "low_pages", "Zone watermark pages_low"),
    field!(
        gauge,
        "managed",
        "managed_pages",
        "Present pages managed by the buddy system"
    ),
    field!(gauge, "min", "min_pages", "Zone watermark pages_min"),
    field!(
        gauge,
        "nr_active_anon",
        "nr_active_anon_pages",
        "Number of anonymous pages recently more used"
    ),
    field!(
        gauge,
        "nr_active_file",
        "nr_active_file_pages",
        "Number of active pages with file-backing"
    ),
    field!(
        gauge,
        "nr_anon_pages",
        "nr_anon_pages",
        "Number of anonymous pages currently used by the system"
    ),
    field!(
        gauge,
        "nr_anon_transparent_hugepages",
        "nr_anon_transparent_hugepages",
        "Number of anonymous transparent huge pages currently used by the system"
    ),
    field!(counter, "nr_dirtied", "nr_dirtied_total", "Page dirtyings since bootup"),
    field!(gauge, "nr_dirty", "nr_dirty_pages", "Number of dirty pages"),
    field!(gauge, "nr_file_pages", "nr_file_pages", "Number of file pages"),
    field!(
        gauge,
        "nr_free_pages",
        "nr_free_pages",
        "Total number of free pages in the zone"
    ),
    field!(
        gauge,
        "nr_inactive_anon",
        "nr_inactive_anon_pages",
        "Number of anonymous pages recently less used"
    ),
    field!(
        gauge,
        "nr_inactive_file",
        "nr_inactive_file_pages",
        "Number of inactive pages with file-backing"
    ),
    field!(
        gauge,
        "nr_isolated_anon",
        "nr_isolated_anon_pages",
        "Temporary isolated pages from anon lru"
    ),
    field!(
        gauge,
        "nr_isolated_file",
        "nr_isolated_file_pages",
        "Temporary isolated pages from file lru"
    ),
    field!(gauge, "nr_kernel_stack", "nr_kernel_stacks", "Number of kernel stacks"),
    field!(gauge, "nr_mapped", "nr_mapped_pages", "Number of mapped pages"),
    field!(
        gauge,
        "nr_mlock_stack",
        "nr_mlock_stack_pages",
        "mlock()ed pages found and moved off LRU"
    ),
    field!(
        gauge,
        "nr_shmem",
        "nr_shmem_pages",
        "Number of shmem pages (included tmpfs/GEM pages)"
    ),
    field!(
        gauge,
        "nr_slab_reclaimable",
        "nr_slab_reclaimable_pages",
        "Number of reclaimable slab pages"
    ),
    field!(
        gauge,
        "nr_slab_unreclaimable",
        "nr_slab_unreclaimable_pages",
        "Number of unreclaimable slab pages"
    ),
    field!(
        gauge,
        "nr_unevictable",
        "nr_unevictable_pages",
        "Number of unevictable pages"
    ),
    field!(gauge, "nr_writeback", "nr_writeback_pages", "Number of writeback pages"),
    field!(counter, "nr_written", "nr_written_total", "Page writings since bootup"),
    field!(
        counter,
        "numa_foreign",
        "numa_foreign_total",
        "Was intended here, hit elsewhere"
    ),
    field!(counter, "numa_hit", "numa_hit_total", "Allocated in intended node"),
    field!(
        counter,
        "numa_interleave",
        "numa_interleave_total",
        "Interleaver preferred this zone"
    ),
    field!(counter, "numa_local", "numa_local_total", "Allocation from local node"),
    field!(
        counter,
        "numa_miss",
        "numa_miss_total",
        "Allocated in non intended node"
    ),
    field!(counter, "numa_other", "numa_other_total", "Allocation from other node"),
    field!(
        gauge,
        "present",
        "present_pages",
        "Physical pages existing within the zone"
    ),
    field!(gauge, "scanned", "scanned_pages", "Pages scanned since last reclaim"),
    field!(
        gauge,
        "spanned",
        "spanned_pages",
        "Total pages spanned by the zone, including holes"
    ),
];

struct ZoneInfo {
    source: Source,
    /// The family of each position in the list `protection`, which is as long as the kernel has zones.
    protection: Vec<FieldFamily>,
}

impl Collector for ZoneInfo {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let mut zones = self.source.parse(zoneinfo::parse)?;
        zones.sort_unstable_by_key(|zone| (zone.node, zone.name));
        for (field, desc) in &FIELDS {
            encode(desc, &zones, |zone| zone.count(field), out);
        }
        let longest = zones.iter().map(|zone| zone.protection.len()).max().unwrap_or(0);
        self.protection.extend((self.protection.len()..longest).map(protection));
        for (position, family) in self.protection.iter().enumerate() {
            let desc = Desc::new(&family.name, &family.help, Kind::Gauge, LABELS);
            encode(&desc, &zones, |zone| zone.protection.get(position).copied(), out);
        }
        Ok(())
    }
}

fn protection(position: usize) -> FieldFamily {
    FieldFamily {
        name: format!("node_zoneinfo_protection_{position}"),
        help: format!("Protection array {position}. field"),
    }
}

fn encode(desc: &Desc<'_>, zones: &[Zone<'_>], value: impl Fn(&Zone<'_>) -> Option<u64>, out: &mut Encoder) {
    let mut family = out.family(desc);
    for zone in zones {
        if let Some(value) = value(zone) {
            family.sample(&[zone.node, zone.name], value as f64);
        }
    }
}
