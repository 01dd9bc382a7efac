//! The system calls that no safe crate offers: adjtimex(2), the C library's idea of the local time zone, the
//! ioctls of btrfs and of ethtool(8), and perf_event_open(2).
#![allow(
    unsafe_code,
    reason = "rustix has no adjtimex or perf events and leaves the meaning of ioctls to its users, and the standard library knows no time zones"
)]

pub(crate) mod ethtool;
pub(crate) mod perf;

use std::ffi::CStr;
use std::io;
use std::os::fd::AsFd;

use rustix::ioctl::{Opcode, Updater, ioctl, opcode};

/// What the kernel says of the clock's discipline, and its state: `libc::TIME_ERROR` when the clock is not synchronised.
///
/// # Errors
/// What the kernel said; containers are often refused.
pub(crate) fn adjtimex() -> io::Result<(i32, libc::timex)> {
    // SAFETY: `timex` is made of integers, for which all zeros is a value; `modes` 0 asks and changes nothing.
    let mut timex: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a `timex` of ours, which the call fills.
    let state = unsafe { libc::adjtimex(&raw mut timex) };
    if state < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok((state, timex))
}

/// The local time zone's abbreviation at a time in seconds since the epoch, and how many seconds it is ahead of UTC.
/// `None` for a time that no calendar has.
pub(crate) fn local_zone(time: i64) -> Option<(String, libc::c_long)> {
    let time = libc::time_t::try_from(time).ok()?;
    // SAFETY: `tm` is made of integers and a pointer, for which all zeros is a value.
    let mut local: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to values of ours. The call reads the variable TZ; nothing here sets variables.
    if unsafe { libc::localtime_r(&raw const time, &raw mut local) }.is_null() || local.tm_zone.is_null() {
        return None;
    }
    // SAFETY: the C library keeps the text of `tm_zone`, which ends with a zero, until the zone changes; it is copied
    // before anything else can happen.
    let name = unsafe { CStr::from_ptr(local.tm_zone) };
    Some((name.to_string_lossy().into_owned(), local.tm_gmtoff))
}

/// The group of btrfs's ioctls, `BTRFS_IOCTL_MAGIC` of linux/btrfs.h.
const BTRFS: u8 = 0x94;

/// A btrfs file system: `struct btrfs_ioctl_fs_info_args`.
#[repr(C)]
pub(crate) struct BtrfsInfo {
    /// The highest number of a device.
    pub(crate) max_id: u64,
    /// How many devices there are.
    pub(crate) num_devices: u64,
    /// The UUID by which it is mounted.
    pub(crate) fsid: [u8; 16],
    rest: [u64; 124],
}

/// A device of a btrfs file system: `struct btrfs_ioctl_dev_info_args`.
#[repr(C)]
pub(crate) struct BtrfsDevice {
    id: u64,
    /// The UUID of the device.
    pub(crate) uuid: [u8; 16],
    /// Bytes that belong to chunks.
    pub(crate) bytes_used: u64,
    /// All bytes that the file system may use.
    pub(crate) total_bytes: u64,
    rest: [u64; 379],
    /// Where the device is, up to a zero; empty for a device that is missing.
    pub(crate) path: [u8; 1024],
}

/// Errors of a device of a btrfs file system: `struct btrfs_ioctl_get_dev_stats`.
#[repr(C)]
struct BtrfsErrors {
    id: u64,
    items: u64,
    flags: u64,
    values: [u64; BTRFS_ERRORS],
    rest: [u64; 121],
}

/// How many kinds of errors there are: of writing, reading and flushing, and blocks with a wrong checksum and with a
/// wrong generation.
pub(crate) const BTRFS_ERRORS: usize = 5;

/// Asks the btrfs file system of an open file or folder for its devices.
///
/// # Errors
/// What the kernel said: `ENOTTY` for other file systems.
pub(crate) fn btrfs_info(file: impl AsFd) -> io::Result<BtrfsInfo> {
    let mut info = BtrfsInfo {
        max_id: 0,
        num_devices: 0,
        fsid: [0; 16],
        rest: [0; 124],
    };
    const OPCODE: Opcode = opcode::read::<BtrfsInfo>(BTRFS, 31);
    // SAFETY: the kernel reads and writes one value of this layout, all of integers.
    unsafe { ioctl(file, Updater::<OPCODE, _>::new(&mut info))? };
    Ok(info)
}

/// Asks the btrfs file system of an open file or folder for its device with the number `id`.
///
/// # Errors
/// What the kernel said: `ENODEV` when no device has that number.
pub(crate) fn btrfs_device(file: impl AsFd, id: u64) -> io::Result<BtrfsDevice> {
    let mut device = BtrfsDevice {
        id,
        uuid: [0; 16],
        bytes_used: 0,
        total_bytes: 0,
        rest: [0; 379],
        path: [0; 1024],
    };
    const OPCODE: Opcode = opcode::read_write::<BtrfsDevice>(BTRFS, 30);
    // SAFETY: the kernel reads and writes one value of this layout, all of integers.
    unsafe { ioctl(file, Updater::<OPCODE, _>::new(&mut device))? };
    Ok(device)
}

/// Asks the btrfs file system of an open file or folder for the errors of its device with the number `id`.
///
/// # Errors
/// What the kernel said: `ENODEV` when no device has that number, or it is missing.
pub(crate) fn btrfs_errors(file: impl AsFd, id: u64) -> io::Result<[u64; BTRFS_ERRORS]> {
    let mut errors = BtrfsErrors {
        id,
        items: BTRFS_ERRORS as u64,
        flags: 0,
        values: [0; BTRFS_ERRORS],
        rest: [0; 121],
    };
    const OPCODE: Opcode = opcode::read_write::<BtrfsErrors>(BTRFS, 52);
    // SAFETY: the kernel reads and writes one value of this layout, all of integers.
    unsafe { ioctl(file, Updater::<OPCODE, _>::new(&mut errors))? };
    Ok(errors.values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_zone_has_a_name_and_lies_within_a_day_of_utc() {
        let (name, offset) = local_zone(1_700_000_000).unwrap();
        assert!(!name.is_empty() && offset.abs() < 86_400, "{name} {offset}");
        assert_eq!(local_zone(i64::MAX), None);
    }

    #[test]
    fn requests_of_btrfs_have_the_sizes_of_the_kernel() {
        assert_eq!(size_of::<BtrfsInfo>(), 1024);
        assert_eq!(size_of::<BtrfsDevice>(), 4096);
        assert_eq!(size_of::<BtrfsErrors>(), 1032);
    }

    #[test]
    fn other_file_systems_know_nothing_of_btrfs() {
        let file = std::fs::File::open("/proc/self/stat").unwrap();
        assert_eq!(btrfs_info(&file).err().unwrap().raw_os_error(), Some(libc::ENOTTY));
    }
}
