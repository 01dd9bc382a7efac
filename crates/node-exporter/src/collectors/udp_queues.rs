//! Memory that UDP sockets hold in their queues, from /proc/net/udp and udp6. udp6 is absent where IPv6 is off.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::net_udp;

use crate::context::Context;
use crate::source::{Source, if_present};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "udp_queues",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(UdpQueues {
            sources: [("v4", "net/udp"), ("v6", "net/udp6")]
                .map(|(ip, file)| (ip, context.proc(file).with_lines_up_to(LONGEST_LINE))),
        }))
    },
};

const QUEUES: Desc<'_> = Desc::gauge(
    "node_udp_queues",
    "Number of allocated memory in the kernel for UDP datagrams in bytes.",
    &["ip", "queue"],
);

/// Lines of udp have 128 bytes, and those of udp6 some more for the addresses.
const LONGEST_LINE: usize = 256;

struct UdpQueues {
    sources: [(&'static str, Source); 2],
}

impl Collector for UdpQueues {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let before = out.sample_count();
        let mut family = out.family(&QUEUES);
        for (ip, source) in &mut self.sources {
            if let Some(queues) = if_present(source.parse(net_udp::parse))? {
                family.sample(&[ip, "rx"], queues.rx_bytes as f64);
                family.sample(&[ip, "tx"], queues.tx_bytes as f64);
            }
        }
        if out.sample_count() == before {
            return Err(CollectError::NoData("this kernel has no UDP".into()));
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
    fn a_host_without_ipv6_has_the_queues_of_ipv4() {
        let root = root(&[("udp", "  sl\n")]);
        let source = |name: &str| Source::new(root.path().join(name));
        for (sources, samples) in [
            ([("v4", source("udp")), ("v6", source("none"))], Some(2)),
            ([("v4", source("none")), ("v6", source("none"))], None),
        ] {
            let mut out = Encoder::new(Format::Text004);
            let result = UdpQueues { sources }.collect(&mut out);
            assert_eq!(result.is_ok().then(|| out.sample_count()), samples);
            assert!(!matches!(result, Err(CollectError::Failed(_))));
        }
    }
}
