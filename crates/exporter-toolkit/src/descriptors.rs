//! Room for open files.

use rustix::io::{Errno, fcntl_dupfd_cloexec};

/// More are seldom open. It is also the usual soft limit, past which the kernel gives none.
const ROOM: i32 = 1024;

/// Lets the kernel make its table of open files as long as it will be used. A program of one thread gets that at once; one
/// of more waits each time that the table grows, for some ten milliseconds, until no CPU may still look into the old one.
/// To be called before there is a second thread.
pub(crate) fn make_room() {
    match fcntl_dupfd_cloexec(std::io::stderr(), ROOM - 1) {
        Ok(farthest) => drop(farthest),
        // A lower limit: the table grows when it has to.
        Err(Errno::INVAL | Errno::MFILE) => {}
        Err(error) => log::debug!("making room for open files: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn the_kernels_table_has_room() {
        use rustix::process::{Resource, getrlimit};
        make_room();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let slots = status.lines().find_map(|line| line.strip_prefix("FDSize:")).unwrap();
        let most = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        assert!(
            most < ROOM as u64 || slots.trim().parse::<i32>().unwrap() >= ROOM,
            "{slots}"
        );
    }

    #[test]
    fn what_was_open_is_so_still_and_nothing_more() {
        let count = || {
            std::fs::read_dir("/proc/self/fd")
                .map(Iterator::count)
                .unwrap_or_default()
        };
        let deadline = Instant::now() + Duration::from_secs(5);
        // Other tests open files meanwhile.
        loop {
            let before = count();
            make_room();
            if count() == before {
                return;
            }
            assert!(Instant::now() < deadline, "one more stays open");
        }
    }
}
