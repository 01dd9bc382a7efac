//! The service: a request is delayed, may fail, is answered and counted.

use std::sync::Arc;
use std::time::SystemTime;

use exporter_toolkit::app::Exporter;
use exporter_toolkit::scrape::RegistryBuilder;
use exporter_toolkit::self_metrics::PrometheusRegistry;
use hyper::header::HeaderMap;
use tokio::time::{Instant, sleep};

use crate::ballast::Ballast;
use crate::dice::{Dice, Draw};
use crate::http_labels::{Endpoint, Verb};
use crate::metrics::{DurationsCollector, LevelsCollector, Metrics, Seen};
use crate::options::Options;
use crate::orders::{Order, Orders};
use crate::pages::DemoPages;
use crate::settings::{LiveSettings, Settings};
use crate::trace::TraceId;
use crate::users::Users;

/// The request header that asks for a fault: `X-Demo-Fault: error` is answered 500.
pub(crate) const FAULT: &str = "x-demo-fault";

/// The service put together.
///
/// # Errors
/// When the system cannot be asked about processes.
pub fn start(options: &Options) -> Result<Exporter, Vec<String>> {
    let service = Service::new(options).map_err(|error| vec![error.to_string()])?;
    let started = service.started.into_std();
    let mut registry = RegistryBuilder::default();
    registry.collector("counters", Box::new(PrometheusRegistry(service.metrics.registry())));
    registry.collector(
        "durations",
        Box::new(DurationsCollector {
            metrics: Arc::clone(&service.metrics),
            started,
        }),
    );
    let (settings, users) = (Arc::clone(&service.settings), Arc::clone(&service.users));
    let levels = LevelsCollector::new(settings, users, options.seed, started)
        .map_err(|error| vec![format!("asking about this process: {error:?}")])?;
    registry.collector("levels", Box::new(levels));
    Ok(Exporter {
        registry,
        pages: Box::new(DemoPages::new(service, options.may_change)),
        web: None,
    })
}

/// What all requests share.
pub(crate) struct Service {
    pub(crate) settings: Arc<LiveSettings>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) orders: Orders,
    pub(crate) ballast: Arc<Ballast>,
    users: Arc<Users>,
    dice: Dice,
    pub(crate) started: Instant,
}

/// A request as far as the simulation knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit {
    pub(crate) endpoint: Endpoint,
    pub(crate) verb: Verb,
    /// The client asked for a fault.
    wants_fault: bool,
    /// The trace that the client is in.
    trace: Option<TraceId>,
}

impl Visit {
    pub(crate) fn new(endpoint: Endpoint, verb: Verb, headers: &HeaderMap) -> Self {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            endpoint,
            verb,
            wants_fault: header(FAULT) == Some("error"),
            trace: header("traceparent").and_then(TraceId::from_traceparent),
        }
    }
}

/// What becomes of a visit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fate {
    /// 200.
    Shown,
    /// 201: the order and its number.
    Ordered(u64, Order),
    /// 404.
    NoSuchPage,
    /// 405.
    NotAllowed,
    /// 500.
    Failed,
}

impl Fate {
    /// The status, as a label's value.
    pub(crate) fn status(self) -> &'static str {
        match self {
            Self::Shown => "200",
            Self::Ordered(..) => "201",
            Self::NoSuchPage => "404",
            Self::NotAllowed => "405",
            Self::Failed => "500",
        }
    }
}

/// A visit's end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) fate: Fate,
    pub(crate) trace: TraceId,
}

impl Service {
    /// With nothing counted yet.
    ///
    /// # Errors
    /// As [`Metrics::new`].
    pub(crate) fn new(options: &Options) -> prometheus::Result<Self> {
        let ballast = Arc::new(Ballast::default());
        ballast.hold(options.settings.ballast_mib);
        Ok(Self {
            ballast,
            settings: Arc::new(LiveSettings::new(options.settings)),
            metrics: Arc::new(Metrics::new()?),
            orders: Orders::default(),
            users: Arc::new(Users::new(options.users)),
            dice: Dice::new(options.seed, options.users),
            started: Instant::now(),
        })
    }

    /// Lets a visit take its time, decides what becomes of it, and counts it.
    pub(crate) async fn visit(&self, visit: Visit) -> Outcome {
        let began = Instant::now();
        let settings = self.settings.get();
        let draw = self.dice.throw(&settings);
        let fate = if let Some(refused) = refused(visit) {
            refused
        } else {
            // Not through the reactor's timer, which would wait for a millisecond at least.
            if !draw.latency.is_zero() {
                sleep(draw.latency).await;
            }
            self.decide(visit, &draw)
        };
        let trace = visit.trace.unwrap_or(draw.trace);
        self.count(visit, fate, trace, began, draw.user, &settings);
        Outcome { fate, trace }
    }

