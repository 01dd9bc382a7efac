//! perf_event_open(2): counters of the kernel and of the CPU, of all that runs on one CPU.
//! Source: include/uapi/linux/perf_event.h.

use std::ffi::{c_int, c_ulong};
use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event {
    /// A number of `enum perf_type_id`.
    pub(crate) kind: u32,
    /// Which event of its kind.
    pub(crate) config: u64,
}

/// `struct perf_event_attr` as far as its first version went, which every kernel takes.
#[repr(C)]
#[derive(Default)]
struct Attributes {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup_events: u32,
    breakpoint_type: u32,
    breakpoint_address: u64,
}

/// `PERF_FORMAT_TOTAL_TIME_ENABLED`: the time follows the value.
const WITH_TIME_ENABLED: u64 = 1;
/// The bit `exclude_hv`: some hypervisors refuse to be counted.
const NOT_THE_HYPERVISOR: u64 = 1 << 6;
const FLAG_FD_CLOEXEC: c_ulong = 8;
const ALL_PROCESSES: libc::pid_t = -1;
const NO_GROUP: c_int = -1;

/// Starts to count `event` on `cpu`. Each read gives two numbers of 64 bits: the value, and for how many nanoseconds it
/// was counted.
///
/// # Errors
/// What the kernel said: `EACCES` or `EPERM` without CAP_PERFMON while kernel.perf_event_paranoid is above 0, `ENODEV`
/// for a CPU that is offline, `ENOENT` and others for events that the hardware does not have.
pub(crate) fn open(event: Event, cpu: u32) -> io::Result<OwnedFd> {
    let cpu = c_int::try_from(cpu).map_err(io::Error::other)?;
    let mut attributes = Attributes {
        kind: event.kind,
        size: size_of::<Attributes>() as u32,
        config: event.config,
        read_format: WITH_TIME_ENABLED,
        flags: NOT_THE_HYPERVISOR,
        ..Attributes::default()
    };
    // SAFETY: the pointer is to a struct of ours that tells its own size, which is all that the kernel reads or writes;
    // the other arguments are numbers of the types that the call has.
    let descriptor = unsafe {
        libc::syscall(
            libc::SYS_perf_event_open,
            &raw mut attributes,
            ALL_PROCESSES,
            cpu,
            NO_GROUP,
            FLAG_FD_CLOEXEC,
        )
    };
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor, so nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor as RawFd) })
}
