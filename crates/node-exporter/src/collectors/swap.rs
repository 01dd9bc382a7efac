//! Areas of swap, from /proc/swaps.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::swaps::{self, Swap};

use crate::context::Context;
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "swap",
    enabled_by_default: false,
    flags: &[],
    build: |context| {
        Ok(Box::new(Swaps {
            source: context.proc("swaps"),
        }))
    },
};

const BYTES_PER_KIB: f64 = 1024.0;

/// A family and the column that it shows.
type Column = (Desc<'static>, fn(&Swap<'_>) -> f64);

const COLUMNS: [Column; 3] = [
    (
        Desc::gauge("node_swap_priority", "Swap device priority.", &["device", "swap_type"]),
        |swap| swap.priority as f64,
    ),
    (
        Desc::gauge(
            "node_swap_size_bytes",
            "Swap device size in bytes.",
            &["device", "swap_type"],
        ),
        |swap| swap.size_kib as f64 * BYTES_PER_KIB,
    ),
    (
        Desc::gauge(
            "node_swap_used_bytes",
            "Swap device used in bytes.",
            &["device", "swap_type"],
        ),
        |swap| swap.used_kib as f64 * BYTES_PER_KIB,
    ),
];

struct Swaps {
    source: Source,
}

impl Collector for Swaps {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let swaps = self.source.parse(swaps::parse)?;
        for (desc, value) in &COLUMNS {
            let mut family = out.family(desc);
            for swap in &swaps {
                family.sample(&[swap.filename, swap.kind], value(swap));
            }
        }
        Ok(())
    }
}
