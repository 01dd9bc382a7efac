//! The kernel's caches of objects, from /proc/slabinfo, which only root may read. Version 2.1 of the file.
//!
//! ```text
//! slabinfo - version: 2.1
//! # name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>
//! bio-312               12     12    320   12    1 : tunables    0    0    0 : slabdata      1      1      0
//! ```

use crate::ParseError;
use crate::fields::{Line, lines};

/// One cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slab<'a> {
    /// The cache's name, as `dentry`.
    pub name: &'a str,
    /// Objects in use. Source: column `active_objs`.
    pub active_objects: u64,
    /// Objects that are allocated, in use or not. Source: column `num_objs`.
    pub objects: u64,
    /// Size of one object in bytes. Source: column `objsize`.
    pub object_bytes: u64,
    /// Objects that one slab holds. Source: column `objperslab`.
    pub objects_per_slab: u64,
    /// Pages that one slab is made of. Source: column `pagesperslab`.
    pub pages_per_slab: u64,
}

/// Parses /proc/slabinfo, in the file's order, past its two lines of header. An empty file gives nothing.
///
/// # Errors
/// When a line is not a name and at least 5 numbers.
pub fn parse(bytes: &[u8]) -> Result<Vec<Slab<'_>>, ParseError> {
    let is_header = |line: &Line<'_>| line.text.starts_with(b"slabinfo - ") || line.text.starts_with(b"# name");
    lines(bytes).filter(|line| !is_header(line)).map(slab).collect()
}

fn slab(line: Line<'_>) -> Result<Slab<'_>, ParseError> {
    let mut fields = line.fields("a name and 5 numbers");
    let name = fields.text()?;
    let [active_objects, objects, object_bytes, objects_per_slab, pages_per_slab] = fields.numbers()?;
    Ok(Slab {
        name,
        active_objects,
        objects,
        object_bytes,
        objects_per_slab,
        pages_per_slab,
    })
}

#[cfg(test)]
mod tests {
    use super::{Slab, parse};

    #[test]
    fn slabs_keep_their_order() {
        let slab = |name, [active_objects, objects, object_bytes, objects_per_slab, pages_per_slab]: [u64; 5]| Slab {
            name,
            active_objects,
            objects,
            object_bytes,
            objects_per_slab,
            pages_per_slab,
        };
        let expected = vec![
            slab("btrfs_ordered_extent", [0, 0, 416, 19, 2]),
            slab("bio-312", [11, 12, 320, 12, 1]),
        ];
        assert_eq!(parse(include_bytes!("../fixtures/slabinfo")), Ok(expected));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_lines_are_errors() {
        for (line, found) in [
            ("dentry 1 2 3 4", "dentry 1 2 3 4"),
            ("dentry 1 2 3 4 x : tunables", "x"),
        ] {
            let text = format!("line 1: expected a name and 5 numbers, found {found:?}");
            assert_eq!(parse(line.as_bytes()).unwrap_err().to_string(), text);
        }
    }
}
