//! What the process costs: the `process_*` families.

use exposition::{Desc, Encoder};
use kernel_stats::net_netstat;
use procfs::process::{LimitValue, Process};
use procfs::{CurrentSI, WithCurrentSystemInfo};

use crate::collector::{CollectError, Collector};

/// The `process_*` families, from /proc/self.
#[derive(Default)]
pub struct ProcessMetrics {
    boot_time_seconds: Option<u64>,
}

const CPU_SECONDS: Desc<'_> = Desc::counter(
    "process_cpu_seconds_total",
    "Total user and system CPU time spent in seconds.",
    &[],
);
const MAX_FDS: Desc<'_> = Desc::gauge("process_max_fds", "Maximum number of open file descriptors.", &[]);
const OPEN_FDS: Desc<'_> = Desc::gauge("process_open_fds", "Number of open file descriptors.", &[]);
const RECEIVED: Desc<'_> = Desc::counter(
    "process_network_receive_bytes_total",
    "Number of bytes received by the process over the network.",
    &[],
);
const TRANSMITTED: Desc<'_> = Desc::counter(
    "process_network_transmit_bytes_total",
    "Number of bytes sent by the process over the network.",
    &[],
);
const RESIDENT: Desc<'_> = Desc::gauge("process_resident_memory_bytes", "Resident memory size in bytes.", &[]);
const START_TIME: Desc<'_> = Desc::gauge(
    "process_start_time_seconds",
    "Start time of the process since unix epoch in seconds.",
    &[],
);
const VIRTUAL: Desc<'_> = Desc::gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", &[]);
const VIRTUAL_MAX: Desc<'_> = Desc::gauge(
    "process_virtual_memory_max_bytes",
    "Maximum amount of virtual memory available in bytes.",
    &[],
);

impl Collector for ProcessMetrics {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let process = Process::myself().map_err(CollectError::failed)?;
        let stat = process.stat().map_err(CollectError::failed)?;
        let ticks_per_second = procfs::ticks_per_second() as f64;
        out.scalar(&CPU_SECONDS, (stat.utime + stat.stime) as f64 / ticks_per_second);
        out.scalar(&VIRTUAL, stat.vsize as f64);
        out.scalar(&RESIDENT, stat.rss_bytes().get() as f64);
        if let Some(boot) = self.boot_time() {
            out.scalar(&START_TIME, boot as f64 + stat.starttime as f64 / ticks_per_second);
        }
        if let Ok(open) = process.fd_count() {
            out.scalar(&OPEN_FDS, open as f64);
        }
        if let Ok(limits) = process.limits() {
            out.scalar(&MAX_FDS, limit(limits.max_open_files.soft_limit));
            out.scalar(&VIRTUAL_MAX, limit(limits.max_address_space.soft_limit));
        }
        network(out)
    }
}

impl ProcessMetrics {
    fn boot_time(&mut self) -> Option<u64> {
        if self.boot_time_seconds.is_none() {
            self.boot_time_seconds = procfs::KernelStats::current().ok().map(|stat| stat.btime);
        }
        self.boot_time_seconds
    }
}

/// Go's client gives no limit as the largest integer.
fn limit(value: LimitValue) -> f64 {
    match value {
        LimitValue::Value(value) => value as f64,
        LimitValue::Unlimited => u64::MAX as f64,
    }
}

/// Bytes of the whole network namespace, as Go's client counts them too.
fn network(out: &mut Encoder) -> Result<(), CollectError> {
    let text = std::fs::read("/proc/self/net/netstat").map_err(CollectError::failed)?;
    let fields = net_netstat::parse(&text).map_err(CollectError::failed)?;
    let octets = |name: &str| {
        fields
            .iter()
            .find(|field| field.protocol == "IpExt" && field.name == name)
    };
    for (desc, name) in [(&RECEIVED, "InOctets"), (&TRANSMITTED, "OutOctets")] {
        if let Some(field) = octets(name) {
            out.scalar(desc, field.value);
        }
    }
    Ok(())
}
