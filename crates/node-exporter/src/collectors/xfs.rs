//! XFS file systems, from /sys/fs/xfs/DEVICE/stats/stats. Linux 4.4 and later. A host without any of them has no
//! families and is no failure, as in node_exporter.

use std::path::PathBuf;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::xfs_stats::{self, XfsStats};

use crate::context::Context;
use crate::sysfs::{Attributes, Folder};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "xfs",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(Xfs {
            directory: context.sys_path("fs/xfs"),
            attributes: Attributes::default(),
        }))
    },
};

/// A family and the counter that it shows.
type Column = (Desc<'static>, fn(&XfsStats) -> u64);

macro_rules! column {
    ($name:literal, $help:literal, $value:expr) => {
        (Desc::counter(concat!("node_xfs_", $name), $help, &["device"]), $value)
    };
}

const COLUMNS: [Column; 39] = [
    column!(
        "allocation_btree_compares_total",
        "Number of allocation B-tree compares for a filesystem.",
        |stats| stats.allocation_btree[1]
    ),
    column!(
        "allocation_btree_lookups_total",
        "Number of allocation B-tree lookups for a filesystem.",
        |stats| stats.allocation_btree[0]
    ),
    column!(
        "allocation_btree_records_deleted_total",
        "Number of allocation B-tree records deleted for a filesystem.",
        |stats| stats.allocation_btree[3]
    ),
    column!(
        "allocation_btree_records_inserted_total",
        "Number of allocation B-tree records inserted for a filesystem.",
        |stats| stats.allocation_btree[2]
    ),
    column!(
        "block_map_btree_compares_total",
        "Number of block map B-tree compares for a filesystem.",
        |stats| stats.block_map_btree[1]
    ),
    column!(
        "block_map_btree_lookups_total",
        "Number of block map B-tree lookups for a filesystem.",
        |stats| stats.block_map_btree[0]
    ),
    column!(
        "block_map_btree_records_deleted_total",
        "Number of block map B-tree records deleted for a filesystem.",
        |stats| stats.block_map_btree[3]
    ),
    column!(
        "block_map_btree_records_inserted_total",
        "Number of block map B-tree records inserted for a filesystem.",
        |stats| stats.block_map_btree[2]
    ),
    column!(
        "block_mapping_extent_list_compares_total",
        "Number of extent list compares for a filesystem.",
        |stats| stats.block_map[6]
    ),
    column!(
        "block_mapping_extent_list_deletions_total",
        "Number of extent list deletions for a filesystem.",
        |stats| stats.block_map[4]
    ),
    column!(
        "block_mapping_extent_list_insertions_total",
        "Number of extent list insertions for a filesystem.",
        |stats| stats.block_map[3]
    ),
    column!(
        "block_mapping_extent_list_lookups_total",
        "Number of extent list lookups for a filesystem.",
        |stats| stats.block_map[5]
    ),
    column!(
        "block_mapping_reads_total",
        "Number of block map for read operations for a filesystem.",
        |stats| stats.block_map[0]
    ),
    column!(
        "block_mapping_unmaps_total",
        "Number of block unmaps (deletes) for a filesystem.",
        |stats| stats.block_map[2]
    ),
    column!(
        "block_mapping_writes_total",
        "Number of block map for write operations for a filesystem.",
        |stats| stats.block_map[1]
    ),
    column!(
        "directory_operation_create_total",
        "Number of times a new directory entry was created for a filesystem.",
        |stats| stats.directory[1]
    ),
    column!(
        "directory_operation_getdents_total",
        "Number of times the directory getdents operation was performed for a filesystem.",
        |stats| stats.directory[3]
    ),
    column!(
        "directory_operation_lookup_total",
        "Number of file name directory lookups which miss the operating systems directory name lookup cache.",
        |stats| stats.directory[0]
    ),
    column!(
        "directory_operation_remove_total",
        "Number of times an existing directory entry was created for a filesystem.",
        |stats| stats.directory[2]
    ),
    column!(
        "extent_allocation_blocks_allocated_total",
        "Number of blocks allocated for a filesystem.",
        |stats| stats.extent_alloc[1]
    ),
    column!(
        "extent_allocation_blocks_freed_total",
        "Number of blocks freed for a filesystem.",
        |stats| stats.extent_alloc[3]
    ),
    column!(
        "extent_allocation_extents_allocated_total",
        "Number of extents allocated for a filesystem.",
        |stats| stats.extent_alloc[0]
    ),
    column!(
        "extent_allocation_extents_freed_total",
        "Number of extents freed for a filesystem.",
        |stats| stats.extent_alloc[2]
    ),
    column!(
        "inode_operation_attempts_total",
        "Number of times the OS looked for an XFS inode in the inode cache.",
        |stats| stats.inode[0]
    ),
    column!(
        "inode_operation_attribute_changes_total",
        "Number of times the OS explicitly changed the attributes of an XFS inode.",
        |stats| stats.inode[6]
    ),
    column!(
        "inode_operation_duplicates_total",
        "Number of times the OS tried to add a missing XFS inode to the inode cache, but found it had already been added by another process.",
        |stats| stats.inode[4]
    ),
    column!(
        "inode_operation_found_total",
        "Number of times the OS looked for and found an XFS inode in the inode cache.",
        |stats| stats.inode[1]
    ),
    column!(
        "inode_operation_missed_total",
        "Number of times the OS looked for an XFS inode in the cache, but did not find it.",
        |stats| stats.inode[3]
    ),
    column!(
        "inode_operation_reclaims_total",
        "Number of times the OS reclaimed an XFS inode from the inode cache to free memory for another purpose.",
        |stats| stats.inode[5]
    ),
    column!(
        "inode_operation_recycled_total",
        "Number of times the OS found an XFS inode in the cache, but could not use it as it was being recycled.",
        |stats| stats.inode[2]
    ),
    column!(
        "read_calls_total",
        "Number of read(2) system calls made to files in a filesystem.",
        |stats| stats.write_read[1]
    ),
    column!(
        "vnode_active_total",
        "Number of vnodes not on free lists for a filesystem.",
        |stats| stats.vnode[0]
    ),
    column!(
        "vnode_allocate_total",
        "Number of times vn_alloc called for a filesystem.",
        |stats| stats.vnode[1]
    ),
    column!(
        "vnode_get_total",
        "Number of times vn_get called for a filesystem.",
        |stats| stats.vnode[2]
    ),
    column!(
        "vnode_hold_total",
        "Number of times vn_hold called for a filesystem.",
        |stats| stats.vnode[3]
    ),
    column!(
        "vnode_reclaim_total",
        "Number of times vn_reclaim called for a filesystem.",
        |stats| stats.vnode[5]
    ),
    column!(
        "vnode_release_total",
        "Number of times vn_rele called for a filesystem.",
        |stats| stats.vnode[4]
    ),
    column!(
        "vnode_remove_total",
        "Number of times vn_remove called for a filesystem.",
        |stats| stats.vnode[6]
    ),
    column!(
        "write_calls_total",
        "Number of write(2) system calls made to files in a filesystem.",
        |stats| stats.write_read[0]
    ),
];

struct Xfs {
    directory: PathBuf,
    attributes: Attributes,
}

impl Collector for Xfs {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let directory = match Folder::open(&self.directory).map_err(CollectError::from) {
            Err(CollectError::NoData(_)) => return Ok(()),
            directory => directory?,
        };
        let devices = self.read(&directory)?;
        encode(&devices, out);
        self.attributes.finish()
    }
}

