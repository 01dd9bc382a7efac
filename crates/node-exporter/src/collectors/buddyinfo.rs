//! Free blocks of memory by size, from /proc/buddyinfo.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::buddyinfo;

use crate::context::Context;
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "buddyinfo",
    enabled_by_default: false,
    flags: &[],
    build: |context| {
        Ok(Box::new(BuddyInfo {
            source: context.proc("buddyinfo"),
            sizes: Vec::new(),
        }))
    },
};

const BLOCKS: Desc<'_> = Desc::gauge(
    "node_buddyinfo_blocks",
    "Count of free blocks according to size.",
    &["node", "size", "zone"],
);

struct BuddyInfo {
    source: Source,
    /// The label of each size, which is the power of two of its pages.
    sizes: Vec<String>,
}

impl Collector for BuddyInfo {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let zones = self.source.parse(buddyinfo::parse)?;
        let sizes = zones.iter().map(|zone| zone.counts.len()).max().unwrap_or(0);
        self.sizes
            .extend((self.sizes.len()..sizes).map(|size| size.to_string()));
        let mut family = out.family(&BLOCKS);
        for zone in &zones {
            for (size, count) in self.sizes.iter().zip(&zone.counts) {
                family.sample(&[zone.node, size, zone.zone], *count as f64);
            }
        }
        Ok(())
    }
}
