//! What one XFS file system did since it was mounted, from /sys/fs/xfs/DEVICE/stats/stats. A line is a group and its
//! counters, 32 bits wide. Linux 4.4 and later.
//!
//! ```text
//! extent_alloc 4 312 0 0
//! abt 0 0 0 0
//! rw 107 212
//! ```

use crate::ParseError;
use crate::fields::lines;

/// The groups of counters that collectors show; a group that the file lacks is zeros.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct XfsStats {
    /// Extents allocated, blocks allocated, extents freed, blocks freed. Source: `extent_alloc`.
    pub extent_alloc: [u64; 4],
    /// Lookups, compares, insertions and deletions in the allocation B-trees. Source: `abt`.
    pub allocation_btree: [u64; 4],
    /// Mappings for reads, for writes, unmappings; insertions, deletions, lookups and compares in extent lists.
    /// Source: `blk_map`.
    pub block_map: [u64; 7],
    /// Lookups, compares, insertions and deletions in the block map B-trees. Source: `bmbt`.
    pub block_map_btree: [u64; 4],
    /// Lookups, creations, removals and listings in directories. Source: `dir`.
    pub directory: [u64; 4],
    /// Inodes looked for in the cache, found, found but being recycled, missed, added by another meanwhile, reclaimed,
    /// changed in their attributes. Source: `ig`.
    pub inode: [u64; 7],
    /// Calls of write(2) and read(2). Source: `rw`.
    pub write_read: [u64; 2],
    /// Vnodes that are active, allocated, got, held, released, reclaimed, removed. Source: `vnodes`.
    pub vnode: [u64; 7],
}

/// Parses the statistics of a file system. Other groups are passed over; an empty file gives zeros.
///
/// # Errors
/// When one of the groups above has too few counters or anything but numbers.
pub fn parse(bytes: &[u8]) -> Result<XfsStats, ParseError> {
    let mut stats = XfsStats::default();
    for line in lines(bytes) {
        let mut fields = line.fields("a group and its counters");
        match fields.word()? {
            b"extent_alloc" => stats.extent_alloc = fields.numbers()?,
            b"abt" => stats.allocation_btree = fields.numbers()?,
            b"blk_map" => stats.block_map = fields.numbers()?,
            b"bmbt" => stats.block_map_btree = fields.numbers()?,
            b"dir" => stats.directory = fields.numbers()?,
            b"ig" => stats.inode = fields.numbers()?,
            b"rw" => stats.write_read = fields.numbers()?,
            b"vnodes" => stats.vnode = fields.numbers()?,
            _ => {}
        }
    }
    Ok(stats)
}

#[cfg(test)]
mod tests {
    use super::{XfsStats, parse};

    #[test]
    fn groups_keep_their_counters_in_order() {
        let expected = XfsStats {
            extent_alloc: [100, 101, 102, 103],
            allocation_btree: [104, 105, 106, 107],
            block_map: [108, 109, 110, 111, 112, 113, 114],
            block_map_btree: [115, 116, 117, 118],
            directory: [119, 120, 121, 122],
            inode: [126, 127, 128, 129, 130, 131, 132],
            write_read: [150, 151],
            vnode: [159, 160, 161, 162, 163, 164, 165],
        };
        assert_eq!(parse(include_bytes!("../fixtures/xfs_stats")), Ok(expected));
        assert_eq!(parse(b"debug x\n"), Ok(XfsStats::default()));
    }

    #[test]
    fn malformed_groups_are_errors() {
        for (line, found) in [("rw 1", "rw 1"), ("dir 1 2 x 4", "x"), ("abt 1 2 3 -4", "-4")] {
            let text = format!("line 1: expected a group and its counters, found {found:?}");
            assert_eq!(parse(line.as_bytes()).unwrap_err().to_string(), text);
        }
    }
}
