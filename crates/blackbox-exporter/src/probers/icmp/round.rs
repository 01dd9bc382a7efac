//! One or several pings, and what came of them.

use std::io;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::time::timeout_at;

use super::echo::{Echo, HEAD, Kind, behind_ipv4};
use super::refusal::Refusal;
use super::socket::PingSocket;
use crate::failure::{Failure, Reason, Step};
use crate::random;

/// The longest head of an IPv4 packet.
const LONGEST_IPV4_HEAD: usize = 60;

/// What is told of the pings.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Outcome {
    /// Packets that were sent.
    pub(super) sent: u32,
    /// How long each reply took.
    pub(super) trips: Vec<Duration>,
    /// Hops that the last reply might still have taken.
    pub(super) hop_limit: Option<u8>,
}

/// Pings to be sent on a socket.
pub(super) struct Round<'r> {
    /// The socket.
    pub(super) socket: &'r PingSocket,
    /// Its target.
    pub(super) target: IpAddr,
    /// What every packet carries.
    pub(super) payload: &'r [u8],
    /// How many packets.
    pub(super) count: u32,
    /// When all must be over.
    pub(super) deadline: Instant,
}

/// A ping on its way.
struct Flight {
    id: u16,
    sequence: u16,
    since: Instant,
    /// Whether its end is known.
    over: bool,
}

impl Round<'_> {
    /// Sends one packet after the other, each when the last one's reply is there, or its share of the time is over. What
    /// it learns stands in `outcome` at once.
    pub(super) async fn run(&self, outcome: &mut Outcome) -> Result<(), Failure> {
        let mut flights = Vec::new();
        let mut buffer = vec![0; LONGEST_IPV4_HEAD + HEAD + self.payload.len()];
        let mut last = None;
        for left in (1..=self.count).rev() {
            match self.send(&mut flights).await {
                Ok(()) => outcome.sent += 1,
                Err(failure) => {
                    last = Some(failure);
                    continue;
                }
            }
            if let Some(failure) = self.wait(left, &mut flights, &mut buffer, outcome).await {
                last = Some(failure);
            }
        }
        match outcome.trips.is_empty() {
            false => Ok(()),
            true => Err(last.unwrap_or_else(|| {
                let text = format!("no reply to {} packets", outcome.sent);
                Failure::new(Step::Receive, Reason::Timeout, text)
            })),
        }
    }

    async fn send(&self, flights: &mut Vec<Flight>) -> Result<(), Failure> {
        let (id, sequence) = next_numbers();
        let packet = Echo {
            id,
            sequence,
            payload: self.payload,
        };
        let packet = packet.request(self.target);
        let failed = |error| self.not_sent(&error);
        self.socket.writable().await.map_err(failed)?;
        let since = Instant::now();
        self.socket.send(&packet).map_err(failed)?;
        flights.push(Flight {
            id,
            sequence,
            since,
            over: false,
        });
        Ok(())
    }

    fn not_sent(&self, error: &io::Error) -> Failure {
        match error.raw_os_error() {
            Some(nix::libc::EMSGSIZE) => {
                let text = format!("a payload of {} bytes is too large: {error}", self.payload.len());
                Failure::new(Step::Send, Reason::TooLarge, text)
            }
            _ => Failure::io(Step::Send, error, "sending the packet"),
        }
    }

    /// Waits for the end of the last ping. `None`: it had a reply, or none in its time.
    async fn wait(
        &self,
        left: u32,
        flights: &mut [Flight],
        buffer: &mut [u8],
        outcome: &mut Outcome,
    ) -> Option<Failure> {
        let until = self.until(left);
        while flights.last().is_some_and(|flight| !flight.over) {
            let arrived = timeout_at(until.into(), self.socket.receive(buffer)).await.ok()?;
            let arrival = match arrived {
                Ok(arrival) => arrival,
                Err(error) => return Some(Failure::io(Step::Receive, &error, "waiting for the reply")),
            };
            let packet = buffer.get(..arrival.length).unwrap_or_default();
            match arrival.refusal {
                Some(refusal) if self.refused(packet, flights) => return Some(failure(refusal)),
                Some(_) => {}
                None => {
                    if let Some(trip) = self.replied(packet, flights) {
                        outcome.trips.push(trip);
                        outcome.hop_limit = arrival.hop_limit;
                    }
                }
            }
            // A target that floods us must not keep this thread from looking at the clock.
            tokio::task::yield_now().await;
        }
        None
    }

    /// A single ping may wait until the deadline, which ends it. Of several, each has a share of the time, and there is
    /// one share more than pings, so that the loss is told before the deadline.
    fn until(&self, left: u32) -> Instant {
        if self.count == 1 {
            return self.deadline + Duration::from_secs(1);
        }
        let now = Instant::now();
        now + self.deadline.saturating_duration_since(now) / left.saturating_add(1)
    }

    /// Ends the ping that a packet replies to, and tells how long it took.
    fn replied(&self, packet: &[u8], flights: &mut [Flight]) -> Option<Duration> {
        let now = Instant::now();
        let bare = match self.socket.raw && self.target.is_ipv4() {
            true => behind_ipv4(packet),
            false => packet,
        };
        let echo = Echo::parse(bare, Kind::Reply, self.target)?;
        let flight = self.find(&echo, flights)?;
        if echo.payload != self.payload {
            return None;
        }
        flight.over = true;
        Some(now.saturating_duration_since(flight.since))
    }

    /// Whether what was refused is one of these pings. Of a packet, refusals may have only the beginning.
    fn refused(&self, packet: &[u8], flights: &mut [Flight]) -> bool {
        let echo = Echo::parse(packet, Kind::Request, self.target);
        match echo.and_then(|echo| self.find(&echo, flights)) {
            Some(flight) => {
                flight.over = true;
                true
            }
            None => false,
        }
    }

    fn find<'f>(&self, echo: &Echo<'_>, flights: &'f mut [Flight]) -> Option<&'f mut Flight> {
        // On a socket for pings the kernel has put its own number, and sees to it that only ours come here.
        let ours = |flight: &&mut Flight| {
            !flight.over && flight.sequence == echo.sequence && (flight.id == echo.id || !self.socket.raw)
        };
        flights.iter_mut().find(ours)
    }
}

fn failure(refusal: Refusal) -> Failure {
    Failure::new(Step::Receive, refusal.reason(), refusal.to_string())
}

/// Identifier and sequence number of the next ping: no two of a program's in four thousand million, so that probes at the
/// same time never take each other's replies. They begin anywhere, so that programs do not either.
fn next_numbers() -> (u16, u16) {
    static NEXT: OnceLock<AtomicU32> = OnceLock::new();
    let first = || AtomicU32::new(u32::from(random::u16()) << 16 | u32::from(random::u16()));
    let [a, b, c, d] = NEXT.get_or_init(first).fetch_add(1, Ordering::Relaxed).to_be_bytes();
    (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]))
}
