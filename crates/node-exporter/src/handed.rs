//! What whoever started the program has opened for it. A unit with `StandardInput=file:/proc/1/mountinfo` lets systemd open,
//! as root, what the service's own user may not: the mounts of the host, and not those of the service, which a unit's
//! protections change.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// Standard input, if it is a process' mountinfo. It goes on to tell of the mounts that its process has at each time.
pub(crate) fn mountinfo() -> Option<OwnedFd> {
    let name = std::fs::read_link("/proc/self/fd/0").ok()?;
    is_mountinfo(&name)
        .then(|| io::stdin().as_fd().try_clone_to_owned().ok())
        .flatten()
}

fn is_mountinfo(name: &Path) -> bool {
    name.starts_with("/proc") && name.ends_with("mountinfo")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_kernels_own_file_is_taken() {
        for (name, taken) in [
            ("/proc/1/mountinfo", true),
            ("/proc/1/mounts", false),
            ("/tmp/mountinfo", false),
            ("/dev/null", false),
            ("pipe:[7]", false),
        ] {
            assert_eq!(is_mountinfo(Path::new(name)), taken, "{name}");
        }
    }
}
