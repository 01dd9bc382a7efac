//! Keeps all CPUs busy until it is dropped.

use std::{
    hint,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// The bound, should the test that holds it hang.
const LONGEST: Duration = Duration::from_secs(60);

pub(crate) struct Burner {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Burner {
    pub(crate) fn on_all_cpus() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let cpus = thread::available_parallelism()
            .expect("the number of CPUs is known")
            .get();
        let threads = (0..cpus).map(|_| start(Arc::clone(&stop))).collect();
        Self { stop, threads }
    }
}

impl Drop for Burner {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().expect("burning does not panic");
        }
    }
}

fn start(stop: Arc<AtomicBool>) -> JoinHandle<()> {
    let end = Instant::now() + LONGEST;
    let burn = move || {
        while !stop.load(Ordering::Relaxed) && Instant::now() < end {
            hint::spin_loop();
        }
    };
    thread::Builder::new()
        .name("burner".to_owned())
        .spawn(burn)
        .expect("a thread can be started")
}