impl Xfs {
    /// The statistics of all file systems. Folders beside them, such as that of the sums, have no such file.
    fn read(&mut self, directory: &Folder) -> Result<Vec<(String, XfsStats)>, CollectError> {
        let mut devices = Vec::new();
        for name in directory.folders()? {
            let Some(folder) = directory.folder(&name) else {
                continue;
            };
            if let Some(stats) = self.attributes.parse(&folder, c"stats/stats", xfs_stats::parse) {
                devices.push((name, stats));
            }
        }
        Ok(devices)
    }
}

fn encode(devices: &[(String, XfsStats)], out: &mut Encoder) {
    for (desc, value) in &COLUMNS {
        let mut family = out.family(desc);
        for (device, stats) in devices {
            family.sample(&[device.as_str()], value(stats) as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use exposition::{Format, assemble};
    use tempfile::TempDir;

    use super::*;
    use crate::testing::root;

    fn scrape(root: &TempDir) -> (Result<(), CollectError>, String) {
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        let mut collector = Xfs {
            directory: root.path().join("xfs"),
            attributes: Attributes::default(),
        };
        let result = collector.collect(&mut out);
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let reads = text
            .lines()
            .filter(|line| line.starts_with("node_xfs_read_calls_total"));
        (result, reads.map(|line| format!("{line}\n")).collect())
    }

    #[test]
    fn a_host_without_file_systems_is_no_failure() {
        for files in [&[][..], &[("xfs/stats/stats", "rw 1 2\n")]] {
            let (result, text) = scrape(&root(files));
            assert!(result.is_ok());
            assert_eq!(text, "");
        }
    }

    #[test]
    fn a_malformed_file_spoils_only_its_own_file_system() {
        let root = root(&[("xfs/a/stats/stats", "rw 1 x\n"), ("xfs/b/stats/stats", "rw 1 2\n")]);
        let (result, text) = scrape(&root);
        assert!(matches!(result, Err(CollectError::Failed(_))));
        assert_eq!(text, "node_xfs_read_calls_total{device=\"b\"} 2\n");
    }
}
