//! Memory that is taken for nothing, so that a program can be watched that takes more and more.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Any value but 0, of which the system would give pages without taking memory.
const TOUCHED: u8 = 0xb5;

/// What is held.
#[derive(Debug, Default)]
pub(crate) struct Ballast {
    wanted: AtomicU32,
    held: Mutex<Vec<u8>>,
}

impl Ballast {
    /// Holds so many MiB from now on, or soon: in a thread that ends, since to touch them all takes a while.
    pub(crate) fn hold(self: &Arc<Self>, mebibytes: u32) {
        if self.wanted.swap(mebibytes, Ordering::Relaxed) == mebibytes {
            return;
        }
        let ballast = Arc::clone(self);
        let work = move || ballast.take();
        if let Err(error) = thread::Builder::new().name("ballast".to_owned()).spawn(work) {
            log::warn!(err = error.to_string(); "No thread to take memory");
        }
    }

    /// What is wanted last counts, whichever thread comes last.
    fn take(&self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = self.wanted.load(Ordering::Relaxed) as usize * 1024 * 1024;
        if held.len() != bytes {
            // Never both at the same time.
            *held = Vec::new();
            *held = vec![TOUCHED; bytes];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_last_is_held() {
        let ballast = Ballast::default();
        for mebibytes in [3, 1, 0] {
            ballast.wanted.store(mebibytes, Ordering::Relaxed);
            ballast.take();
            let held = ballast.held.lock().unwrap();
            assert_eq!(held.len(), mebibytes as usize * 1024 * 1024);
            assert!(held.iter().all(|byte| *byte == TOUCHED));
        }
    }
}
