//! `/probe?target=…&module=…`: probes, and answers with its metrics.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Instant;

use exporter_toolkit::web::{self, PageRequest, Reply, Wanted};
use exposition::{Encoder, Escaping, Format, Offer, assemble};
use hyper::StatusCode;

use super::history::{History, Told};
use super::report::report;
use super::scratch::{encoder, give_back, gzipped};
use super::timeout::timeout;
use super::{State, param};
use crate::config::Module;
use crate::failure::Step;
use crate::found::Found;
use crate::net::Network;
use crate::probe::{Probe, ProberSpec, run_into};
use crate::probe_log::{self, ProbeLog};
use crate::probers::PROBERS;

/// The module of a request that names none.
const USUAL: &str = "http_2xx";

/// Probes as the request says.
pub(super) async fn answer(state: &State, request: PageRequest<'_>) -> Reply {
    let order = match order(state, request) {
        Ok(order) => order,
        Err((status, text)) => return web::text(status, format!("{text}\n")),
    };
    let (wanted, debug) = (order.wanted, order.debug);
    let (module, target) = (order.name.clone(), order.target.clone());
    match state.workers.run(move || carry_out(order)).await {
        Some(body) if debug => web::text(StatusCode::OK, String::from_utf8_lossy(&body).into_owned()),
        Some(body) => wanted.reply(body),
        None => {
            // A panic ended the probe; its own message is on standard error.
            log::error!(module, target; "A probe was lost");
            web::text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "The probe was lost; see the log.\n".to_owned(),
            )
        }
    }
}

/// Whether a scraper gets what people read, too.
fn is_plain(wanted: Wanted) -> bool {
    wanted.format == Format::Text004
}

/// A probe to be made on a worker's thread.
struct Order {
    name: String,
    target: String,
    hostname: Option<String>,
    module: Arc<Module>,
    spec: &'static ProberSpec,
    network: Arc<Network>,
    history: Arc<History>,
    deadline: Instant,
    level: log::Level,
    wanted: Wanted,
    debug: bool,
}

type Refusal = (StatusCode, String);

/// What the request asks for, or why it cannot be had.
fn order(state: &State, request: PageRequest<'_>) -> Result<Order, Refusal> {
    let param = |name| param(request.query, name);
    let refused = |text: String| (StatusCode::BAD_REQUEST, text);
    let name = param("module").unwrap_or_else(|| USUAL.to_owned());
    let config = state.config.current();
    let Some(module) = config.modules.get(&name) else {
        state.config.count_unknown_module();
        return Err(refused(format!("Unknown module {name:?}")));
    };
    let header = request.headers.get("X-Prometheus-Scrape-Timeout-Seconds");
    let header = header.map(|value| String::from_utf8_lossy(value.as_bytes()));
    let time = timeout(header.as_deref(), module.timeout.0, state.settings.timeout_offset).map_err(|error| {
        let text = format!("Failed to parse timeout from Prometheus header: {error}");
        (StatusCode::INTERNAL_SERVER_ERROR, text)
    })?;
    let target = param("target").ok_or_else(|| refused("Target parameter is missing".to_owned()))?;
    let spec = PROBERS.iter().find(|spec| spec.name == module.prober);
    let spec = spec.ok_or_else(|| refused(format!("Unknown prober {:?}", module.prober)))?;
    let hostname = param("hostname");
    if let Some(hostname) = hostname.as_deref().filter(|_| module.prober == "http") {
        check_host(module, hostname).map_err(refused)?;
    }
    Ok(Order {
        name,
        target,
        hostname,
        module: Arc::clone(module),
        spec,
        network: Arc::clone(&state.network),
        history: Arc::clone(&state.history),
        deadline: Instant::now() + time,
        level: state.settings.log_prober,
        wanted: Wanted::of(request.headers, &Offer::TEXT_FIRST),
        debug: param("debug").as_deref() == Some("true"),
    })
}

/// Two names for one host would hide which is asked for.
fn check_host(module: &Module, hostname: &str) -> Result<(), String> {
    let headers = module.http.headers.iter();
    let mut hosts = headers.filter(|(name, _)| name.eq_ignore_ascii_case("host"));
    match hosts.find(|(_, value)| *value != hostname) {
        Some((_, value)) => Err(format!(
            "host header defined both in module configuration ({value}) and with URL-parameter 'hostname' ({hostname})"
        )),
        None => Ok(()),
    }
}

/// Probes, remembers it, and makes the answer's body.
async fn carry_out(order: Order) -> Vec<u8> {
    let started = Instant::now();
    let log = ProbeLog::new(&order.name, &order.target, order.level);
    let probe = Probe {
        target: &order.target,
        hostname: order.hostname.as_deref(),
        module: &order.module,
        deadline: order.deadline,
        log: &log,
        network: &order.network,
        found: RefCell::new(Found::default()),
        step: Cell::new(Step::Prepare),
    };
    let is_read = order.debug || order.history.is_kept();
    let mut asked = encoder(order.wanted.format, order.wanted.escaping);
    let mut readable = (is_read && !is_plain(order.wanted)).then(|| encoder(Format::Text004, Escaping::default()));
    let mut outs: Vec<&mut Encoder> = [Some(&mut asked), readable.as_mut()].into_iter().flatten().collect();
    let result = run_into(order.spec, &probe, &mut outs).await;
    let body = assembled(asked);
    let text = readable.map(assembled).map_or_else(|| Cow::Borrowed(&body), Cow::Owned);
    let packed = order.wanted.gzip.then(|| gzipped(&body));
    let log = log.into_record();
    let report = order.debug.then(|| {
        let log = probe_log::text(&log, &order.name, &order.target);
        report(&log, &String::from_utf8_lossy(&text), &order.module)
    });
    order.history.add(Told {
        module_name: &order.name,
        target: &order.target,
        took: started.elapsed(),
        failure: result.as_ref().err(),
        module: &order.module,
        log,
        metrics: &text,
        packed_metrics: packed.as_deref().filter(|_| is_plain(order.wanted)),
    });
    match report {
        Some(report) => report.into_bytes(),
        None => packed.unwrap_or(body),
    }
}

fn assembled(encoder: Encoder) -> Vec<u8> {
    let mut body = Vec::new();
    // A prober that wrote a series twice is found by its tests; here the first one counts.
    drop(assemble([&encoder], &mut body));
    give_back(encoder);
    body
}
