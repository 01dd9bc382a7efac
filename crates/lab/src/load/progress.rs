//! How it goes, on standard error: one line that is written anew on a terminal, a line now and then elsewhere.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use tokio::time::{MissedTickBehavior, interval};

use super::{Run, report::millis, schedule::Schedule, tally::Tally};

const ON_A_TERMINAL: Duration = Duration::from_millis(500);
const ELSEWHERE: Duration = Duration::from_secs(10);

/// Never comes back.
pub(super) async fn show(run: &Run, schedule: &Schedule) {
    let terminal = io::stderr().is_terminal();
    let mut ticks = interval(if terminal { ON_A_TERMINAL } else { ELSEWHERE });
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    // The first is at once.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let line = run.tally(|tally| line(tally, schedule.elapsed(), schedule.duration()));
        let text = if terminal {
            format!("\r{line}\x1b[K")
        } else {
            format!("{line}\n")
        };
        write(&text);
    }
}

/// Takes the line away from a terminal.
pub(super) fn clear() {
    if io::stderr().is_terminal() {
        write("\r\x1b[K");
    }
}

/// Progress that cannot be written is no reason to stop.
fn write(text: &str) {
    let mut out = io::stderr().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
}

fn line(tally: &Tally, elapsed: Duration, duration: Duration) -> String {
    let answered = tally.answered();
    format!(
        "{:.0} of {:.0} s  {:.1}/s  {answered} answers  {} errors  p95 {}  {} under way",
        elapsed.min(duration).as_secs_f64(),
        duration.as_secs_f64(),
        answered as f64 / elapsed.as_secs_f64().max(0.001),
        tally.errors(),
        millis(tally.latencies.quantile(0.95)),
        tally.under_way(),
    )
}

#[cfg(test)]
mod tests {
    use super::super::tally::NoAnswer;
    use super::*;

    #[test]
    fn the_line_tells_how_far_how_fast_and_how_well() {
        let mut tally = Tally::default();
        for result in [Ok(200), Ok(200), Ok(500), Err(NoAnswer::Connection)] {
            tally.sent();
            tally.note(result, Duration::from_millis(40));
        }
        tally.sent();
        let line = line(&tally, Duration::from_millis(1500), Duration::from_secs(60));
        assert_eq!(line, "2 of 60 s  2.0/s  3 answers  2 errors  p95 40.0 ms  1 under way");
    }
}
