//! Which files a program read, from strace's log.
//!
//! ```text
//! 4711  openat(AT_FDCWD</>, "/proc/loadavg", O_RDONLY|O_CLOEXEC) = 7</proc/loadavg>
//! 4711  read(7</proc/loadavg>, "0.20 0.18 0.12 1/80 11206\n", 4096) = 26
//! 4711  pread64(9</proc/stat>, "cpu  1279636 …"..., 4096, 0) = 1024
//! 4712  read(8</sys/class/net/lo/speed>,  <unfinished ...>
//! 4712  <... read resumed>"", 4096) = -1 EINVAL (Invalid argument)
//! ```

use std::collections::HashSet;

/// What strace is to trace for [`files_read`].
pub(super) const CALLS: &str = "openat,pread64,read";

/// The files read from their start, in the order of the log, each as often as it was read. A descriptor that is read
/// with `pread64` is read anew at each position 0, one that is read with `read` once after it was opened.
pub(super) fn files_read(log: &str) -> Vec<String> {
    let mut files = Vec::new();
    let mut begun = HashSet::new();
    // By thread: the file of a pread64 whose position stands in another line.
    let mut unfinished: Vec<(&str, &str)> = Vec::new();
    for line in log.lines() {
        let Some((thread, call)) = line.split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        if let Some(descriptor) = opened(call) {
            begun.remove(descriptor);
        } else if let Some(descriptor) = descriptor_of(call, "read(") {
            if begun.insert(descriptor) {
                files.extend(file_of(descriptor));
            }
        } else if let Some(descriptor) = descriptor_of(call, "pread64(") {
            if call.ends_with("<unfinished ...>") {
                unfinished.push((thread, descriptor));
            } else if is_at_start(call) {
                files.extend(file_of(descriptor));
            }
        } else if call.starts_with("<... pread64 resumed>")
            && let Some(index) = unfinished.iter().position(|(of, _)| *of == thread)
        {
            let (_, descriptor) = unfinished.swap_remove(index);
            if is_at_start(call) {
                files.extend(file_of(descriptor));
            }
        }
    }
    files
}

/// The descriptor that an openat returned.
fn opened(call: &str) -> Option<&str> {
    if !call.starts_with("openat(") && !call.starts_with("<... openat resumed>") {
        return None;
    }
    let (_, result) = call.rsplit_once(") = ")?;
    result.contains('<').then_some(result)
}

/// The first argument of a call of this name, such as `7</proc/loadavg>`.
fn descriptor_of<'a>(call: &'a str, name: &str) -> Option<&'a str> {
    let rest = call.strip_prefix(name)?;
    Some(rest.split_once(", ").map_or(rest, |(descriptor, _)| descriptor))
}

/// The path behind a descriptor's number. Sockets, pipes and the like have no path. A mark may follow it: files of
/// /proc/net that are kept open count as deleted, and yet are there.
fn file_of(descriptor: &str) -> Option<String> {
    let (_, path) = descriptor.split_once('<')?;
    let (path, _mark) = path.rsplit_once('>')?;
    path.starts_with('/').then(|| path.to_owned())
}

/// Whether the last argument, the position, is 0.
fn is_at_start(call: &str) -> bool {
    let arguments = call.rsplit_once(") = ").map_or("", |(arguments, _)| arguments);
    arguments.ends_with(", 0")
}

#[cfg(test)]
mod tests {
    use super::files_read;

    #[test]
    fn each_reading_from_the_start_counts_once() {
        let log = r#"4711  openat(AT_FDCWD</>, "/proc/loadavg", O_RDONLY|O_CLOEXEC) = 7</proc/loadavg>
4711  read(7</proc/loadavg>, "0.20, 0) = 1\n", 4096) = 26
4711  read(7</proc/loadavg>, "", 4096) = 0
4711  pread64(9</proc/stat>, "cpu  1, 0"..., 4096, 0) = 4096
4711  pread64(9</proc/stat>, "", 4096, 4096) = 0
4711  openat(5</sys/class/net/lo>, "mtu", O_RDONLY|O_CLOEXEC) = 7</sys/devices/virtual/net/lo/mtu>
4711  read(7</sys/devices/virtual/net/lo/mtu>, "65536\n", 4096) = 6
4711  openat(AT_FDCWD</>, "/proc/loadavg", O_RDONLY|O_CLOEXEC) = 7</proc/loadavg>
4711  read(7</proc/loadavg>, "0.20 0.18\n", 4096) = 26
4711  pread64(9</proc/stat>, "cpu  2"..., 4096, 0) = 4096
4711  pread64(10</proc/4711/net/snmp>(deleted), "Ip: "..., 4096, 0) = 900
"#;
        let loadavg = "/proc/loadavg";
        let expected = [
            loadavg,
            "/proc/stat",
            "/sys/devices/virtual/net/lo/mtu",
            loadavg,
            "/proc/stat",
            "/proc/4711/net/snmp",
        ];
        assert_eq!(files_read(log), expected);
    }

    #[test]
    fn calls_that_other_threads_interrupt_count() {
        let log = r#"1  read(8</sys/class/net/lo/speed>,  <unfinished ...>
2  pread64(9</proc/stat>,  <unfinished ...>
3  pread64(9</proc/stat>,  <unfinished ...>
1  <... read resumed>0x7f, 4096) = -1 EINVAL (Invalid argument)
3  <... pread64 resumed>"", 4096, 4096) = 0
2  <... pread64 resumed>"cpu", 4096, 0) = 3
2  openat(AT_FDCWD</>, "/sys/class/net/lo/speed", O_RDONLY <unfinished ...>
2  <... openat resumed>) = 8</sys/class/net/lo/speed>
2  read(8</sys/class/net/lo/speed>, 0x7f, 4096) = -1 EINVAL (Invalid argument)
"#;
        let speed = "/sys/class/net/lo/speed";
        assert_eq!(files_read(log), [speed, "/proc/stat", speed]);
    }

    #[test]
    fn what_is_no_file_or_was_not_read_is_left_out() {
        let log = r#"1  read(4<anon_inode:[eventfd]>, "\1\0\0\0\0\0\0\0", 8) = 8
1  read(6<socket:[1234]>, "GET", 4096) = 3
1  openat(AT_FDCWD</>, "/missing", O_RDONLY) = -1 ENOENT (No such file or directory)
1  openat(AT_FDCWD</>, "/sys/class/net", O_RDONLY|O_DIRECTORY) = 7</sys/class/net>
1  +++ exited with 0 +++
odd"#;
        assert!(files_read(log).is_empty());
    }
}
