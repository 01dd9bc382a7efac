//! The system calls that no safe crate offers: adjtimex(2), the C library's idea of the local time zone, the ioctl of
//! ethtool(8) and perf_event_open(2).
#![allow(
    unsafe_code,
    reason = "rustix has no adjtimex, ethtool or perf events, and the standard library knows no time zones"
)]

pub(crate) mod ethtool;
pub(crate) mod perf;

use std::ffi::CStr;
use std::io;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_zone_has_a_name_and_lies_within_a_day_of_utc() {
        let (name, offset) = local_zone(1_700_000_000).unwrap();
        assert!(!name.is_empty() && offset.abs() < 86_400, "{name} {offset}");
        assert_eq!(local_zone(i64::MAX), None);
    }
}
