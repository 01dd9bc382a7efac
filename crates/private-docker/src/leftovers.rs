//! Names that tell whose a thing is, so that what a killed process left behind can be cleared away by the next one.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::{bridge, cgroups};

const PREFIX: &str = "pilotlight-";
/// Names of network devices are short.
const BRIDGE: &str = "plt";

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Another one with each call: of cgroups and folders.
pub(crate) fn name() -> String {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("{PREFIX}{}-{number}", std::process::id())
}

/// The name of a bridge, and a number that is likely nobody else's.
pub(crate) fn bridge_name() -> (String, u32) {
    let (pid, number) = (std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    (format!("{BRIDGE}{pid}-{number}"), pid.wrapping_add(number))
}

/// Removes cgroups, bridges and folders whose process is no more.
pub(crate) fn clear() {
    for name in cgroups::top().iter().filter(|name| is_left(name, PREFIX)) {
        cgroups::end(name);
    }
    for name in entries("/sys/class/net").iter().filter(|name| is_left(name, BRIDGE)) {
        bridge::remove(name);
    }
    let temporary = std::env::temp_dir();
    for name in entries(&temporary).iter().filter(|name| is_left(name, PREFIX)) {
        // What cannot be removed is the temporary folder's own matter.
        fs::remove_dir_all(temporary.join(name)).ok();
    }
}

fn entries(folder: impl AsRef<Path>) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// Whether a name is one of ours and its process has ended.
fn is_left(name: &str, prefix: &str) -> bool {
    let pid = name
        .strip_prefix(prefix)
        .and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
    pid.is_some_and(|pid| !Path::new("/proc").join(pid.to_string()).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_process_that_ended_left_behind_is_cleared() {
        // No pid is as high as this.
        for (name, left) in [
            ("pilotlight-4294967295-0", true),
            ("pilotlight-1-0", false),
            ("pilotlight-x", false),
            ("pilotlight-", false),
            ("docker", false),
        ] {
            assert_eq!(is_left(name, PREFIX), left, "{name}");
        }
        assert!(!is_left(&name(), PREFIX));
    }
}
