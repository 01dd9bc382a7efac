//! Sockets in use, from /proc/net/sockstat and sockstat6. Either is absent where that protocol is off.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder, Kind};
use kernel_stats::net_field::NetField;
use kernel_stats::net_sockstat;

use crate::context::Context;
use crate::field_names::{FieldFamily, FieldNames};
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "sockstat",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(SockStat {
            sources: [context.proc("net/sockstat"), context.proc("net/sockstat6")],
            names: FieldNames::default(),
            page_bytes: rustix::param::page_size() as f64,
        }))
    },
};

const USED: Desc<'_> = Desc::gauge("node_sockstat_sockets_used", "Number of IPv4 sockets in use.", &[]);

/// The fields of protocols that are shown. `mem` is in pages and shown in bytes too, as `mem_bytes`.
const SHOWN: [&str; 6] = ["inuse", "orphan", "tw", "alloc", "mem", "memory"];

struct SockStat {
    sources: [Source; 2],
    names: FieldNames,
    page_bytes: f64,
}

impl Collector for SockStat {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        self.names.rewind();
        for source in &mut self.sources {
            let fields = match source.parse(net_sockstat::parse).map_err(CollectError::from) {
                Err(CollectError::NoData(_)) => continue,
                fields => fields?,
            };
            for field in &fields {
                encode(field, self.page_bytes, &mut self.names, out);
            }
        }
        Ok(())
    }
}

fn encode(field: &NetField<'_>, page_bytes: f64, names: &mut FieldNames, out: &mut Encoder) {
    match (field.protocol, field.name) {
        ("sockets", "used") => out.scalar(&USED, field.value),
        ("sockets", _) => {}
        (protocol, name) => {
            scalar(protocol, name, field.value, names, out);
            if name == "mem" {
                scalar(protocol, "mem_bytes", field.value * page_bytes, names, out);
            }
        }
    }
}

fn scalar(protocol: &str, name: &str, value: f64, names: &mut FieldNames, out: &mut Encoder) {
    if let Some(family) = names.next(protocol, name, || describe(protocol, name)) {
        out.scalar(&family.desc(Kind::Gauge), value);
    }
}

fn describe(protocol: &str, name: &str) -> Option<FieldFamily> {
    (SHOWN.contains(&name) || name == "mem_bytes").then(|| FieldFamily {
        name: format!("node_sockstat_{protocol}_{name}"),
        help: format!("Number of {protocol} sockets in state {name}."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use exposition::{Format, assemble};

    #[test]
    fn pages_are_shown_in_bytes_too_and_unknown_fields_not_at_all() {
        let (mut names, mut out) = (FieldNames::default(), Encoder::new(Format::Text004));
        for (protocol, name, value) in [("sockets", "used", 12.0), ("TCP", "mem", 3.0), ("TCP", "novel", 1.0)] {
            encode(&NetField { protocol, name, value }, 4096.0, &mut names, &mut out);
        }
        let mut text = Vec::new();
        assert!(assemble([&out], &mut text).is_empty());
        let text = String::from_utf8(text).unwrap();
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            samples,
            [
                "node_sockstat_TCP_mem 3",
                "node_sockstat_TCP_mem_bytes 12288",
                "node_sockstat_sockets_used 12"
            ]
        );
    }
}
