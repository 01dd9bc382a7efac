//! What the process costs: the `process_*` families.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use exposition::{Desc, Encoder};
use kernel_stats::net_field::NetField;
use kernel_stats::net_netstat;
use procfs::process::Process;
use procfs::{CurrentSI, WithCurrentSystemInfo};
use rustix::process::{Resource, getrlimit};

use crate::collector::{CollectError, Collector};

/// The `process_*` families, from /proc/self.
#[derive(Default)]
pub struct ProcessMetrics {
    boot_time_seconds: Option<u64>,
    netstat: Netstat,
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
        out.scalar(&MAX_FDS, limit(Resource::Nofile));
        out.scalar(&VIRTUAL_MAX, limit(Resource::As));
        self.netstat.collect(out)
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

/// The soft limit. Go's client gives no limit as the largest integer.
fn limit(resource: Resource) -> f64 {
    getrlimit(resource).current.unwrap_or(u64::MAX) as f64
}

/// Bytes of the whole network namespace, as Go's client counts them too. The file stays open, and most of it is about
/// other protocols.
#[derive(Default)]
struct Netstat {
    file: Option<File>,
    buffer: Vec<u8>,
}

impl Netstat {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        self.read().map_err(CollectError::failed)?;
        let start = memchr::memmem::find(&self.buffer, b"IpExt:").unwrap_or(self.buffer.len());
        let of_ip = self.buffer.get(start..).unwrap_or_default();
        let fields = net_netstat::parse(of_ip).map_err(CollectError::failed)?;
        for (desc, name) in [(&RECEIVED, "InOctets"), (&TRANSMITTED, "OutOctets")] {
            let octets = |field: &&NetField<'_>| field.protocol == "IpExt" && field.name == name;
            if let Some(field) = fields.iter().find(octets) {
                out.scalar(desc, field.value);
            }
        }
        Ok(())
    }

    fn read(&mut self) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => File::open("/proc/self/net/netstat")?,
        };
        let mut length = 0;
        loop {
            self.buffer.resize(length + 4096, 0);
            let rest = self.buffer.get_mut(length..).unwrap_or_default();
            match file.read_at(rest, length as u64)? {
                0 => break,
                read => length += read,
            }
        }
        self.buffer.truncate(length);
        self.file = Some(file);
        Ok(())
    }
}
