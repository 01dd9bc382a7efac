//! What tests of probers share: one probe of a local server, and what it told.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant};

use exposition::{Encoder, Format, assemble};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

use super::PROBERS;
use crate::config;
use crate::failure::{Failure, Reason, Step};
use crate::found::Found;
use crate::net::Network;
use crate::probe::{Probe, run};
use crate::probe_log::ProbeLog;

/// Long enough for everything on this host.
pub(super) const PLENTY: Duration = Duration::from_secs(20);
/// For probes whose time is to be up.
pub(super) const SHORT: Duration = Duration::from_millis(150);

/// What a probe told.
#[derive(Debug)]
pub(super) struct Told {
    /// Why it failed; `None`: it did not.
    pub(super) failure: Option<Failure>,
    /// Its samples, without those that every prober has, and without values of time.
    pub(super) samples: Vec<String>,
    /// Its log.
    pub(super) log: String,
}

impl Told {
    /// Step and reason of the failure.
    pub(super) fn why(&self) -> Option<(Step, Reason)> {
        self.failure.as_ref().map(|failure| (failure.step, failure.reason))
    }
}

/// Probes with a module, in YAML without the name.
pub(super) async fn probe(module: &str, target: &str, within: Duration) -> Told {
    let config = config::parse(&format!("modules:\n  m: {module}\n")).expect("a module");
    let module = config.modules.get("m").expect("the module");
    let spec = PROBERS
        .iter()
        .find(|spec| spec.name == module.prober)
        .expect("a prober");
    let log = ProbeLog::new("m", target, log::Level::Error);
    let probe = Probe {
        target,
        hostname: None,
        module,
        deadline: Instant::now() + within,
        log: &log,
        network: &Network::default(),
        found: RefCell::new(Found::default()),
        step: Cell::new(Step::Prepare),
    };
    let mut out = Encoder::new(Format::Text004);
    let failure = run(spec, &probe, &mut out).await.err();
    Told {
        failure,
        samples: samples(&out),
        log: log.text(),
    }
}

fn samples(out: &Encoder) -> Vec<String> {
    let mut text = Vec::new();
    assemble([out], &mut text);
    let text = String::from_utf8(text).expect("text");
    let common = [
        "#",
        "probe_success",
        "probe_duration",
        "probe_dns_",
        "probe_ip_",
        "probe_failure_info",
    ];
    let own = text
        .lines()
        .filter(|line| !common.iter().any(|prefix| line.starts_with(prefix)));
    own.map(|line| match line.split_once("} ") {
        Some((series, _)) if line.contains("_duration_seconds{") => format!("{series}}}"),
        _ => line.to_owned(),
    })
    .collect()
}

/// Runs a test as probes are run.
pub(super) fn run_local<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    LocalSet::new().block_on(&runtime.expect("a runtime"), test)
}

/// A server on a port of its own that treats every connection in this way; its address.
pub(super) async fn serve<F: Future<Output = ()> + 'static>(treat: impl Fn(TcpStream) -> F + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let treat = Rc::new(treat);
    drop(tokio::task::spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(tokio::task::spawn_local(treat(stream)));
        }
    }));
    address
}

/// An address where nobody listens.
pub(super) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("an address").to_string()
}
