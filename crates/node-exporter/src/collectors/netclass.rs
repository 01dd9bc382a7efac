//! Properties of network devices, from /sys/class/net, or with `--collector.netclass.netlink` from netlink.

/// A family of one property.
macro_rules! property {
    ($kind:ident, $name:literal) => {
        Desc::$kind(
            concat!("node_network_", $name),
            concat!("Network device property: ", $name),
            &["device"],
        )
    };
}

mod rtnl;
mod statistics;
mod sysfs;

use exporter_toolkit::collector::{BuildError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exposition::Desc;

use self::rtnl::RtnlNetClass;
use self::sysfs::SysNetClass;
use crate::context::Context;
use crate::filter::{Filter, regex_flag};

const IGNORED: &str = "collector.netclass.ignored-devices";
const IGNORE_INVALID_SPEED: &str = "collector.netclass.ignore-invalid-speed";
const NETLINK: &str = "collector.netclass.netlink";
const WITH_STATS: &str = "collector.netclass_rtnl.with-stats";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "netclass",
    enabled_by_default: true,
    flags: &[
        Flag::value(IGNORED, "^$", "Regexp of net devices to ignore for netclass collector."),
        Flag::switch(
            IGNORE_INVALID_SPEED,
            false,
            "Ignore devices where the speed is invalid. This will be the default behavior in 2.x.",
        ),
        Flag::switch(NETLINK, false, "Use netlink to gather stats instead of /proc/net/dev."),
        Flag::switch(
            WITH_STATS,
            false,
            "Expose the statistics for each network device, replacing netdev collector.",
        ),
    ],
    build,
};

const UP: Desc<'_> = Desc::gauge(
    "node_network_up",
    "Value is 1 if operstate is 'up', 0 otherwise.",
    &["device"],
);
const SPEED: Desc<'_> = property!(gauge, "speed_bytes");
/// The kernel's unit of speed, a megabit a second, in bytes.
const BYTES_PER_MEGABIT: i64 = 1000 * 1000 / 8;

fn build(context: &Context) -> Result<Box<dyn Collector>, BuildError> {
    let flags = context.flags();
    let directory = context.sys_path("class/net");
    let devices = context.network_devices(Filter::Exclude(regex_flag(flags, IGNORED)?));
    Ok(if flags.switch(NETLINK) {
        Box::new(RtnlNetClass::new(directory, devices, flags.switch(WITH_STATS)))
    } else {
        Box::new(SysNetClass::new(directory, devices, flags.switch(IGNORE_INVALID_SPEED)))
    })
}
