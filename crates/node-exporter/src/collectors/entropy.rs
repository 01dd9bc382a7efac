//! Entropy of the kernel's random numbers, from /proc/sys/kernel/random/{entropy_avail,poolsize}.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::attribute;

use crate::context::Context;
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "entropy",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(Entropy {
            available: context.proc("sys/kernel/random/entropy_avail"),
            pool_size: context.proc("sys/kernel/random/poolsize"),
        }))
    },
};

const AVAILABLE: Desc<'_> = Desc::gauge("node_entropy_available_bits", "Bits of available entropy.", &[]);
const POOL_SIZE: Desc<'_> = Desc::gauge("node_entropy_pool_size_bits", "Bits of entropy pool.", &[]);

struct Entropy {
    available: Source,
    pool_size: Source,
}

impl Collector for Entropy {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let available = self.available.parse(attribute::parse_u64)?;
        out.scalar(&AVAILABLE, available as f64);
        let pool_size = self.pool_size.parse(attribute::parse_u64)?;
        out.scalar(&POOL_SIZE, pool_size as f64);
        Ok(())
    }
}
