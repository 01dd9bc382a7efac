//! One probe from its request to its report.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::time::Instant;

use exposition::{Desc, Encoder};
use tokio::time::timeout_at;

use crate::config::Module;
use crate::failure::{Failure, Reason, Step};
use crate::found::{Found, TlsReport};
use crate::net::Network;
use crate::probe_log::ProbeLog;

/// What is to be probed, how, and until when.
pub(crate) struct Probe<'p> {
    /// The target as it was asked for.
    pub(crate) target: &'p str,
    /// The name to ask it for, if it is another one: the request's `hostname`.
    pub(crate) hostname: Option<&'p str>,
    /// How to probe.
    pub(crate) module: &'p Module,
    /// When it must be over.
    pub(crate) deadline: Instant,
    /// What happens, for people.
    pub(crate) log: &'p ProbeLog,
    /// The way to the world.
    pub(crate) network: &'p Network,
    /// What was found on the way.
    pub(crate) found: RefCell<Found>,
    /// How far it got, which is told when the time is up.
    pub(crate) step: std::cell::Cell<Step>,
}

impl Probe<'_> {
    /// The same probe for what is needed on the way, like a proxy or a token: what it finds is not told, and the probe
    /// stays at `step` meanwhile.
    pub(crate) fn aside(&self, step: Step) -> Probe<'_> {
        self.step.set(step);
        Probe {
            found: RefCell::default(),
            step: std::cell::Cell::new(step),
            ..*self
        }
    }
}

/// A prober's work.
pub(crate) type Work<'p> = Pin<Box<dyn Future<Output = Result<(), Failure>> + 'p>>;

/// Probes one target once. What it learns stands in its own fields, so that it is reported also when the deadline ends
/// the work in the middle.
pub(crate) trait Prober {
    /// Does it; sets [`Probe::step`] as it goes.
    fn probe<'p>(&'p mut self, probe: &'p Probe<'p>) -> Work<'p>;

    /// Writes what it learnt.
    fn encode(&self, out: &mut Encoder);
}

/// A line of the table of probers.
pub(crate) struct ProberSpec {
    /// The name in blackbox.yml.
    pub(crate) name: &'static str,
    /// Which facts of a TLS handshake it reports.
    pub(crate) tls: Option<TlsReport>,
    /// Makes one for one probe.
    pub(crate) make: fn() -> Box<dyn Prober>,
}

const SUCCESS: Desc<'_> = Desc::gauge("probe_success", "Displays whether or not the probe was a success", &[]);
const DURATION: Desc<'_> = Desc::gauge(
    "probe_duration_seconds",
    "Returns how long the probe took to complete in seconds",
    &[],
);
const FAILURE: Desc<'_> = Desc::gauge(
    "probe_failure_info",
    "Why the probe failed, and at which step; only there when it did",
    &["reason", "step"],
);

/// Probes, writes all metrics to `out`, and tells how it ended.
#[cfg(test)]
pub(crate) async fn run(spec: &ProberSpec, probe: &Probe<'_>, out: &mut Encoder) -> Result<(), Failure> {
    run_into(spec, probe, &mut [out]).await
}

/// Probes, writes all metrics to each of `outs`, which may differ in their formats, and tells how it ended.
pub(crate) async fn run_into(spec: &ProberSpec, probe: &Probe<'_>, outs: &mut [&mut Encoder]) -> Result<(), Failure> {
    let started = Instant::now();
    let mut prober = (spec.make)();
    probe.log.debug("Beginning probe", &[("probe", &spec.name)]);
    let worked = timeout_at(probe.deadline.into(), prober.probe(probe)).await;
    let result = worked.unwrap_or_else(|_| Err(out_of_time(probe)));
    let took = started.elapsed().as_secs_f64();
    match &result {
        Ok(()) => probe.log.debug("Probe succeeded", &[("duration_seconds", &took)]),
        Err(failure) => probe.log.error(
            "Probe failed",
            &[
                ("duration_seconds", &took),
                ("reason", &failure.reason.name()),
                ("step", &failure.step.name()),
                ("err", failure),
            ],
        ),
    }
    for out in outs {
        prober.encode(out);
        encode_found(&probe.found.borrow(), spec.tls, out);
        out.scalar(&SUCCESS, f64::from(u8::from(result.is_ok())));
        out.scalar(&DURATION, took);
        if let Err(failure) = &result {
            out.family(&FAILURE)
                .sample(&[failure.reason.name(), failure.step.name()], 1.0);
        }
    }
    result
}

fn encode_found(found: &Found, report: Option<TlsReport>, out: &mut Encoder) {
    found.encode(out);
    if let (Some(facts), Some(report)) = (&found.tls, report) {
        facts.encode(out, report);
    }
}

fn out_of_time(probe: &Probe<'_>) -> Failure {
    let step = probe.step.get();
    Failure::new(
        step,
        Reason::Timeout,
        format!("the time was up at the step {}", step.name()),
    )
}
