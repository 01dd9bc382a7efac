//! One heap for all threads, and giving back what only the start needed: free pages of the heap, and code and constants
//! that the kernel reads from the file again if they are wanted. An exporter starts once and then runs for months.
#![allow(
    unsafe_code,
    reason = "the C library has no safe way to its heap's settings, nor rustix to advise on pages"
)]

use std::ffi::c_void;

use rustix::mm::{Advice, madvise};

/// Lets all threads share one heap. A heap for each is faster where many allocate at the same time; here one thread does,
/// and what the start has used and freed serves the first scrape. To be called before there is a second thread.
pub(crate) fn share_one_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: the call sets a number of malloc's own.
        unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
    }
}

/// Gives it back. Calling this at any time is harmless; it pays after the start.
pub(crate) fn give_back() {
    trim_heap();
    drop_code();
}

fn trim_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: the call touches only what malloc knows to be free.
        unsafe { libc::malloc_trim(0) };
    }
}

unsafe extern "C" {
    /// Where the program's first page begins. Every linker of Linux defines it, as it does `etext`.
    static __executable_start: u8;
    /// Where the program's code ends, which lies behind its constants.
    static etext: u8;
}

fn drop_code() {
    let page = rustix::param::page_size();
    let (start, end) = ((&raw const __executable_start).addr(), (&raw const etext).addr());
    let length = end.saturating_sub(start) / page * page;
    let start = (&raw const __executable_start).cast_mut().cast::<c_void>();
    // SAFETY: these pages are mapped from the program's file and never written to, so each is read from there again when
    // it is next touched.
    let advised = unsafe { madvise(start, length, Advice::LinuxDontNeed) };
    if let Err(error) = advised {
        log::debug!("giving back the code of the start: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::give_back;

    #[test]
    fn the_program_goes_on() {
        let kept: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
        give_back();
        let now: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
        assert_eq!(now, kept);
    }
}
