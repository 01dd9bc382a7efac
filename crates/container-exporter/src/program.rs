//! What the program is: its name and its flags.

use exporter_toolkit::app::Program;
use exporter_toolkit::flags::{Flag, Flags, Habit};
use exposition::Offer;

/// The program as people see it.
pub const PROGRAM: Program = Program {
    name: "container-exporter",
    prefix: "container_exporter",
    title: "Container Exporter",
    description: "Metrics of this host's containers for Prometheus: CPU, memory, disks, network, state.",
    listen_address: &[":8080"],
    offer: Offer::TEXT_FIRST,
    habit: Habit::GoFlag,
    adapt,
};

/// cAdvisor's flags, and where the host's file systems are.
const FLAGS: &[Flag] = &[
    Flag::optional("port", "Port to listen on; --web.listen-address says more."),
    Flag::optional("listen_ip", "IP address to listen on, all unless given."),
    Flag::optional("prometheus_endpoint", "The same as --web.telemetry-path."),
    Flag::value(
        "docker",
        "unix:///var/run/docker.sock",
        "Docker's socket; empty: do not ask Docker.",
    ),
    Flag::value(
        "podman",
        "unix:///var/run/podman/podman.sock",
        "Podman's socket; empty: do not ask Podman.",
    ),
    Flag::value(
        "containerd",
        "/run/containerd/containerd.sock",
        "containerd's socket; empty: do not ask containerd.",
    ),
    Flag::value("containerd-namespace", "k8s.io", "containerd's namespace."),
    Flag::value(
        "crio",
        "/var/run/crio/crio.sock",
        "CRI-O's socket; empty: do not ask CRI-O.",
    ),
    Flag::switch("docker_only", false, "Report only containers and the root cgroup."),
    Flag::value(
        "raw_cgroup_prefix_whitelist",
        "",
        "Cgroup path prefixes, separated by commas, that --docker_only reports all the same.",
    ),
    Flag::switch("disable_root_cgroup_stats", false, "Leave out the root cgroup."),
    Flag::value(
        "disable_metrics",
        "advtcp,cpu_topology,cpuset,hugetlb,memory_numa,process,sched,tcp,udp",
        "Groups of metrics to leave out, separated by commas.",
    ),
    Flag::value(
        "enable_metrics",
        "",
        "The only groups of metrics to report, separated by commas; overrides --disable_metrics.",
    ),
    Flag::switch(
        "store_container_labels",
        true,
        "Put all of a container's labels on its series.",
    ),
    Flag::value(
        "whitelisted_container_labels",
        "",
        "Labels to put on series when --store_container_labels=false, separated by commas.",
    ),
    Flag::value(
        "env_metadata_whitelist",
        "",
        "Environment variables to put on series, by prefixes separated by commas.",
    ),
    Flag::value("path.procfs", "/proc", "Where the host's procfs is mounted."),
    Flag::value(
        "path.sysfs",
        "/sys",
        "Where the host's sysfs is mounted, with its cgroups.",
    ),
    Flag::value("path.rootfs", "/", "Where the host's root file system is mounted."),
];

/// Flags of cAdvisor about things that do not exist here: reads happen at scrapes, and nothing is stored.
const WITHOUT_EFFECT: &[&str] = &[
    "housekeeping_interval",
    "max_housekeeping_interval",
    "global_housekeeping_interval",
    "storage_duration",
    "docker_root",
    "docker_env_metadata_whitelist",
    "event_storage_age_limit",
    "event_storage_event_limit",
    "application_metrics_count_limit",
    "max_procs",
    "v",
    "vmodule",
    "stderrthreshold",
];

/// The same, without values.
const SWITCHES_WITHOUT_EFFECT: &[(&str, bool)] = &[
    ("allow_dynamic_housekeeping", true),
    ("logtostderr", true),
    ("alsologtostderr", false),
    ("enable_load_reader", false),
    ("log_cadvisor_usage", false),
    ("profiling", false),
];

/// All flags of its own.
pub fn flags() -> Vec<Flag> {
    let help = "Accepted for the sake of existing unit files; does nothing.";
    let values = WITHOUT_EFFECT.iter().map(|name| Flag::value(name, "", help).hidden());
    let switches = SWITCHES_WITHOUT_EFFECT
        .iter()
        .map(|(name, default)| Flag::switch(name, *default, help).hidden());
    FLAGS.iter().cloned().chain(values).chain(switches).collect()
}

/// cAdvisor's flags for what every exporter has.
fn adapt(flags: &mut Flags) {
    if flags.is_given("port") || flags.is_given("listen_ip") {
        let address = format!(
            "{}:{}",
            bracketed(flags.value("listen_ip")),
            flags.optional("port").unwrap_or("8080")
        );
        flags.set("web.listen-address", vec![address]);
    }
    if let Some(path) = flags.optional("prometheus_endpoint") {
        let path = vec![path.to_owned()];
        flags.set("web.telemetry-path", path);
    }
}

fn bracketed(address: &str) -> String {
    if address.contains(':') && !address.starts_with('[') {
        return format!("[{address}]");
    }
    address.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use exporter_toolkit::app;
    use std::ffi::OsString;

    fn adapted(args: &[&str]) -> Flags {
        let table = app::flags(&PROGRAM, &flags());
        let args = PROGRAM.habit.rewrite(args.iter().map(OsString::from), &table);
        let mut flags = Flags::parse("x", "", [table.as_slice()], args).unwrap();
        adapt(&mut flags);
        flags
    }

    #[test]
    fn cadvisors_flags_choose_where_to_listen() {
        for (args, address, path) in [
            (&[][..], ":8080", "/metrics"),
            (&["-port=9000"], ":9000", "/metrics"),
            (&["-listen_ip", "127.0.0.1"], "127.0.0.1:8080", "/metrics"),
            (&["--listen_ip=::1", "--port", "1"], "[::1]:1", "/metrics"),
            (&["-prometheus_endpoint=/m"], ":8080", "/m"),
            (&["--web.listen-address=:2"], ":2", "/metrics"),
        ] {
            let flags = adapted(args);
            assert_eq!(flags.many("web.listen-address"), [address], "{args:?}");
            assert_eq!(flags.value("web.telemetry-path"), path, "{args:?}");
        }
    }

    #[test]
    fn a_usual_command_line_of_cadvisor_is_understood() {
        let flags = adapted(&[
            "-logtostderr",
            "--housekeeping_interval=10s",
            "--docker_only=true",
            "--store_container_labels=false",
            "-v=2",
            "--allow_dynamic_housekeeping=true",
        ]);
        assert!(flags.switch("docker_only") && !flags.switch("store_container_labels"));
    }
}