    fn decide(&self, visit: Visit, draw: &Draw) -> Fate {
        let fails = draw.fails || visit.wants_fault;
        if visit.endpoint == Endpoint::Orders && visit.verb == Verb::Post {
            return self.order(draw.order, fails);
        }
        if fails { Fate::Failed } else { Fate::Shown }
    }

    fn order(&self, drawn: Order, fails: bool) -> Fate {
        let status = if fails { "failed" } else { drawn.status };
        let order = Order { status, ..drawn };
        self.metrics.order(&order);
        let number = self.orders.take(order);
        if fails {
            Fate::Failed
        } else {
            Fate::Ordered(number, order)
        }
    }

    fn count(&self, visit: Visit, fate: Fate, trace: TraceId, began: Instant, user: u32, settings: &Settings) {
        let since_start = self.started.elapsed();
        self.users.visit(user, since_start);
        self.metrics.observe(&Seen {
            endpoint: visit.endpoint,
            verb: visit.verb,
            status: fate.status(),
            took: began.elapsed(),
            since_start,
            at: SystemTime::now(),
            trace,
            user: settings.user_id_label.then_some(user),
        });
    }
}

/// What is answered at once, whatever the dice say.
fn refused(visit: Visit) -> Option<Fate> {
    match visit.endpoint {
        Endpoint::Other => Some(Fate::NoSuchPage),
        endpoint => (!endpoint.verbs().contains(&visit.verb)).then_some(Fate::NotAllowed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latency::Distribution;
    use std::time::Duration;

    fn service(error_rate: f64) -> Service {
        Service::new(&Options {
            settings: Settings {
                distribution: Distribution::Constant,
                mean: Duration::from_millis(40),
                error_rate,
                ..Settings::default()
            },
            users: 10,
            seed: 1,
            may_change: true,
        })
        .unwrap()
    }

    fn visit(endpoint: Endpoint, verb: Verb, headers: &[(&'static str, &str)]) -> Visit {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (hyper::header::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        Visit::new(endpoint, verb, &headers)
    }

    #[tokio::test(start_paused = true)]
    async fn what_exists_takes_the_time_that_was_drawn_and_what_does_not_takes_none() {
        let service = service(0.0);
        for (endpoint, verb, millis, status) in [
            (Endpoint::Home, Verb::Get, 40, "200"),
            (Endpoint::Users, Verb::Head, 40, "200"),
            (Endpoint::Orders, Verb::Post, 40, "201"),
            (Endpoint::Users, Verb::Post, 0, "405"),
            (Endpoint::Orders, Verb::Other, 0, "405"),
            (Endpoint::Other, Verb::Get, 0, "404"),
        ] {
            let began = Instant::now();
            let outcome = service.visit(visit(endpoint, verb, &[])).await;
            assert_eq!(
                (began.elapsed(), outcome.fate.status()),
                (Duration::from_millis(millis), status),
                "{endpoint:?} {verb:?}"
            );
        }
        assert_eq!(service.metrics.so_far(Endpoint::Orders), (1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_fault_comes_by_chance_or_on_request() {
        let fault = [("x-demo-fault", "error")];
        let other = [("x-demo-fault", "none")];
        for (error_rate, headers, status) in [(0.0, &fault[..], "500"), (0.0, &other, "200"), (1.0, &[], "500")] {
            let service = service(error_rate);
            let outcome = service.visit(visit(Endpoint::Users, Verb::Get, headers)).await;
            assert_eq!(outcome.fate.status(), status);
            assert_eq!(service.metrics.so_far(Endpoint::Users), (1, u64::from(status == "500")));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_that_fails_is_an_order_that_failed() {
        let service = service(1.0);
        let outcome = service.visit(visit(Endpoint::Orders, Verb::Post, &[])).await;
        assert_eq!(outcome.fate, Fate::Failed);
        assert_eq!(service.orders.list()[0]["status"], "failed");
    }

    #[tokio::test(start_paused = true)]
    async fn the_clients_trace_goes_on() {
        let service = service(0.0);
        let header = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")];
        let outcome = service.visit(visit(Endpoint::Users, Verb::Get, &header)).await;
        assert_eq!(outcome.trace.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let own = service.visit(visit(Endpoint::Users, Verb::Get, &[])).await;
        assert_ne!(own.trace, outcome.trace);
    }
}
