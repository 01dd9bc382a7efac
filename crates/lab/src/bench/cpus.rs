//! Hosts with more CPUs than this one, made of files: what the kernel shows of each CPU in /proc and /sys, and the rest
//! of /proc as it is here.

use std::{fmt::Write as _, fs, io, path::Path};

use anyhow::{Context, Result};

use super::{
    growth::{Curve, Point},
    pair::Pair,
};

const SIZES: [u32; 4] = [1, 8, 64, 512];

/// What exporters read and what does not grow with CPUs, so that each size is a host like any other.
const AS_HERE: [&str; 18] = [
    "1/mountinfo",
    "diskstats",
    "loadavg",
    "meminfo",
    "net/arp",
    "net/dev",
    "net/netstat",
    "net/snmp",
    "net/snmp6",
    "net/sockstat",
    "net/sockstat6",
    "net/udp",
    "pressure/cpu",
    "pressure/io",
    "pressure/memory",
    "sys/fs/file-nr",
    "uptime",
    "vmstat",
];

const SOFTIRQS: [&str; 10] = [
    "HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU",
];

/// # Errors
/// The files cannot be made, or a program does not answer.
pub(super) async fn curve(pair: &Pair) -> Result<Curve> {
    let mut points = Vec::new();
    for size in SIZES {
        let root = tempfile::tempdir().context("making a host of files")?;
        make(root.path(), size)
            .with_context(|| format!("making a host of {size} CPUs in {}", root.path().display()))?;
        let path = |name: &str| format!("--path.{name}fs={}", root.path().join(name).display());
        points.push(Point::measure(pair, &[path("proc"), path("sys")], size).await?);
    }
    Ok(Curve {
        note: "simulated".to_owned(),
        points,
    })
}

fn make(root: &Path, cpus: u32) -> io::Result<()> {
    let proc = root.join("proc");
    for file in AS_HERE {
        // A host need not have all of them.
        if let Ok(text) = fs::read(Path::new("/proc").join(file)) {
            write(&proc.join(file), &text)?;
        }
    }
    for (file, text) in [
        ("stat", stat(cpus)),
        ("cpuinfo", cpuinfo(cpus)),
        ("schedstat", schedstat(cpus)),
        ("softirqs", by_cpu(cpus, SOFTIRQS.iter().map(|name| (*name, "")))),
        (
            "interrupts",
            by_cpu(cpus, [("0", "IO-APIC 2-edge timer"), ("LOC", "Local timer interrupts")]),
        ),
        ("net/softnet_stat", softnet_stat(cpus)),
    ] {
        write(&proc.join(file), text.as_bytes())?;
    }
    let sys = root.join("sys/devices/system/cpu");
    for (file, text) in [
        ("online", all(cpus)),
        ("possible", all(cpus)),
        ("present", all(cpus)),
        ("isolated", "\n".to_owned()),
    ] {
        write(&sys.join(file), text.as_bytes())?;
    }
    (0..cpus).try_for_each(|cpu| make_sysfs(&sys.join(format!("cpu{cpu}")), cpu))
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, text)
}

fn all(cpus: u32) -> String {
    match cpus {
        1 => "0\n".to_owned(),
        _ => format!("0-{}\n", cpus - 1),
    }
}

/// Two threads a core, and 64 a package.
fn make_sysfs(dir: &Path, cpu: u32) -> io::Result<()> {
    let frequency = (2_000_000 + cpu).to_string();
    let (core, package, throttled) = ((cpu / 2).to_string(), (cpu / 64).to_string(), cpu.to_string());
    for (file, text) in [
        ("online", "1"),
        ("topology/core_id", &core),
        ("topology/physical_package_id", &package),
        ("thermal_throttle/core_throttle_count", &throttled),
        ("thermal_throttle/package_throttle_count", &throttled),
        ("cpufreq/cpuinfo_min_freq", "800000"),
        ("cpufreq/cpuinfo_max_freq", "3600000"),
        ("cpufreq/cpuinfo_transition_latency", "0"),
        ("cpufreq/related_cpus", &throttled),
        ("cpufreq/scaling_available_governors", "performance powersave"),
        ("cpufreq/scaling_cur_freq", &frequency),
        ("cpufreq/scaling_driver", "intel_pstate"),
        ("cpufreq/scaling_governor", "powersave"),
        ("cpufreq/scaling_max_freq", "3600000"),
        ("cpufreq/scaling_min_freq", "800000"),
        ("cpufreq/scaling_setspeed", "<unsupported>"),
    ] {
        write(&dir.join(file), format!("{text}\n").as_bytes())?;
    }
    Ok(())
}

