//! Counts of the virtual memory system, from /proc/vmstat: the fields that match `--collector.vmstat.fields`.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exporter_toolkit::go_regex::Expression;
use exposition::{Encoder, Kind};
use kernel_stats::flat_keyed;

use crate::context::Context;
use crate::field_names::{FieldFamily, FieldNames};
use crate::filter::regex_flag;
use crate::source::Source;

const FIELDS: &str = "collector.vmstat.fields";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "vmstat",
    enabled_by_default: true,
    flags: &[Flag::value(
        FIELDS,
        "^(oom_kill|pgpg|pswp|pg.*fault).*",
        "Regexp of fields to return for vmstat collector.",
    )],
    build: |context| {
        Ok(Box::new(VmStat {
            source: context.proc("vmstat"),
            shown: regex_flag(context.flags(), FIELDS)?,
            names: FieldNames::default(),
        }))
    },
};

struct VmStat {
    source: Source,
    shown: Expression,
    names: FieldNames,
}

impl Collector for VmStat {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        self.names.rewind();
        for (field, value) in self.source.parse(flat_keyed::parse)? {
            if let Some(family) = self.names.next("", field, || describe(&self.shown, field)) {
                out.scalar(&family.desc(Kind::Untyped), value as f64);
            }
        }
        Ok(())
    }
}

fn describe(shown: &Expression, field: &str) -> Option<FieldFamily> {
    shown.is_match(field).then(|| FieldFamily {
        name: format!("node_vmstat_{field}"),
        help: format!("/proc/vmstat information field {field}."),
    })
}
