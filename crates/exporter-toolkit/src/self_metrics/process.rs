//! What the process costs: the `process_*` families.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use exposition::{Desc, Encoder};
use kernel_stats::{net_netstat, pid_stat};
use procfs::CurrentSI;
use procfs::process::Process;
use rustix::process::{Resource, getrlimit};

use crate::collector::{CollectError, Collector};

/// The `process_*` families, from /proc/self.
pub struct ProcessMetrics {
    boot_time_seconds: Option<u64>,
    /// Found once: that takes longer than to ask it something.
    process: Option<Process>,
    stat: KeptFile,
    netstat: KeptFile,
}

impl Default for ProcessMetrics {
    fn default() -> Self {
        Self {
            boot_time_seconds: None,
            process: None,
            stat: KeptFile::new("/proc/self/stat"),
            netstat: KeptFile::new("/proc/self/net/netstat"),
        }
    }
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
        let stat = self.stat.read().map_err(CollectError::failed)?;
        let stat = pid_stat::parse(stat).map_err(CollectError::failed)?;
        let ticks_per_second = procfs::ticks_per_second() as f64;
        out.scalar(
            &CPU_SECONDS,
            (stat.utime_ticks + stat.stime_ticks) as f64 / ticks_per_second,
        );
        out.scalar(&VIRTUAL, stat.vsize_bytes as f64);
        out.scalar(&RESIDENT, stat.rss_pages as f64 * procfs::page_size() as f64);
        let started = stat.start_time_ticks as f64 / ticks_per_second;
        if let Some(boot) = self.boot_time() {
            out.scalar(&START_TIME, boot as f64 + started);
        }
        if let Some(open) = self.open_descriptors() {
            out.scalar(&OPEN_FDS, open as f64);
        }
        out.scalar(&MAX_FDS, limit(Resource::Nofile));
        out.scalar(&VIRTUAL_MAX, limit(Resource::As));
        let netstat = self.netstat.read().map_err(CollectError::failed)?;
        tell_octets(netstat, out)
    }
}

impl ProcessMetrics {
    fn open_descriptors(&mut self) -> Option<usize> {
        if self.process.is_none() {
            self.process = Process::myself().ok();
        }
        self.process.as_ref()?.fd_count().ok()
    }

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

/// Bytes of the whole network namespace, as Go's client counts them too. Most of the file is about other protocols.
fn tell_octets(netstat: &[u8], out: &mut Encoder) -> Result<(), CollectError> {
    let start = memchr::memmem::find(netstat, b"IpExt:").unwrap_or(netstat.len());
    let of_ip = netstat.get(start..).unwrap_or_default();
    let Some(pair) = net_netstat::pairs(of_ip).next() else {
        return Ok(());
    };
    let pair = pair.map_err(CollectError::failed)?;
    for (desc, name) in [(&RECEIVED, "InOctets"), (&TRANSMITTED, "OutOctets")] {
        let column = pair.names().position(|known| known == name);
        for octets in pair.clone().numbers(column) {
            out.scalar(desc, octets.map_err(CollectError::failed)?);
        }
    }
    Ok(())
}

/// A file that stays open.
struct KeptFile {
    path: &'static str,
    file: Option<File>,
    buffer: Vec<u8>,
}

impl KeptFile {
    const fn new(path: &'static str) -> Self {
        Self {
            path,
            file: None,
            buffer: Vec::new(),
        }
    }

    /// What the kernel says now.
    fn read(&mut self) -> io::Result<&[u8]> {
        let file = match self.file.take() {
            Some(file) => file,
            None => File::open(self.path)?,
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
        Ok(&self.buffer)
    }
}
