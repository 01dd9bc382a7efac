//! The floor: what it costs only to read the files that any node exporter must read.

use std::{
    fs::{self, File},
    io::Read,
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context, Result};
use rustix::time::{ClockId, clock_gettime};

const FILES: &[&str] = &[
    "/etc/os-release",
    "/proc/1/mountinfo",
    "/proc/diskstats",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/net/dev",
    "/proc/net/netstat",
    "/proc/net/snmp",
    "/proc/net/snmp6",
    "/proc/net/sockstat",
    "/proc/net/sockstat6",
    "/proc/net/softnet_stat",
    "/proc/net/stat/nf_conntrack",
    "/proc/pressure/cpu",
    "/proc/pressure/io",
    "/proc/pressure/irq",
    "/proc/pressure/memory",
    "/proc/schedstat",
    "/proc/stat",
    "/proc/sys/fs/file-nr",
    "/proc/sys/kernel/random/entropy_avail",
    "/proc/sys/kernel/random/poolsize",
    "/proc/vmstat",
];

/// CPU time of one reading of all files, the mean of `times`.
pub(super) fn cpu_of_reading(times: u32) -> Result<Duration> {
    let files: Vec<PathBuf> = FILES.iter().map(PathBuf::from).chain(network_attributes()?).collect();
    let mut buffer = Vec::new();
    let started = cpu_time();
    for _ in 0..times {
        for file in &files {
            buffer.clear();
            // Files that this host lacks, and attributes that a device does not have, cost an exporter the same attempt.
            File::open(file).and_then(|mut file| file.read_to_end(&mut buffer)).ok();
        }
    }
    Ok((cpu_time() - started) / times.max(1))
}

/// Every attribute of every network device, as the netclass collector reads them.
fn network_attributes() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for device in fs::read_dir("/sys/class/net").context("reading /sys/class/net")? {
        let Ok(attributes) = fs::read_dir(device.context("reading /sys/class/net")?.path()) else {
            continue;
        };
        let attributes = attributes
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
        files.extend(attributes.map(|entry| entry.path()));
    }
    Ok(files)
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
