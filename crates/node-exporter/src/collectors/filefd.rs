//! File handles of the whole system, from /proc/sys/fs/file-nr.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::file_nr;

use crate::context::Context;
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "filefd",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(FileFd {
            source: context.proc("sys/fs/file-nr"),
        }))
    },
};

const ALLOCATED: Desc<'_> = Desc::gauge("node_filefd_allocated", "File descriptor statistics: allocated.", &[]);
const MAXIMUM: Desc<'_> = Desc::gauge("node_filefd_maximum", "File descriptor statistics: maximum.", &[]);

struct FileFd {
    source: Source,
}

impl Collector for FileFd {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let handles = self.source.parse(file_nr::parse)?;
        out.scalar(&ALLOCATED, handles.allocated as f64);
        out.scalar(&MAXIMUM, handles.maximum as f64);
        Ok(())
    }
}
