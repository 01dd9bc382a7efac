//! Mounts of a process, from /proc/PID/mountinfo.
//!
//! ```text
//! 22 27 0:21 / /proc rw,relatime shared:12 - proc proc rw
//! 27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
//! ```

use std::borrow::Cow;

use crate::ParseError;
use crate::fields::{Line, lines, split_once, unsigned, unsigned_32};

const SHAPE: &str = "a mount of 6 fields, a dash and 3 fields";

/// One mount. Paths and names are of arbitrary bytes; what is not UTF-8 in them is replaced by U+FFFD, so that one odd
/// mount spoils its own row and not the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount<'a> {
    /// The kernel's number of this mount.
    pub id: u64,
    /// The number of the mount that this one is on.
    pub parent_id: u64,
    /// The major device number of the file system.
    pub major: u32,
    /// The minor device number of the file system.
    pub minor: u32,
    /// The directory of the file system that is mounted. Escapes (`\040`) are left as they are.
    pub root: Cow<'a, str>,
    /// Where it is mounted, seen from the root of the process. Of the escapes, `\040` and `\011` are decoded to space
    /// and tab and all others left as they are.
    pub mount_point: Cow<'a, str>,
    /// Options of this mount, with commas between them.
    pub options: Cow<'a, str>,
    /// The file system's type, as in `ext4`.
    pub fs_type: Cow<'a, str>,
    /// What is mounted, as in `/dev/vda`; it may be empty. Escapes are left as they are.
    pub source: Cow<'a, str>,
    /// Options of the file system, with commas between them.
    pub super_options: Cow<'a, str>,
}

impl Mount<'_> {
    /// Whether this mount or its file system is read-only: either has the option `ro`.
    pub fn is_read_only(&self) -> bool {
        self.options
            .split(',')
            .chain(self.super_options.split(','))
            .any(|option| option == "ro")
    }
}

/// Parses /proc/PID/mountinfo, in the file's order. Optional fields are passed over; an empty file gives nothing.
///
/// # Errors
/// When a line lacks fields or the dash between them, or has other than numbers where numbers belong.
pub fn parse(bytes: &[u8]) -> Result<Vec<Mount<'_>>, ParseError> {
    lines(bytes).map(mount).collect()
}

fn mount(line: Line<'_>) -> Result<Mount<'_>, ParseError> {
    let (before, after) = halves(line.text).ok_or_else(|| line.error(SHAPE))?;
    let [id, parent_id, device, root, mount_point, options] = parts(before).ok_or_else(|| line.error(SHAPE))?;
    let [fs_type, source, super_options] = parts(after).ok_or_else(|| line.error(SHAPE))?;
    let number = |part| unsigned(part).ok_or_else(|| line.error_at(SHAPE, part));
    let (major, minor) = device_numbers(device).ok_or_else(|| line.error_at(SHAPE, device))?;
    Ok(Mount {
        id: number(id)?,
        parent_id: number(parent_id)?,
        major,
        minor,
        root: String::from_utf8_lossy(root),
        mount_point: decoded(mount_point),
        options: String::from_utf8_lossy(options),
        fs_type: String::from_utf8_lossy(fs_type),
        source: String::from_utf8_lossy(source),
        super_options: String::from_utf8_lossy(super_options),
    })
}

/// What stands before and after the dash. No field holds a space, so the first dash between spaces is the one.
fn halves(text: &[u8]) -> Option<(&[u8], &[u8])> {
    const DASH: &[u8] = b" - ";
    let (before, after) = text.split_at(memchr::memmem::find(text, DASH)?);
    Some((before, after.strip_prefix(DASH)?))
}

/// The first `N` parts of a text with one space between each two. Two spaces have an empty part between them: a source
/// may be empty.
fn parts<const N: usize>(text: &[u8]) -> Option<[&[u8]; N]> {
    let mut found = text.split(|&byte| byte == b' ');
    let mut parts = [b"".as_slice(); N];
    for part in &mut parts {
        *part = found.next()?;
    }
    Some(parts)
}

fn device_numbers(part: &[u8]) -> Option<(u32, u32)> {
    let (major, minor) = split_once(part, b':')?;
    Some((unsigned_32(major)?, unsigned_32(minor)?))
}

fn decoded(path: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(path);
    if memchr::memchr(b'\\', path).is_none() {
        return text;
    }
    Cow::Owned(text.replace(r"\040", " ").replace(r"\011", "\t"))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{Mount, parse};

    const ROOT: Mount<'_> = Mount {
        id: 27,
        parent_id: 1,
        major: 254,
        minor: 0,
        root: Cow::Borrowed("/"),
        mount_point: Cow::Borrowed("/"),
        options: Cow::Borrowed("rw,relatime"),
        fs_type: Cow::Borrowed("ext4"),
        source: Cow::Borrowed("/dev/vda"),
        super_options: Cow::Borrowed("rw,discard,resv_strict,resuid=65534,resgid=65534"),
    };

    #[test]
    fn mounts_are_read_with_and_without_optional_fields() {
        let proc = Mount {
            id: 22,
            parent_id: 27,
            major: 0,
            minor: 21,
            mount_point: "/proc".into(),
            fs_type: "proc".into(),
            source: "proc".into(),
            super_options: "rw".into(),
            ..ROOT
        };
        let shared = Mount {
            id: 42,
            parent_id: 27,
            major: 0,
            minor: 25,
            root: "/a-b".into(),
            mount_point: "/mnt/a b\tc\\134d".into(),
            options: "ro,nosuid,nodev,relatime".into(),
            fs_type: "tmpfs".into(),
            source: "".into(),
            super_options: "rw,size=4k,mode=755".into(),
        };
        assert_eq!(
            parse(include_bytes!("../fixtures/mountinfo")),
            Ok(vec![proc, ROOT, shared])
        );
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn either_set_of_options_makes_read_only() {
        let cases = [
            ("rw", "rw,errors=remount-ro", false),
            ("ro,nosuid", "rw", true),
            ("rw", "rw,ro", true),
            ("", "", false),
        ];
        for (options, super_options, read_only) in cases {
            let mount = Mount {
                options: options.into(),
                super_options: super_options.into(),
                ..ROOT
            };
            assert_eq!(mount.is_read_only(), read_only, "{options} {super_options}");
        }
    }

    #[test]
    fn other_encodings_are_replaced() {
        let mounts = parse(b"1 2 3:4 / /\xff\\040x rw - a b rw\n").unwrap();
        assert_eq!(
            mounts.first().map(|mount| mount.mount_point.as_ref()),
            Some("/\u{fffd} x")
        );
    }

    #[test]
    fn malformed_lines_are_errors() {
        let cases: [(&[u8], &str); 5] = [
            (b"1 2 3:4 / / rw shared:1\n", "1 2 3:4 / / rw shared:1"),
            (b"1 2 3:4 / / rw - ext4 x\n", "1 2 3:4 / / rw - ext4 x"),
            (b"1 2 3-4 / / rw - ext4 x rw\n", "3-4"),
            (b"1 x 3:4 / / rw - ext4 x rw\n", "x"),
            (b"1\n", "1"),
        ];
        for (bytes, found) in cases {
            let text = format!("line 1: expected a mount of 6 fields, a dash and 3 fields, found {found:?}");
            assert_eq!(parse(bytes).unwrap_err().to_string(), text);
        }
    }
}
