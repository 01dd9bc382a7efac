//! How what was done is undone: the last thing first, and also when the thread that did it fails.

use std::{
    process::Child,
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use anyhow::{Context, Result};

type Step = Box<dyn FnOnce() -> Result<()> + Send>;

/// What is to be undone. Dropping it undoes it, too, and has nobody to tell what went wrong.
#[derive(Default)]
pub(super) struct Undo {
    steps: Vec<Step>,
}

impl Undo {
    pub(super) fn by(&mut self, step: impl FnOnce() -> Result<()> + Send + 'static) {
        self.steps.push(Box::new(step));
    }

    /// Ends a program.
    pub(super) fn by_ending(&mut self, mut child: Child, name: &'static str) {
        self.by(move || {
            let ended = child.kill().and_then(|()| child.wait());
            ended.map(drop).with_context(|| format!("ending {name}"))
        });
    }

    /// Does `step` now and then again and again, in a thread that ends with this.
    ///
    /// # Errors
    /// There can be no thread.
    pub(super) fn keep(&mut self, pause: Duration, mut step: impl FnMut() + Send + 'static) -> Result<()> {
        let (end, ended) = channel::<()>();
        let again = move || {
            loop {
                step();
                if ended.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("keeper".to_owned()).spawn(again);
        let thread = thread.context("starting a thread")?;
        self.by(move || {
            drop(end);
            thread
                .join()
                .map_err(|_| anyhow::anyhow!("what was done again and again has failed"))
        });
        Ok(())
    }

    /// # Errors
    /// The first that went wrong; the rest is undone all the same.
    pub(super) fn now(mut self) -> Result<()> {
        self.all()
    }

    fn all(&mut self) -> Result<()> {
        let mut outcome = Ok(());
        while let Some(step) = self.steps.pop() {
            outcome = outcome.and(step());
        }
        outcome
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        self.all().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn all_is_undone_in_reverse_and_the_first_error_is_told() {
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut undo = Undo::default();
        for number in 1..=3 {
            let order = Arc::clone(&order);
            undo.by(move || {
                order.lock().unwrap().push(number);
                anyhow::ensure!(number == 1, "no {number}");
                Ok(())
            });
        }
        assert_eq!(undo.now().unwrap_err().to_string(), "no 3");
        assert_eq!(*order.lock().unwrap(), [3, 2, 1]);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "it is about a program that runs")]
    fn a_program_is_ended() {
        let child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let pid = rustix::process::Pid::from_child(&child);
        let mut undo = Undo::default();
        undo.by_ending(child, "sleep");
        undo.now().unwrap();
        assert!(rustix::process::test_kill_process(pid).is_err(), "it is still there");
    }

    #[test]
    fn what_is_kept_up_ends_with_it() {
        let (count, counted) = channel();
        let mut undo = Undo::default();
        undo.keep(Duration::from_millis(1), move || count.send(()).unwrap_or(()))
            .unwrap();
        assert!(counted.recv().is_ok() && counted.recv().is_ok());
        drop(undo);
        assert!(counted.iter().count() < usize::MAX, "the sender is gone");
    }
}
