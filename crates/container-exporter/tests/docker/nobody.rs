//! Without privileges: another user, and nothing to write to.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::json;

use crate::exporter::{Exporter, engine, only, program};

/// Makes every mount under /sys/fs/cgroup and the folder of the socket read-only where nobody else sees it, and becomes
/// the program as nobody, who is in the socket's group.
const AS_NOBODY: &str = "\
    folder=$1; shift
    for mount in $(awk '$5 ~ \"^/sys/fs/cgroup\" { print $5 }' /proc/self/mountinfo); do
      mount -o remount,bind,ro \"$mount\" || exit 1
    done
    mount --bind \"$folder\" \"$folder\" && mount -o remount,bind,ro \"$folder\" || exit 1
    ! touch \"$folder/written\" 2>/dev/null || exit 1
    exec setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \"$@\"";

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn nobody_with_read_only_mounts_reports_containers_by_name() {
    let engine = engine(&[]);
    engine.run("web", &["eat", "8388608", "sleep"], &json!({})).unwrap();
    // The program may lie where nobody can go.
    let copy = engine.folder().join("exporter");
    std::fs::copy(program(), &copy).unwrap();
    std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-c", AS_NOBODY, "sh"])
        .arg(engine.folder())
        .arg(copy);
    let exporter = Exporter::spawn(command, only(engine.socket()));
    let metrics = exporter.until_named(&["web"]);
    for family in [
        "container_cpu_usage_seconds_total",
        "container_memory_working_set_bytes",
        "container_network_receive_bytes_total",
        "container_spec_memory_limit_bytes",
        "container_start_time_seconds",
    ] {
        assert!(metrics.sum(family, &[("name", "web")]).is_some(), "no {family}");
    }
}
