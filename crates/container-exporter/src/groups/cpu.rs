//! CPU time and throttling. v1: cpuacct.usage (or the sum over its CPUs, which `percpu` has read), cpuacct.stat, and
//! cpu.stat where there is a quota; v2: cpu.stat.

use std::fmt::Write as _;

use exposition::{Desc, Encoder};
use kernel_stats::{ParseError, flat_keyed};

use super::{Enabled, Group, Stats, each};
use crate::cgroup::{Controller, Version};
use crate::reader::{Reading, Row, Source};

/// The group.
pub(super) const GROUP: Group = Group {
    name: "cpu",
    default: Enabled::On,
    read,
    encode,
};

/// Ticks a second in cpuacct.stat: `USER_HZ`, which is 100 wherever Linux runs containers.
const USER_HZ: f64 = 100.0;

const USAGE: Desc<'_> = Desc::counter(
    "container_cpu_usage_seconds_total",
    "Cumulative cpu time consumed in seconds.",
    &["cpu"],
);

/// A family, and where its value is.
type Family = (Desc<'static>, fn(&Cpu) -> Option<f64>);

const FAMILIES: [Family; 7] = [
    (
        Desc::counter(
            "container_cpu_user_seconds_total",
            "Cumulative user cpu time consumed in seconds.",
            &[],
        ),
        |cpu| cpu.user,
    ),
    (
        Desc::counter(
            "container_cpu_system_seconds_total",
            "Cumulative system cpu time consumed in seconds.",
            &[],
        ),
        |cpu| cpu.system,
    ),
    (
        Desc::counter(
            "container_cpu_cfs_periods_total",
            "Number of elapsed enforcement period intervals.",
            &[],
        ),
        |cpu| cpu.bandwidth.periods,
    ),
    (
        Desc::counter(
            "container_cpu_cfs_throttled_periods_total",
            "Number of throttled period intervals.",
            &[],
        ),
        |cpu| cpu.bandwidth.throttled_periods,
    ),
    (
        Desc::counter(
            "container_cpu_cfs_throttled_seconds_total",
            "Total time duration the container has been throttled.",
            &[],
        ),
        |cpu| cpu.bandwidth.throttled,
    ),
    (
        Desc::counter(
            "container_cpu_cfs_burst_periods_total",
            "Number of periods when burst occurs.",
            &[],
        ),
        |cpu| cpu.bandwidth.burst_periods,
    ),
    (
        Desc::counter(
            "container_cpu_cfs_burst_seconds_total",
            "Total time duration the container has been bursted.",
            &[],
        ),
        |cpu| cpu.bandwidth.burst,
    ),
];

/// CPU time of a container, in seconds since its start. `None` where its file cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cpu {
    /// All of it.
    pub(crate) usage: Option<f64>,
    /// What its programs used.
    pub(crate) user: Option<f64>,
    /// What the kernel used for them.
    pub(crate) system: Option<f64>,
    /// What its quota did to it.
    pub(crate) bandwidth: Bandwidth,
}

/// How a quota was enforced since the cgroup was made; all `None` without one. Numbers of periods, times in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Bandwidth {
    /// Periods in which something ran.
    pub(crate) periods: Option<f64>,
    /// Those in which the quota was used up.
    pub(crate) throttled_periods: Option<f64>,
    /// Time that was spent waiting for the next period, summed over CPUs.
    pub(crate) throttled: Option<f64>,
    /// Periods in which more than the quota was used. Since Linux 5.14.
    pub(crate) burst_periods: Option<f64>,
    /// How much more. Since Linux 5.14.
    pub(crate) burst: Option<f64>,
}

fn read(source: &mut Source<'_>, stats: &mut Stats) {
    let has_quota = stats.spec.cpu_quota_micros.is_some();
    stats.cpu = match source.version() {
        Version::V1 => read_v1(source, &stats.percpu_nanos, &stats.cpu, has_quota),
        Version::V2 => source.parse(Controller::Cpu, "cpu.stat", parse).unwrap_or_default(),
    };
    if !has_quota {
        stats.cpu.bandwidth = Bandwidth::default();
    }
}

