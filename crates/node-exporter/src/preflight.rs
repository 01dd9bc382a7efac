//! What can be seen at the start to be of no use: roots without the host's files, as when a container was given too
//! little of its host. The exporter runs all the same; each warning says what will be missing, and what to do.

use std::fs;
use std::io;
use std::path::Path;

use crate::context::Context;
use crate::handed;

/// Files that container engines leave in the root of a container.
const CONTAINER_MARKS: [&str; 2] = [".dockerenv", "run/.containerenv"];

/// All warnings on the roots of `context`, for a program whose own root directory is `own_root`.
pub fn warnings(context: &Context, own_root: &Path) -> Vec<String> {
    let in_container = CONTAINER_MARKS.iter().any(|mark| own_root.join(mark).exists());
    [
        procfs(context),
        sysfs(context),
        mounts(context),
        rootfs(context, in_container),
        udev(context, in_container),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn procfs(context: &Context) -> Option<String> {
    let error = fs::File::open(context.proc_path("stat")).err()?;
    Some(format!(
        "--path.procfs={}: stat: {error}; most metrics will be missing: mount the host's /proc there",
        context.flags().value("path.procfs")
    ))
}

fn sysfs(context: &Context) -> Option<String> {
    let error = fs::read_dir(context.sys_path("class")).err()?;
    Some(format!(
        "--path.sysfs={}: class: {error}; metrics of devices will be missing: mount the host's /sys there",
        context.flags().value("path.sysfs")
    ))
}

/// Without the mounts of process 1, those that this process sees are shown.
fn mounts(context: &Context) -> Option<String> {
    if handed::mountinfo().is_some() {
        return None;
    }
    let error = fs::File::open(context.proc_path("1/mountinfo")).err()?;
    (error.kind() == io::ErrorKind::PermissionDenied).then(|| {
        format!(
            "--path.procfs={}: 1/mountinfo: {error}; the file systems that this process sees are shown instead of the \
             host's: share the host's PID namespace (--pid=host) and run as a user who may read it",
            context.flags().value("path.procfs")
        )
    })
}

fn rootfs(context: &Context, in_container: bool) -> Option<String> {
    let root = context.flags().value("path.rootfs");
    if in_container && !context.flags().is_given("path.rootfs") {
        return Some(
            "this is a container, and --path.rootfs is not given; file systems of the container are shown instead of \
             the host's: mount the host's / read-only, such as to /host, and give --path.rootfs=/host"
                .to_owned(),
        );
    }
    let error = fs::read_dir(root).err()?;
    Some(format!(
        "--path.rootfs={root}: {error}; file systems and the distribution will be missing: mount the host's / there"
    ))
}

/// Many hosts have no udev, and lack nothing but a few labels; who names its directory or is in a container expects one.
fn udev(context: &Context, in_container: bool) -> Option<String> {
    let path = context.flags().value("path.udev.data");
    let expected = in_container || context.flags().is_given("path.udev.data");
    let error = fs::read_dir(path).err().filter(|_| expected)?;
    Some(format!(
        "--path.udev.data={path}: {error}; node_disk_info will lack model and serial number, and other disk metrics \
         will be missing: mount the host's /run/udev/data there"
    ))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use exporter_toolkit::flags::Flags;
    use tempfile::TempDir;

    use super::*;
    use crate::context::FLAGS;
    use crate::testing::{context, root};

    fn host() -> TempDir {
        root(&[
            ("proc/stat", ""),
            ("proc/1/mountinfo", ""),
            ("sys/class/net/lo/mtu", ""),
            ("run/udev/data/b8:0", ""),
        ])
    }

    #[test]
    fn a_host_that_is_all_there_needs_no_warning() {
        let host = host();
        let nowhere = host.path().join("nowhere");
        assert_eq!(warnings(&context(host.path(), &[]), &nowhere), Vec::<String>::new());
    }

    #[test]
    fn each_missing_root_is_named() {
        for (missing, flag) in [
            ("proc/stat", "--path.procfs="),
            ("sys/class", "--path.sysfs="),
            ("run/udev/data", "--path.udev.data="),
        ] {
            let host = host();
            fs::rename(host.path().join(missing), host.path().join("away")).unwrap();
            let found = warnings(&context(host.path(), &[]), host.path());
            assert!(matches!(&found[..], [one] if one.starts_with(flag)), "{found:?}");
        }
        let host = host();
        let context = context(host.path(), &[]);
        fs::rename(host.path(), host.path().with_extension("away")).unwrap();
        let found = warnings(&context, host.path());
        fs::rename(host.path().with_extension("away"), host.path()).unwrap();
        assert!(
            found.iter().any(|warning| warning.starts_with("--path.rootfs=")),
            "{found:?}"
        );
    }

    #[test]
    fn a_container_without_its_hosts_root_is_told() {
        let host = host();
        let procfs = OsString::from(format!("--path.procfs={}", host.path().join("proc").display()));
        let context = Context::new(Flags::parse("x", "", [FLAGS], [procfs]).unwrap()).unwrap();
        let told = |root: &Path| {
            let found = warnings(&context, root);
            found
                .iter()
                .any(|warning| warning.contains("--path.rootfs is not given"))
        };
        assert!(!told(host.path()));
        fs::write(host.path().join(".dockerenv"), "").unwrap();
        assert!(told(host.path()));
    }
}