/// `line` for each CPU.
fn each(cpus: u32, line: impl Fn(u32) -> String) -> String {
    (0..cpus).map(line).collect()
}

fn stat(cpus: u32) -> String {
    let rows = each(cpus, |cpu| {
        format!("cpu{cpu} {} 20 30000 4000000 500 0 60 7 0 0\n", 10_000 + cpu)
    });
    format!(
        "cpu  10000 20 30000 4000000 500 0 60 7 0 0\n{rows}intr 123456{}\nctxt 345678\nbtime 1700000000\nprocesses 9000\n\
         procs_running 2\nprocs_blocked 0\nsoftirq 99 1 2 3 4 5 6 7 8 9 10\n",
        " 0".repeat(200)
    )
}

fn cpuinfo(cpus: u32) -> String {
    each(cpus, |cpu| {
        format!(
            "processor\t: {cpu}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: Made CPU\n\
             stepping\t: 7\nmicrocode\t: 0x1\ncpu MHz\t\t: 2000.{cpu:03}\ncache size\t: 36608 KB\nphysical id\t: {}\n\
             siblings\t: 64\ncore id\t\t: {}\ncpu cores\t: 32\nflags\t\t: fpu vme de pse tsc msr pae mce cx8 apic sep\n\
             bugs\t\t: spectre_v1 spectre_v2\nbogomips\t: 4000.00\n\n",
            cpu / 64,
            cpu / 2
        )
    })
}

fn schedstat(cpus: u32) -> String {
    let rows = each(cpus, |cpu| {
        format!("cpu{cpu} 0 0 0 0 0 0 {} 3000000 40000\n", 1_000_000 + cpu)
    });
    format!("version 15\ntimestamp 4294967296\n{rows}")
}

/// A row for each name, with a column for each CPU.
fn by_cpu<'a>(cpus: u32, rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = each(cpus, |cpu| format!("       CPU{cpu}")) + "\n";
    for (name, about) in rows {
        // Writing to a String cannot fail.
        writeln!(
            text,
            "{name:>10}:{}   {about}",
            each(cpus, |cpu| format!(" {:>10}", 1000 + cpu))
        )
        .ok();
    }
    text
}

fn softnet_stat(cpus: u32) -> String {
    each(cpus, |cpu| {
        format!(
            "{:08x} 00000000 00000001{} {cpu:08x} 00000000 00000000\n",
            1000 + cpu,
            " 00000000".repeat(9)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cpu_is_everywhere() {
        let root = tempfile::tempdir().unwrap();
        make(root.path(), 3).unwrap();
        let text = |file: &str| fs::read_to_string(root.path().join(file)).unwrap();
        assert!(text("proc/stat").contains("\ncpu2 10002 20 "));
        assert_eq!(text("proc/cpuinfo").matches("processor").count(), 3);
        assert_eq!(text("proc/softirqs").lines().count(), 1 + SOFTIRQS.len());
        let softnet = text("proc/net/softnet_stat");
        let widths: Vec<usize> = softnet.lines().map(|line| line.split(' ').count()).collect();
        assert_eq!(widths, [15; 3]);
        assert_eq!(text("sys/devices/system/cpu/online"), "0-2\n");
        assert_eq!(text("sys/devices/system/cpu/cpu2/topology/core_id"), "1\n");
    }
}
