//! Where the time goes: the moments of each roundtrip, and the phases that they add up to.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::probe_log::ProbeLog;

/// The moments of one roundtrip; those that were not reached are missing.
#[derive(Clone, Debug, Default)]
pub(super) struct Roundtrip {
    /// Whether it goes over TLS.
    pub(super) tls: bool,
    /// When it began to look for the address.
    pub(super) start: Option<Instant>,
    /// When the address was there.
    pub(super) resolved: Option<Instant>,
    /// When the other side, or the proxy, took the connection.
    pub(super) connected: Option<Instant>,
    /// When the TLS handshake began.
    pub(super) tls_start: Option<Instant>,
    /// When it was over.
    pub(super) tls_done: Option<Instant>,
    /// When a request could be sent.
    pub(super) ready: Option<Instant>,
    /// When the answer's first byte came; the connection sets it.
    pub(super) first_byte: Rc<Cell<Option<Instant>>>,
    /// Whether its body is read: that of a redirect is not.
    pub(super) reading: bool,
    /// When all of the body was there.
    pub(super) end: Option<Instant>,
}

/// All roundtrips of a probe, and the first look for the address.
#[derive(Debug, Default)]
pub(super) struct Phases {
    /// When the target's address was first looked for.
    pub(super) lookup_started: Option<Instant>,
    /// How long that took.
    pub(super) lookup: Option<Duration>,
    /// Whether a request was made ready: from there on, all phases are reported.
    pub(super) prepared: bool,
    /// In order.
    pub(super) roundtrips: Vec<Roundtrip>,
}

/// The sums.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sums {
    /// Looking for addresses; `None` when a proxy does that.
    pub(super) resolve: Option<Duration>,
    /// The rest, `None` when it did not come so far that there was a request.
    pub(super) rest: Option<Rest>,
}

/// What follows the address.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rest {
    pub(super) connect: Duration,
    pub(super) tls: Duration,
    pub(super) processing: Duration,
    pub(super) transfer: Duration,
}

impl Phases {
    /// One more roundtrip.
    pub(super) fn begin(&mut self) -> &mut Roundtrip {
        self.roundtrips.push(Roundtrip::default());
        self.roundtrips.last_mut().expect("it was added just now")
    }

    /// Adds them up as upstream does. What goes on at `now`, when the time is up, counts until then.
    pub(super) fn sums(&self, now: Instant) -> Sums {
        let mut resolve = self
            .lookup_started
            .map(|start| self.lookup.unwrap_or_else(|| now.saturating_duration_since(start)));
        let mut rest = Rest::default();
        for (number, trip) in self.roundtrips.iter().enumerate() {
            if number > 0 {
                *resolve.get_or_insert_default() += between(trip.start, trip.resolved);
            }
            trip.add_to(&mut rest, now);
        }
        Sums {
            resolve,
            rest: self.prepared.then_some(rest),
        }
    }

    /// Tells the moments of each roundtrip.
    pub(super) fn log(&self, log: &ProbeLog) {
        for (number, trip) in self.roundtrips.iter().enumerate() {
            log.moments(
                "Response timings for roundtrip",
                ("roundtrip", number),
                [
                    ("start", trip.start),
                    ("dnsDone", trip.resolved),
                    ("connectDone", trip.connected),
                    ("gotConn", trip.ready),
                    ("responseStart", trip.first_byte.get()),
                    ("tlsStart", trip.tls_start),
                    ("tlsDone", trip.tls_done),
                    ("end", trip.end),
                ],
            );
        }
    }
}

impl Roundtrip {
    fn add_to(&self, rest: &mut Rest, now: Instant) {
        if self.ready.is_none() {
            return;
        }
        if self.tls {
            rest.connect += between(self.resolved, self.connected);
            rest.tls += between(self.tls_start, self.tls_done);
        } else {
            rest.connect += between(self.resolved, self.ready);
        }
        let first_byte = self.first_byte.get();
        rest.processing += between(self.ready, first_byte);
        if self.reading {
            rest.transfer += between(first_byte, self.end.or(Some(now)));
        }
    }
}

fn between(from: Option<Instant>, to: Option<Instant>) -> Duration {
    match (from, to) {
        (Some(from), Some(to)) => to.saturating_duration_since(from),
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roundtrip(start: Instant, tls: bool, moments: &[u64]) -> Roundtrip {
        let at = |index: usize| moments.get(index).map(|millis| start + Duration::from_millis(*millis));
        Roundtrip {
            tls,
            start: at(0),
            resolved: at(1),
            connected: at(2),
            tls_start: at(3),
            tls_done: at(4),
            ready: at(5),
            first_byte: Rc::new(Cell::new(at(6))),
            reading: moments.len() > 7,
            end: at(7),
        }
    }

    fn rest(connect: u64, tls: u64, processing: u64, transfer: u64) -> Option<Rest> {
        let millis = Duration::from_millis;
        Some(Rest {
            connect: millis(connect),
            tls: millis(tls),
            processing: millis(processing),
            transfer: millis(transfer),
        })
    }

    #[test]
    fn phases_are_summed_over_redirects() {
        let now = Instant::now();
        let tls = roundtrip(now, true, &[0, 1, 3, 4, 8, 9, 25]);
        let plain = roundtrip(now, false, &[30, 33, 40, 0, 0, 41, 50, 60]);
        let hung = roundtrip(now, false, &[70, 71, 72]);
        let phases = Phases {
            lookup_started: Some(now),
            lookup: Some(Duration::from_millis(7)),
            prepared: true,
            roundtrips: vec![tls, plain, hung],
        };
        let sums = phases.sums(now + Duration::from_secs(1));
        assert_eq!(
            sums,
            Sums {
                resolve: Some(Duration::from_millis(7 + 3 + 1)),
                rest: rest(2 + 8, 4, 16 + 9, 10)
            }
        );
    }

    #[test]
    fn what_goes_on_at_the_deadline_counts_until_then() {
        let now = Instant::now();
        let later = now + Duration::from_millis(100);
        let resolving = Phases {
            lookup_started: Some(now),
            ..Phases::default()
        };
        assert_eq!(
            resolving.sums(later),
            Sums {
                resolve: Some(Duration::from_millis(100)),
                rest: None
            }
        );
        let mut trip = roundtrip(now, false, &[0, 0, 1, 0, 0, 1, 40]);
        trip.reading = true;
        let reading = Phases {
            prepared: true,
            roundtrips: vec![trip],
            ..Phases::default()
        };
        assert_eq!(
            reading.sums(later),
            Sums {
                resolve: None,
                rest: rest(1, 0, 39, 60)
            }
        );
    }
}
