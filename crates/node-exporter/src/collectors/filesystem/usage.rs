//! What statfs(2) says of a file system.

use std::path::Path;

use rustix::io::Errno;

/// Room and inodes of a file system.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Usage {
    pub(super) size_bytes: f64,
    pub(super) free_bytes: f64,
    /// Without what is kept for root.
    pub(super) avail_bytes: f64,
    pub(super) files: f64,
    pub(super) files_free: f64,
}

/// Asks the file system that is mounted at `path`; blocks for as long as it takes to answer.
///
/// # Errors
/// What the kernel said.
pub(super) fn ask(path: &Path) -> Result<Usage, Errno> {
    let stat = rustix::fs::statfs(path)?;
    let block = stat.f_bsize as f64;
    Ok(Usage {
        size_bytes: stat.f_blocks as f64 * block,
        free_bytes: stat.f_bfree as f64 * block,
        avail_bytes: stat.f_bavail as f64 * block,
        files: stat.f_files as f64,
        files_free: stat.f_ffree as f64,
    })
}

/// The error in the words of Go's exporter, for a label. Those of the C library differ from one to the next.
pub(super) fn words(error: Errno) -> &'static str {
    match error {
        Errno::ACCESS => "permission denied",
        Errno::CONNABORTED => "software caused connection abort",
        Errno::CONNREFUSED => "connection refused",
        Errno::CONNRESET => "connection reset by peer",
        Errno::HOSTDOWN => "host is down",
        Errno::HOSTUNREACH => "no route to host",
        Errno::INTR => "interrupted system call",
        Errno::INVAL => "invalid argument",
        Errno::IO => "input/output error",
        Errno::LOOP => "too many levels of symbolic links",
        Errno::NAMETOOLONG => "file name too long",
        Errno::NETUNREACH => "network is unreachable",
        Errno::NODEV => "no such device",
        Errno::NOENT => "no such file or directory",
        Errno::NOKEY => "required key not available",
        Errno::NOMEM => "cannot allocate memory",
        Errno::NOSYS => "function not implemented",
        Errno::NOTCONN => "transport endpoint is not connected",
        Errno::NOTDIR => "not a directory",
        Errno::NXIO => "no such device or address",
        Errno::OPNOTSUPP => "operation not supported",
        Errno::OVERFLOW => "value too large for defined data type",
        Errno::PERM => "operation not permitted",
        Errno::REMOTEIO => "remote I/O error",
        Errno::SHUTDOWN => "cannot send after transport endpoint shutdown",
        Errno::STALE => "stale file handle",
        Errno::TIMEDOUT => "connection timed out",
        _ => "other error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_mount_points_are_told_in_go_words() {
        assert_eq!(
            ask(Path::new("/does/not/exist")).map_err(words),
            Err("no such file or directory")
        );
    }

    #[test]
    fn a_file_system_has_no_more_free_than_it_is_large() {
        let usage = ask(tempfile::tempdir().unwrap().path()).unwrap();
        assert!(
            usage.size_bytes > 0.0 && usage.avail_bytes <= usage.free_bytes && usage.free_bytes <= usage.size_bytes
        );
    }
}
