//! Merging of equal pages of memory, from /sys/kernel/mm/ksm. A kernel without NUMA lacks `merge_across_nodes`.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::attribute;

use crate::context::Context;
use crate::source::{Source, if_present};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "ksmd",
    enabled_by_default: false,
    flags: &[],
    build: |context| {
        let source = |(file, _, _): &Attribute| context.sys(&format!("kernel/mm/ksm/{file}"));
        Ok(Box::new(Ksmd {
            sources: ATTRIBUTES.each_ref().map(source),
        }))
    },
};

/// A file, its family, and what the family's unit has of the file's.
type Attribute = (&'static str, Desc<'static>, f64);

const SECONDS_PER_MILLI: f64 = 0.001;

macro_rules! attribute {
    ($kind:ident, $name:literal, $file:literal, $scale:expr) => {
        (
            $file,
            Desc::$kind(concat!("node_ksmd_", $name), concat!("ksmd '", $file, "' file."), &[]),
            $scale,
        )
    };
}

const ATTRIBUTES: [Attribute; 9] = [
    attribute!(counter, "full_scans_total", "full_scans", 1.0),
    attribute!(gauge, "merge_across_nodes", "merge_across_nodes", 1.0),
    attribute!(gauge, "pages_shared", "pages_shared", 1.0),
    attribute!(gauge, "pages_sharing", "pages_sharing", 1.0),
    attribute!(gauge, "pages_to_scan", "pages_to_scan", 1.0),
    attribute!(gauge, "pages_unshared", "pages_unshared", 1.0),
    attribute!(gauge, "pages_volatile", "pages_volatile", 1.0),
    attribute!(gauge, "run", "run", 1.0),
    attribute!(gauge, "sleep_seconds", "sleep_millisecs", SECONDS_PER_MILLI),
];

struct Ksmd {
    sources: [Source; ATTRIBUTES.len()],
}

impl Collector for Ksmd {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let before = out.sample_count();
        for ((_, desc, scale), source) in ATTRIBUTES.iter().zip(&mut self.sources) {
            if let Some(number) = if_present(source.parse(attribute::parse_u64))? {
                out.scalar(desc, number as f64 * scale);
            }
        }
        if out.sample_count() == before {
            return Err(CollectError::NoData("this kernel has no /sys/kernel/mm/ksm".into()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use exposition::Format;

    use super::*;
    use crate::testing::root;

    #[test]
    fn a_file_that_the_kernel_lacks_is_missing_alone() {
        let root = root(&[("run", "1\n"), ("sleep_millisecs", "20\n")]);
        let source = |(file, _, _): &Attribute| Source::new(root.path().join(file));
        let mut collector = Ksmd {
            sources: ATTRIBUTES.each_ref().map(source),
        };
        let mut out = Encoder::new(Format::Text004);
        assert!(collector.collect(&mut out).is_ok());
        assert_eq!(out.sample_count(), 2);
    }
}
