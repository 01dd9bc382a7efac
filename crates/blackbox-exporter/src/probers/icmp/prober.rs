//! The icmp prober: how to ping, and what is told of it.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use exposition::{Desc, Encoder};

use super::round::{Outcome, Round};
use super::socket::{Options, PingSocket};
use crate::config::IcmpModule;
use crate::failure::{Failure, Reason, Step};
use crate::probe::{Probe, Prober, ProberSpec, Work};
use crate::probers::phase::Phase;
use crate::probers::source::source;

/// The table's line.
pub(in crate::probers) const SPEC: ProberSpec = ProberSpec {
    name: "icmp",
    tls: None,
    make: || Box::new(Icmp::default()),
};

const DURATION: Desc<'_> = Desc::gauge(
    "probe_icmp_duration_seconds",
    "Duration of icmp request by phase",
    &["phase"],
);
const HOP_LIMIT: Desc<'_> = Desc::gauge(
    "probe_icmp_reply_hop_limit",
    "Replied packet hop limit (TTL for ipv4)",
    &[],
);
const SENT: Desc<'_> = Desc::gauge(
    "probe_icmp_packets_sent",
    "Echo requests that were sent; only with a count above 1",
    &[],
);
const RECEIVED: Desc<'_> = Desc::gauge(
    "probe_icmp_packets_received",
    "Echo replies that came in time; only with a count above 1",
    &[],
);
const SHORTEST: Desc<'_> = Desc::gauge(
    "probe_icmp_rtt_min_seconds",
    "Shortest round trip; only with a count above 1",
    &[],
);
const AVERAGE: Desc<'_> = Desc::gauge(
    "probe_icmp_rtt_avg_seconds",
    "Average round trip; only with a count above 1",
    &[],
);
const LONGEST: Desc<'_> = Desc::gauge(
    "probe_icmp_rtt_max_seconds",
    "Longest round trip; only with a count above 1",
    &[],
);

/// What a packet carries unless the module says how much, and the beginning of what it then carries.
const PAYLOAD: &[u8] = b"Prometheus Blackbox Exporter";
/// More than this fits into no IP packet.
const MOST_PAYLOAD: usize = 65535;
/// More pings than this are a flood, and would take their memory.
const MOST_PINGS: u32 = 1000;

#[derive(Default)]
struct Icmp {
    resolve: Phase,
    setup: Phase,
    /// How many pings were wanted.
    count: u32,
    outcome: Outcome,
}

impl Prober for Icmp {
    fn probe<'p>(&'p mut self, probe: &'p Probe<'p>) -> Work<'p> {
        Box::pin(self.ping(probe))
    }

    fn encode(&self, out: &mut Encoder) {
        let trips = &self.outcome.trips;
        let average = average(trips);
        out.family(&DURATION)
            .sample(&["resolve"], self.resolve.seconds())
            .sample(&["rtt"], average.map_or(0.0, |trip| trip.as_secs_f64()))
            .sample(&["setup"], self.setup.seconds());
        if let Some(hops) = self.outcome.hop_limit {
            out.scalar(&HOP_LIMIT, f64::from(hops));
        }
        if self.count <= 1 {
            return;
        }
        out.scalar(&SENT, f64::from(self.outcome.sent));
        out.scalar(&RECEIVED, trips.len() as f64);
        let trips = [
            (&SHORTEST, trips.iter().min().copied()),
            (&AVERAGE, average),
            (&LONGEST, trips.iter().max().copied()),
        ];
        for (desc, trip) in trips {
            if let Some(trip) = trip {
                out.scalar(desc, trip.as_secs_f64());
            }
        }
    }
}

impl Icmp {
    async fn ping(&mut self, probe: &Probe<'_>) -> Result<(), Failure> {
        let module = &probe.module.icmp;
        self.count = module.count.max(1);
        let target = probe.resolve(probe.target, module.ip_choice()).await?;
        self.resolve = probe.found.borrow().lookup.into();
        probe.network.admit(target)?;
        let options = options(module, target)?;
        let payload = payload(module.payload_size)?;
        probe.step.set(Step::Connect);
        let started = Instant::now();
        let socket = PingSocket::open(&options)?;
        self.setup = Phase::Over(started.elapsed());
        probe
            .log
            .debug("Pinging", &[("address", &target), ("raw_socket", &socket.raw)]);
        probe.step.set(Step::Receive);
        let round = Round {
            socket: &socket,
            target,
            payload: &payload,
            count: self.count,
            deadline: probe.deadline,
        };
        round.run(&mut self.outcome).await?;
        probe
            .log
            .debug("Found matching reply packet", &[("replies", &self.outcome.trips.len())]);
        Ok(())
    }
}

fn average(trips: &[Duration]) -> Option<Duration> {
    let count = u32::try_from(trips.len()).ok()?;
    trips.iter().sum::<Duration>().checked_div(count)
}

fn options(module: &IcmpModule, target: IpAddr) -> Result<Options, Failure> {
    if module.count > MOST_PINGS {
        return Err(bad_module(format!("count {} is more than {MOST_PINGS}", module.count)));
    }
    let ttl = u8::try_from(module.ttl).map_err(|_| bad_module(format!("ttl {} is none of 0 to 255", module.ttl)))?;
    Ok(Options {
        target,
        source: source(&module.source_ip_address, target)?,
        ttl: u32::from(ttl),
        dont_fragment: module.dont_fragment,
    })
}

