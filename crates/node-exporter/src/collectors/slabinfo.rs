//! The kernel's caches of objects, from /proc/slabinfo, which only root may read.

use exporter_toolkit::collector::{BuildError, CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exporter_toolkit::go_regex::Expression;
use exposition::{Desc, Encoder};
use kernel_stats::slabinfo::{self, Slab};

use crate::context::Context;
use crate::filter::regex_flag;
use crate::source::Source;

const INCLUDE: &str = "collector.slabinfo.slabs-include";
const EXCLUDE: &str = "collector.slabinfo.slabs-exclude";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "slabinfo",
    enabled_by_default: false,
    flags: &[
        Flag::value(INCLUDE, ".*", "Regexp of slabs to include in slabinfo collector."),
        Flag::value(EXCLUDE, "", "Regexp of slabs to exclude in slabinfo collector."),
    ],
    build,
};

/// A family and the column that it shows.
type Column = (Desc<'static>, fn(&Slab<'_>) -> u64);

const COLUMNS: [Column; 5] = [
    (
        Desc::gauge(
            "node_slabinfo_active_objects",
            "The number of objects that are currently active (i.e., in use).",
            &["slab"],
        ),
        |slab| slab.active_objects,
    ),
    (
        Desc::gauge(
            "node_slabinfo_object_size_bytes",
            "The size of objects in this slab, in bytes.",
            &["slab"],
        ),
        |slab| slab.object_bytes,
    ),
    (
        Desc::gauge(
            "node_slabinfo_objects",
            "The total number of allocated objects (i.e., objects that are both in use and not in use).",
            &["slab"],
        ),
        |slab| slab.objects,
    ),
    (
        Desc::gauge(
            "node_slabinfo_objects_per_slab",
            "The number of objects stored in each slab.",
            &["slab"],
        ),
        |slab| slab.objects_per_slab,
    ),
    (
        Desc::gauge(
            "node_slabinfo_pages_per_slab",
            "The number of pages allocated for each slab.",
            &["slab"],
        ),
        |slab| slab.pages_per_slab,
    ),
];

fn build(context: &Context) -> Result<Box<dyn Collector>, BuildError> {
    let exclude = match context.flags().value(EXCLUDE) {
        "" => None,
        _ => Some(regex_flag(context.flags(), EXCLUDE)?),
    };
    Ok(Box::new(SlabInfo {
        source: context.proc("slabinfo"),
        include: regex_flag(context.flags(), INCLUDE)?,
        exclude,
    }))
}

struct SlabInfo {
    source: Source,
    include: Expression,
    exclude: Option<Expression>,
}

impl Collector for SlabInfo {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let mut slabs = self.source.parse(slabinfo::parse)?;
        slabs.retain(|slab| shows(&self.include, self.exclude.as_ref(), slab.name));
        slabs.sort_unstable_by_key(|slab| slab.name);
        for (desc, value) in &COLUMNS {
            let mut family = out.family(desc);
            for slab in &slabs {
                family.sample(&[slab.name], value(slab) as f64);
            }
        }
        Ok(())
    }
}

/// Whether a slab is shown: here, unlike elsewhere, both flags may be given, and both must agree.
fn shows(include: &Expression, exclude: Option<&Expression>, name: &str) -> bool {
    include.is_match(name) && !exclude.is_some_and(|exclude| exclude.is_match(name))
}

#[cfg(test)]
mod tests {
    use exporter_toolkit::go_regex;

    use super::*;

    #[test]
    fn a_slab_is_shown_if_both_flags_agree() {
        for (include, exclude, shown) in [
            (".*", None, true),
            ("", None, true),
            ("^d", None, true),
            ("^k", None, false),
            ("^d", Some("try$"), false),
            (".*", Some("^k"), true),
        ] {
            let [include, exclude] =
                [Some(include), exclude].map(|regex| regex.map(|regex| go_regex::parse(regex).unwrap()));
            assert_eq!(shows(&include.unwrap(), exclude.as_ref(), "dentry"), shown);
        }
    }
}
