//! What the kernel calls itself, from uname(2).

use std::ffi::CStr;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};

use crate::context::Context;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "uname",
    enabled_by_default: true,
    flags: &[],
    build: |_| Ok(Box::new(Uname)),
};

const INFO: Desc<'_> = Desc::gauge(
    "node_uname_info",
    "Labeled system information as provided by the uname system call.",
    &["domainname", "machine", "nodename", "release", "sysname", "version"],
);

struct Uname;

impl Collector for Uname {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let uname = rustix::system::uname();
        let labels = [
            uname.domainname(),
            uname.machine(),
            uname.nodename(),
            uname.release(),
            uname.sysname(),
            uname.version(),
        ]
        .map(CStr::to_string_lossy);
        out.family(&INFO).sample(&labels.each_ref().map(AsRef::as_ref), 1.0);
        Ok(())
    }
}
