//! What the exporter answers beside its own metrics: probes, the configuration in force, the history.

mod history;
mod landing;
mod probe;
mod report;
mod scratch;
mod timeout;

use std::sync::Arc;

use exporter_toolkit::web::{self, Link, PageRequest, Pages, PendingReply, Reply};
use exporter_toolkit::workers::Workers;
use hyper::header::{ALLOW, HeaderValue, LOCATION};
use hyper::{Method, StatusCode};

use self::history::History;
use crate::config::{self, Layout};
use crate::live_config::LiveConfig;
use crate::net::Network;
use crate::reload::Reloader;
use crate::settings::Settings;

/// What all requests share.
pub(crate) struct State {
    settings: Settings,
    config: Arc<LiveConfig>,
    reloader: Reloader,
    network: Arc<Network>,
    workers: Workers,
    history: Arc<History>,
}

impl State {
    /// The state at the start.
    pub(crate) fn new(
        settings: Settings,
        config: Arc<LiveConfig>,
        reloader: Reloader,
        network: Arc<Network>,
        workers: Workers,
    ) -> Self {
        let history = Arc::new(History::new(settings.history_limit));
        Self {
            settings,
            config,
            reloader,
            network,
            workers,
            history,
        }
    }
}

/// The exporter's pages.
pub(crate) struct BlackboxPages {
    state: State,
}

impl BlackboxPages {
    /// Pages on this state.
    pub(crate) fn new(state: State) -> Self {
        Self { state }
    }

    async fn route(&self, request: PageRequest<'_>) -> Option<Reply> {
        let state = &self.state;
        let prefix = state.settings.route_prefix.as_str();
        let Some(path) = request.path.strip_prefix(prefix) else {
            return (request.path == "/").then(|| redirect(StatusCode::FOUND, &home(&state.settings)));
        };
        if path == "/-/reload" {
            return Some(reload(state, request.method).await);
        }
        if !request.reads() && path != "/probe" {
            return None;
        }
        match path {
            "" => Some(redirect(StatusCode::MOVED_PERMANENTLY, &format!("{prefix}/"))),
            "/" => Some(web::html(landing::page(&state.config.current(), &state.history))),
            "/probe" => Some(probe::answer(state, request).await),
            "/config" => Some(web::text(
                StatusCode::OK,
                config::yaml(&*state.config.current(), Layout::CONFIG),
            )),
            "/logs" => Some(logs(state, request.query)),
            // The shared pages have these without the prefix.
            "/-/healthy" => Some(web::text(StatusCode::OK, "Healthy".to_owned())),
            "/-/ready" => Some(web::text(StatusCode::OK, "Ready".to_owned())),
            _ => None,
        }
    }
}

impl Pages for BlackboxPages {
    /// None: `/` is a page of its own.
    fn links(&self) -> Vec<Link> {
        Vec::new()
    }

    /// A probe is most of what a request is about.
    fn workers(&self) -> Option<&Workers> {
        Some(&self.state.workers)
    }

    fn answer<'a>(&'a self, request: PageRequest<'a>) -> PendingReply<'a> {
        Box::pin(self.route(request))
    }
}

/// The landing page as people outside reach it.
fn home(settings: &Settings) -> String {
    let inside = settings.route_prefix.as_str();
    format!("{}/", settings.external_url.as_deref().unwrap_or(inside))
}

fn redirect(status: StatusCode, to: &str) -> Reply {
    let mut reply = web::text(status, format!("{to}\n"));
    if let Ok(value) = HeaderValue::from_str(to) {
        reply.headers_mut().insert(LOCATION, value);
    }
    reply
}

/// Only who means it reloads: not a page that is looked at, nor one that is fetched ahead.
async fn reload(state: &State, method: &Method) -> Reply {
    if !matches!(*method, Method::POST | Method::PUT) {
        let text = "This endpoint requires a POST request.\n".to_owned();
        let mut reply = web::text(StatusCode::METHOD_NOT_ALLOWED, text);
        reply.headers_mut().insert(ALLOW, HeaderValue::from_static("POST, PUT"));
        return reply;
    }
    match state.reloader.reload().await {
        Ok(()) => web::text(StatusCode::OK, String::new()),
        Err(error) => {
            let text = format!("failed to reload config: {error}\n");
            web::text(StatusCode::INTERNAL_SERVER_ERROR, text)
        }
    }
}

/// The first value of a parameter; an empty one is none.
fn param(query: &str, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let value = pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    value.filter(|value| !value.is_empty())
}

/// The report of a probe in the history, by its number, or by its target and perhaps module.
fn logs(state: &State, query: &str) -> Reply {
    let id = param(query, "id").and_then(|id| id.parse::<u64>().ok());
    let report = match (id, param(query, "target")) {
        (Some(id), _) => state.history.report(|probe| probe.id == id),
        (None, Some(target)) => {
            let module = param(query, "module");
            state.history.report(|probe| {
                *probe.target == *target && module.as_deref().is_none_or(|module| *probe.module_name == *module)
            })
        }
        (None, None) => {
            let text = "Probe id or target must be defined as http query parameters\n";
            return web::text(StatusCode::BAD_REQUEST, text.to_owned());
        }
    };
    match report {
        Some(report) => web::text(StatusCode::OK, report),
        None => web::text(StatusCode::NOT_FOUND, "Probe id not found\n".to_owned()),
    }
}