/// The text of ours, cut or filled up with zeros to the size that is wanted.
fn payload(size: usize) -> Result<Vec<u8>, Failure> {
    if size > MOST_PAYLOAD {
        return Err(bad_module(format!("payload_size {size} is more than {MOST_PAYLOAD}")));
    }
    let mut payload = PAYLOAD.to_vec();
    if size > 0 {
        payload.resize(size, 0);
    }
    Ok(payload)
}

fn bad_module(text: String) -> Failure {
    Failure::new(Step::Prepare, Reason::BadModule, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probers::trial::Trial;

    async fn ping(target: &str, keys: &str) -> Trial {
        let module = format!("{{prober: icmp, icmp: {{{keys}}}}}");
        Trial::run(&SPEC, &module, target, Duration::from_secs(2)).await
    }

    /// Whether this machine lets the test ping that target; if not, says what is skipped.
    async fn may_ping(target: &str) -> bool {
        let trial = ping(target, "").await;
        match trial.failure() {
            Some((Step::Connect, Reason::Permission | Reason::Unreachable)) => {
                println!("skipped: {target} cannot be pinged here: {:?}", trial.outcome);
                false
            }
            _ => true,
        }
    }

    const SERIES: [&str; 4] = [
        "probe_icmp_duration_seconds{phase=\"resolve\"}",
        "probe_icmp_duration_seconds{phase=\"rtt\"}",
        "probe_icmp_duration_seconds{phase=\"setup\"}",
        "probe_icmp_reply_hop_limit",
    ];

    #[tokio::test]
    async fn a_reply_is_found_in_both_versions() {
        for target in ["127.0.0.1", "::1"] {
            if !may_ping(target).await {
                continue;
            }
            for keys in [
                "",
                "payload_size: 1",
                "payload_size: 1000",
                "dont_fragment: true",
                "ttl: 0",
                "count: 1",
            ] {
                let trial = ping(target, keys).await;
                assert_eq!(trial.failure(), None, "{target} {keys}: {:?}", trial.outcome);
                assert_eq!(trial.series("probe_icmp_"), SERIES, "{target} {keys}");
                assert!(trial.value(SERIES[1]) > Some(0.0), "{target} {keys}");
                assert_eq!(trial.value(SERIES[3]), Some(64.0), "{target} {keys}");
            }
        }
    }

    #[tokio::test]
    async fn several_pings_tell_of_loss() {
        if !may_ping("127.0.0.1").await {
            return;
        }
        let trial = ping("127.0.0.1", "count: 5").await;
        assert_eq!(trial.failure(), None);
        let value = |name: &str| trial.value(name).unwrap_or_default();
        assert_eq!(
            (value("probe_icmp_packets_sent"), value("probe_icmp_packets_received")),
            (5.0, 5.0)
        );
        let [shortest, average, longest] =
            ["min", "avg", "max"].map(|which| value(&format!("probe_icmp_rtt_{which}_seconds")));
        assert!(
            0.0 < shortest && shortest <= average && average <= longest,
            "{}",
            trial.metrics
        );
    }

    #[tokio::test]
    async fn pings_at_the_same_time_find_their_own_replies() {
        if !may_ping("127.0.0.1").await {
            return;
        }
        let local = tokio::task::LocalSet::new();
        let pings = (0..50)
            .map(|_| local.spawn_local(ping("127.0.0.1", "count: 4")))
            .collect::<Vec<_>>();
        local.await;
        for ping in pings {
            let trial = ping.await.expect("it ran");
            assert_eq!(trial.failure(), None, "{:?}", trial.outcome);
            assert_eq!(trial.value("probe_icmp_packets_received"), Some(4.0));
        }
    }

    #[tokio::test]
    async fn modules_that_cannot_be_used_say_so() {
        let cases = [
            "payload_size: 65536",
            "count: 1001",
            "source_ip_address: x",
            "source_ip_address: '::1'",
        ];
        for keys in cases {
            assert_eq!(
                ping("127.0.0.1", keys).await.failure(),
                Some((Step::Prepare, Reason::BadModule)),
                "{keys}"
            );
        }
    }

    #[tokio::test]
    async fn a_packet_that_is_too_large_is_told() {
        if !may_ping("127.0.0.1").await {
            return;
        }
        for keys in ["payload_size: 65535", "payload_size: 65535, count: 3"] {
            assert_eq!(
                ping("127.0.0.1", keys).await.failure(),
                Some((Step::Send, Reason::TooLarge)),
                "{keys}"
            );
        }
    }

    #[tokio::test]
    async fn a_source_that_is_not_ours_is_told() {
        if !may_ping("127.0.0.1").await {
            return;
        }
        let trial = ping("127.0.0.1", "source_ip_address: 192.0.2.9").await;
        assert_eq!(
            trial.failure(),
            Some((Step::Connect, Reason::Unreachable)),
            "{:?}",
            trial.outcome
        );
    }

    #[test]
    fn a_payload_has_the_wanted_size() {
        assert_eq!(payload(0), Ok(PAYLOAD.to_vec()));
        assert_eq!(payload(3), Ok(b"Pro".to_vec()));
        assert_eq!(payload(40), Ok([PAYLOAD, &[0; 12]].concat()));
    }
}
