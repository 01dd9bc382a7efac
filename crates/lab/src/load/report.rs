//! The end of it, for people and for programs.

use std::{fmt::Write as _, time::Duration};

use serde_json::{Value, json};

use super::{options::Options, tally::Tally};

const RANKS: [(&str, f64); 3] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)];

/// What is told.
pub(super) struct Figures<'t> {
    tally: &'t Tally,
    options: &'t Options,
    seconds: f64,
}

impl<'t> Figures<'t> {
    /// `seconds` is how long it took in all.
    pub(super) fn of(tally: &'t Tally, options: &'t Options, seconds: f64) -> Self {
        Self {
            tally,
            options,
            seconds,
        }
    }

    fn rate(&self) -> f64 {
        self.tally.answered() as f64 / self.seconds.max(0.001)
    }

    /// Requests that were due and had no place before the end.
    fn not_sent(&self) -> u64 {
        let elapsed = Duration::from_secs_f64(self.seconds).min(self.options.duration);
        let due = (self.options.rate * elapsed.as_secs_f64()).round() as u64;
        due.saturating_sub(self.tally.sent)
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let Self {
            tally,
            options,
            seconds,
        } = self;
        let mut text = format!(
            "requests   {} sent in {seconds:.1} s to {}\nrate       {:.1} answers a second, {} wanted\n",
            tally.sent,
            options.url,
            self.rate(),
            options.rate,
        );
        if self.not_sent() > 0 {
            writeln!(
                text,
                "not sent   {}: all {} places were taken; more --concurrency, or the target can take no more",
                self.not_sent(),
                options.concurrency
            )
            .ok();
        }
        let statuses: Vec<String> = tally
            .statuses
            .iter()
            .map(|(status, count)| format!("{count} × {status}"))
            .collect();
        writeln!(
            text,
            "answers    {}",
            if statuses.is_empty() {
                "none".to_owned()
            } else {
                statuses.join(", ")
            }
        )
        .ok();
        let share = tally.errors() as f64 / tally.sent.max(1) as f64;
        writeln!(
            text,
            "errors     {} ({:.2} %): {} by status, {} not in time, {} broken connections",
            tally.errors(),
            share * 100.0,
            tally.errors() - tally.timeouts - tally.broken,
            tally.timeouts,
            tally.broken
        )
        .ok();
        let quantiles: String = RANKS
            .iter()
            .map(|(name, rank)| format!("{name} {}, ", millis(tally.latencies.quantile(*rank))))
            .collect();
        writeln!(
            text,
            "latency    {quantiles}longest {}",
            millis(tally.latencies.longest())
        )
        .ok();
        text
    }

    /// For programs.
    pub(super) fn json(&self) -> String {
        let Self {
            tally,
            options,
            seconds,
        } = self;
        let seconds_of = |latency: Option<Duration>| latency.map(|latency| latency.as_secs_f64());
        let statuses: serde_json::Map<String, Value> = tally
            .statuses
            .iter()
            .map(|(status, count)| (status.to_string(), json!(count)))
            .collect();
        let mut latency = json!({
            "mean": seconds_of(tally.latencies.mean()),
            "max": seconds_of(tally.latencies.longest()),
        });
        for (name, rank) in RANKS {
            latency[name] = json!(seconds_of(tally.latencies.quantile(rank)));
        }
        let report = json!({
            "url": options.url.to_string(),
            "seconds": seconds,
            "rate_wanted": options.rate,
            "rate": self.rate(),
            "sent": tally.sent,
            "not_sent": self.not_sent(),
            "statuses": statuses,
            "errors": tally.errors(),
            "timeouts": tally.timeouts,
            "broken_connections": tally.broken,
            "latency_seconds": latency,
        });
        format!("{report:#}\n")
    }
}

/// A latency as people read it.
pub(super) fn millis(latency: Option<Duration>) -> String {
    latency.map_or_else(
        || "–".to_owned(),
        |latency| format!("{:.1} ms", latency.as_secs_f64() * 1e3),
    )
}

#[cfg(test)]
mod tests {
    use super::super::options::command;
    use super::super::tally::NoAnswer;
    use super::*;

    fn options() -> Options {
        let args = ["load", "--rate=3", "--duration=2s", "--concurrency=1"];
        Options::from_matches(&command().get_matches_from(args)).unwrap()
    }

    fn tally() -> Tally {
        let mut tally = Tally::default();
        for (result, millis) in [
            (Ok(200), 10),
            (Ok(200), 20),
            (Ok(500), 30),
            (Err(NoAnswer::Timeout), 40),
            (Err(NoAnswer::Connection), 50),
        ] {
            tally.sent();
            tally.note(result, Duration::from_millis(millis));
        }
        tally
    }

    #[test]
    fn people_read_rate_errors_and_latencies() {
        let (tally, options) = (tally(), options());
        let expected = "\
requests   5 sent in 2.0 s to http://127.0.0.1:8000/
rate       1.5 answers a second, 3 wanted
not sent   1: all 1 places were taken; more --concurrency, or the target can take no more
answers    2 × 200, 1 × 500
errors     3 (60.00 %): 1 by status, 1 not in time, 1 broken connections
latency    p50 20.1 ms, p95 40.0 ms, p99 40.0 ms, longest 40.0 ms
";
        assert_eq!(Figures::of(&tally, &options, 2.0).text(), expected);
    }

    #[test]
    fn nothing_sent_is_told_without_figures() {
        let (tally, options) = (Tally::default(), options());
        let text = Figures::of(&tally, &options, 0.0).text();
        assert!(
            text.contains("answers    none\n") && text.contains("p50 –, p95 –"),
            "{text}"
        );
    }

    #[test]
    fn programs_read_the_same() {
        let (tally, options) = (tally(), options());
        let report: Value = serde_json::from_str(&Figures::of(&tally, &options, 2.0).json()).unwrap();
        let expected = json!({
            "url": "http://127.0.0.1:8000/", "seconds": 2.0, "rate_wanted": 3.0, "rate": 1.5, "sent": 5, "not_sent": 1,
            "statuses": {"200": 2, "500": 1}, "errors": 3, "timeouts": 1, "broken_connections": 1,
            "latency_seconds": {"mean": 0.025, "p50": report["latency_seconds"]["p50"], "p95": 0.04, "p99": 0.04, "max": 0.04},
        });
        assert_eq!(report, expected);
    }
}