fn read_v1(source: &mut Source<'_>, percpu_nanos: &[u64], before: &Cpu, has_quota: bool) -> Cpu {
    let usage_nanos = match percpu_nanos {
        [] => source.number(Controller::Cpuacct, "cpuacct.usage"),
        percpu => Some(percpu.iter().sum()),
    };
    let usage = usage_nanos.map(seconds);
    let times = match source.has_values && usage.is_some() && usage == before.usage {
        // It has not run since.
        true => Some(*before),
        false => source.parse(Controller::Cpuacct, "cpuacct.stat", parse),
    };
    let bandwidth = match has_quota {
        true => source.parse(Controller::Cpu, "cpu.stat", parse),
        false => None,
    };
    Cpu {
        usage,
        bandwidth: bandwidth.unwrap_or_default().bandwidth,
        ..times.unwrap_or_default()
    }
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

/// Parses cpuacct.stat and cpu.stat of v1, and cpu.stat of v2: no name means two things.
fn parse(bytes: &[u8]) -> Result<Cpu, ParseError> {
    let mut cpu = Cpu::default();
    for field in flat_keyed::fields(bytes) {
        let (name, value) = field?;
        let count = value as f64;
        let bandwidth = &mut cpu.bandwidth;
        match name {
            "usage_usec" => cpu.usage = Some(count / 1e6),
            "user_usec" => cpu.user = Some(count / 1e6),
            "system_usec" => cpu.system = Some(count / 1e6),
            "user" => cpu.user = Some(count / USER_HZ),
            "system" => cpu.system = Some(count / USER_HZ),
            "nr_periods" => bandwidth.periods = Some(count),
            "nr_throttled" => bandwidth.throttled_periods = Some(count),
            "throttled_usec" => bandwidth.throttled = Some(count / 1e6),
            "throttled_time" => bandwidth.throttled = Some(seconds(value)),
            "nr_bursts" => bandwidth.burst_periods = Some(count),
            "burst_usec" => bandwidth.burst = Some(count / 1e6),
            "burst_time" => bandwidth.burst = Some(seconds(value)),
            _ => {}
        }
    }
    Ok(cpu)
}

fn encode(reading: &Reading, out: &mut Encoder) {
    let mut family = out.family(&USAGE);
    let mut name = String::new();
    for row in &reading.rows {
        usage(row, &mut name, |cpu, seconds| {
            family.sample_in(&row.container.labels, &[cpu], seconds);
        });
    }
    for (desc, value) in &FAMILIES {
        each(out, desc, reading, |row| value(&row.stats.cpu));
    }
}

/// The CPU time on each CPU that was used, or all of it where that is not known. `name` is room for the CPU's.
fn usage(row: &Row, name: &mut String, mut sample: impl FnMut(&str, f64)) {
    if row.stats.percpu_nanos.is_empty() {
        if let Some(usage) = row.stats.cpu.usage {
            sample("total", usage);
        }
        return;
    }
    for (cpu, &nanos) in row.stats.percpu_nanos.iter().enumerate() {
        // The kernel lists every CPU that could ever be plugged in; as upstream, those without any time are left out.
        if nanos > 0 {
            name.clear();
            // Writing to a String cannot fail.
            _ = write!(name, "cpu{cpu:02}");
            sample(name, seconds(nanos));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Tree, lines, reader, samples, samples_of};

    const V1_STAT: &str =
        "nr_periods 65\nnr_throttled 49\nthrottled_time 944306019\nnr_bursts 2\nburst_time 1500000000\n";
    const V2_STAT: &str = "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\nnice_usec 0\ncore_sched.force_idle_usec 0\n\
                           nr_periods 65\nnr_throttled 49\nthrottled_usec 944306\nnr_bursts 2\nburst_usec 1500000\n";

    #[test]
    fn each_cpu_of_v1_that_was_used_has_a_series() {
        let tree = Tree::v1();
        tree.write("cpu,cpuacct/a/cpuacct.usage_percpu", "2892300939 0 43913641 \n");
        tree.write("cpu,cpuacct/a/cpuacct.usage", "7\n");
        tree.write("cpu,cpuacct/a/cpuacct.stat", "user 288\nsystem 4\n");
        let expected = [
            r#"container_cpu_system_seconds_total{id="/a"} 0.04"#,
            r#"container_cpu_usage_seconds_total{id="/a",cpu="cpu00"} 2.892300939"#,
            r#"container_cpu_usage_seconds_total{id="/a",cpu="cpu02"} 0.043913641"#,
            r#"container_cpu_user_seconds_total{id="/a"} 2.88"#,
        ];
        assert_eq!(lines(&samples(&tree, &["/a"]), "container_cpu_"), expected);
    }

    #[test]
    fn what_has_not_run_has_no_other_times() {
        let tree = Tree::v1();
        let reader = reader(&tree, vec![tree.container("/a")]);
        for (usage, user, expected) in [("7", 1, "0.01"), ("7", 2, "0.01"), ("8", 3, "0.03")] {
            tree.write("cpu,cpuacct/a/cpuacct.usage", usage);
            tree.write("cpu,cpuacct/a/cpuacct.stat", &format!("user {user}\nsystem 0\n"));
            reader.forget_age();
            let line = format!("container_cpu_user_seconds_total{{id=\"/a\"}} {expected}\n");
            assert!(samples_of(&reader).contains(&line), "{usage} {user}");
        }
    }

    #[test]
    fn a_kernel_that_tells_no_cpus_apart_gives_the_total() {
        let tree = Tree::v1();
        tree.write("cpu,cpuacct/a/cpuacct.usage", "2936214580\n");
        let expected = [r#"container_cpu_usage_seconds_total{id="/a",cpu="total"} 2.93621458"#];
        assert_eq!(lines(&samples(&tree, &["/a"]), "container_cpu_"), expected);
    }

    #[test]
    fn throttling_is_reported_where_there_is_a_quota() {
        let tree = Tree::v1();
        for (id, quota) in [("a", "50000\n"), ("b", "-1\n")] {
            tree.write(&format!("cpu,cpuacct/{id}/cpu.cfs_quota_us"), quota);
            tree.write(&format!("cpu,cpuacct/{id}/cpu.stat"), V1_STAT);
        }
        let expected = [
            r#"container_cpu_cfs_burst_periods_total{id="/a"} 2"#,
            r#"container_cpu_cfs_burst_seconds_total{id="/a"} 1.5"#,
            r#"container_cpu_cfs_periods_total{id="/a"} 65"#,
            r#"container_cpu_cfs_throttled_periods_total{id="/a"} 49"#,
            r#"container_cpu_cfs_throttled_seconds_total{id="/a"} 0.944306019"#,
        ];
        assert_eq!(lines(&samples(&tree, &["/a", "/b"]), "container_cpu_"), expected);
    }

    #[test]
    fn one_file_of_v2_has_it_all() {
        let tree = Tree::v2();
        for (id, quota) in [("a", "50000 100000\n"), ("b", "max 100000\n")] {
            tree.write(&format!("{id}/cpu.max"), quota);
            tree.write(&format!("{id}/cpu.stat"), V2_STAT);
        }
        let expected = [
            r#"container_cpu_cfs_burst_periods_total{id="/a"} 2"#,
            r#"container_cpu_cfs_burst_seconds_total{id="/a"} 1.5"#,
            r#"container_cpu_cfs_periods_total{id="/a"} 65"#,
            r#"container_cpu_cfs_throttled_periods_total{id="/a"} 49"#,
            r#"container_cpu_cfs_throttled_seconds_total{id="/a"} 0.944306"#,
            r#"container_cpu_system_seconds_total{id="/a"} 0.5"#,
            r#"container_cpu_system_seconds_total{id="/b"} 0.5"#,
            r#"container_cpu_usage_seconds_total{id="/a",cpu="total"} 2.5"#,
            r#"container_cpu_usage_seconds_total{id="/b",cpu="total"} 2.5"#,
            r#"container_cpu_user_seconds_total{id="/a"} 2"#,
            r#"container_cpu_user_seconds_total{id="/b"} 2"#,
        ];
        assert_eq!(lines(&samples(&tree, &["/a", "/b"]), "container_cpu_"), expected);
    }
}
