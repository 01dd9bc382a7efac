//! Huge pages by size. v1: hugetlb.SIZE.{usage_in_bytes,max_usage_in_bytes,failcnt}; v2: hugetlb.SIZE.{current,events},
//! which has no highest usage. The sizes are the machine's, from /sys/kernel/mm/hugepages.

use std::path::Path;

use exposition::{Desc, Encoder};
use kernel_stats::{ParseError, flat_keyed};

use super::{Enabled, Group, Stats};
use crate::cgroup::{Controller, Version};
use crate::reader::{Reading, Source};

/// The group.
pub(super) const GROUP: Group = Group {
    name: "hugetlb",
    default: Enabled::Off,
    read,
    encode,
};

/// A family, and where its value is.
type Family = (Desc<'static>, fn(&HugePages) -> Option<u64>);

const FAMILIES: [Family; 3] = [
    (
        Desc::gauge(
            "container_hugetlb_usage_bytes",
            "Current hugepage usage in bytes",
            &["pagesize"],
        ),
        |pages| pages.usage,
    ),
    (
        Desc::gauge(
            "container_hugetlb_max_usage_bytes",
            "Maximum hugepage usage recorded in bytes",
            &["pagesize"],
        ),
        |pages| pages.max_usage,
    ),
    (
        Desc::counter(
            "container_hugetlb_failcnt",
            "Number of hugepage usage hits limits",
            &["pagesize"],
        ),
        |pages| pages.limit_hits,
    ),
];

/// A container's huge pages of one size. Sizes are in bytes; `None` is what its version does not tell.
#[derive(Debug, PartialEq)]
pub(crate) struct HugePages {
    /// As `2MB`: in file names, and the label.
    pub(crate) size: String,
    /// What is in use.
    pub(crate) usage: Option<u64>,
    /// The most that ever was.
    pub(crate) max_usage: Option<u64>,
    /// How often it was at its limit.
    pub(crate) limit_hits: Option<u64>,
}

fn read(source: &mut Source<'_>, stats: &mut Stats) {
    if stats.huge_pages.is_empty() {
        stats.huge_pages = sizes(&source.paths.sysfs.join("kernel/mm/hugepages"));
    }
    for pages in &mut stats.huge_pages {
        match source.version() {
            Version::V1 => pages.read_v1(source),
            Version::V2 => pages.read_v2(source),
        }
    }
}

impl HugePages {
    fn read_v1(&mut self, source: &mut Source<'_>) {
        let mut number = |name| source.number(Controller::Hugetlb, format!("hugetlb.{}.{name}", self.size));
        (self.usage, self.max_usage) = (number("usage_in_bytes"), number("max_usage_in_bytes"));
        self.limit_hits = number("failcnt");
    }

    fn read_v2(&mut self, source: &mut Source<'_>) {
        let name = |name| format!("hugetlb.{}.{name}", self.size);
        self.usage = source.number(Controller::Hugetlb, name("current"));
        self.limit_hits = source
            .parse(Controller::Hugetlb, name("events"), parse_events)
            .flatten();
    }
}

fn parse_events(bytes: &[u8]) -> Result<Option<u64>, ParseError> {
    for field in flat_keyed::fields(bytes) {
        if let ("max", count) = field? {
            return Ok(Some(count));
        }
    }
    Ok(None)
}

/// The sizes that the machine has, sorted by name. No folder: a kernel without huge pages.
fn sizes(folder: &Path) -> Vec<HugePages> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries.filter_map(|entry| size(entry.ok()?.file_name().to_str()?));
    let mut sizes: Vec<String> = names.collect();
    sizes.sort();
    let unread = |size| HugePages {
        size,
        usage: None,
        max_usage: None,
        limit_hits: None,
    };
    sizes.into_iter().map(unread).collect()
}

/// `hugepages-2048kB` by the name that cgroups have for it, `2MB`.
fn size(folder: &str) -> Option<String> {
    let kilobytes: u64 = folder.strip_prefix("hugepages-")?.strip_suffix("kB")?.parse().ok()?;
    Some(match kilobytes {
        0..1_024 => format!("{kilobytes}KB"),
        1_024..1_048_576 => format!("{}MB", kilobytes >> 10),
        _ => format!("{}GB", kilobytes >> 20),
    })
}

fn encode(reading: &Reading, out: &mut Encoder) {
    for (desc, value) in &FAMILIES {
        let mut family = out.family(desc);
        for row in &reading.rows {
            for pages in &row.stats.huge_pages {
                if let Some(value) = value(pages) {
                    family.sample_in(&row.container.labels, &[&pages.size], value as f64);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::size;
    use crate::testing::{Tree, lines, samples};

    #[test]
    fn sizes_have_the_names_of_cgroup_files() {
        for (folder, name) in [
            ("hugepages-64kB", Some("64KB")),
            ("hugepages-2048kB", Some("2MB")),
            ("hugepages-524288kB", Some("512MB")),
            ("hugepages-1048576kB", Some("1GB")),
            ("hugepages-xkB", None),
            ("other", None),
        ] {
            assert_eq!(size(folder).as_deref(), name, "{folder}");
        }
    }

    #[test]
    fn v1_has_usage_its_maximum_and_failures() {
        let tree = Tree::v1();
        std::fs::create_dir_all(tree.paths().sysfs.join("kernel/mm/hugepages/hugepages-2048kB")).unwrap();
        for (name, content) in [
            ("usage_in_bytes", "2097152"),
            ("max_usage_in_bytes", "4194304"),
            ("failcnt", "3"),
        ] {
            tree.write(&format!("hugetlb/a/hugetlb.2MB.{name}"), content);
        }
        let expected = [
            r#"container_hugetlb_failcnt{id="/a",pagesize="2MB"} 3"#,
            r#"container_hugetlb_max_usage_bytes{id="/a",pagesize="2MB"} 4.194304e+06"#,
            r#"container_hugetlb_usage_bytes{id="/a",pagesize="2MB"} 2.097152e+06"#,
        ];
        assert_eq!(lines(&samples(&tree, &["/a"]), "container_hugetlb_"), expected);
    }

    #[test]
    fn v2_has_usage_and_failures() {
        let tree = Tree::v2();
        for folder in ["hugepages-2048kB", "hugepages-1048576kB"] {
            std::fs::create_dir_all(tree.paths().sysfs.join("kernel/mm/hugepages").join(folder)).unwrap();
        }
        tree.write("a/hugetlb.2MB.current", "2097152\n");
        tree.write("a/hugetlb.2MB.events", "max 3\n");
        tree.write("a/hugetlb.1GB.current", "0\n");
        let expected = [
            r#"container_hugetlb_failcnt{id="/a",pagesize="2MB"} 3"#,
            r#"container_hugetlb_usage_bytes{id="/a",pagesize="1GB"} 0"#,
            r#"container_hugetlb_usage_bytes{id="/a",pagesize="2MB"} 2.097152e+06"#,
        ];
        assert_eq!(lines(&samples(&tree, &["/a"]), "container_hugetlb_"), expected);
    }
}
