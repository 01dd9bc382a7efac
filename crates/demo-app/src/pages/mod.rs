//! What is asked for over HTTP. Requests to the service itself are simulated and counted; those about it (its health,
//! its settings, its metrics) are not, so that they do not thin out the error ratio.

mod admin;
mod home;

use exporter_toolkit::web::{self, Link, PageRequest, Pages, PendingReply, Reply};
use hyper::header::{ALLOW, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::http_labels::{Endpoint, Verb};
use crate::orders;
use crate::service::{Fate, Outcome, Service, Visit};

/// The answer's header with the trace that the exemplars name.
const TRACE: HeaderName = HeaderName::from_static("x-trace-id");

/// Those that there are; the others only have requests.
const NAMES: [&str; 5] = ["Ada", "Edsger", "Grace", "Ken", "Margaret"];

/// The service's pages.
pub(crate) struct DemoPages {
    service: Service,
    /// Whether settings can be changed over HTTP.
    may_change: bool,
}

impl DemoPages {
    /// Pages of this service.
    pub(crate) fn new(service: Service, may_change: bool) -> Self {
        Self { service, may_change }
    }

    async fn route(&self, request: PageRequest<'_>) -> Option<Reply> {
        match request.path {
            "/healthz" if request.reads() => Some(web::text(StatusCode::OK, "ok\n".to_owned())),
            "/favicon.ico" if request.reads() => Some(empty(StatusCode::NO_CONTENT)),
            admin::PATH => admin::answer(&self.service, self.may_change, &request),
            // What all our programs have.
            path if path.starts_with("/-/") => None,
            path => {
                let (endpoint, verb) = (Endpoint::of(path), Verb::of(request.method));
                let outcome = self.service.visit(Visit::new(endpoint, verb, request.headers)).await;
                Some(self.reply(endpoint, &outcome))
            }
        }
    }

    fn reply(&self, endpoint: Endpoint, outcome: &Outcome) -> Reply {
        let mut reply = match (outcome.fate, endpoint) {
            // Also when it fails, for it is where the error rate can be set back.
            (Fate::Shown | Fate::Failed, Endpoint::Home) => {
                web::html(home::page(&self.service, self.may_change, outcome.fate == Fate::Failed))
            }
            (Fate::Shown, Endpoint::Users) => json(&users()),
            (Fate::Shown, _) => json(&self.service.orders.list()),
            (Fate::Ordered(number, order), _) => json(&orders::shown(number, &order)),
            (Fate::Failed, _) => json(&json!({"error": "a simulated fault"})),
            (Fate::NotAllowed, _) => not_allowed(endpoint),
            (Fate::NoSuchPage, _) => web::text(StatusCode::NOT_FOUND, "404 page not found\n".to_owned()),
        };
        // The labels' values are statuses of HTTP.
        *reply.status_mut() = outcome
            .fate
            .status()
            .parse()
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Ok(trace) = HeaderValue::from_str(&outcome.trace.to_string()) {
            reply.headers_mut().insert(TRACE, trace);
        }
        reply
    }
}

impl Pages for DemoPages {
    /// None: `/` is a page of its own.
    fn links(&self) -> Vec<Link> {
        Vec::new()
    }

    fn body_limit(&self, method: &Method, path: &str) -> usize {
        if path == admin::PATH && self.may_change && method == Method::POST {
            admin::LONGEST
        } else {
            0
        }
    }

    fn answer<'a>(&'a self, request: PageRequest<'a>) -> PendingReply<'a> {
        Box::pin(self.route(request))
    }
}

fn users() -> Value {
    let user = |(index, name): (usize, &&str)| json!({"id": index + 1, "name": name});
    NAMES.iter().enumerate().map(user).collect()
}

fn json(value: &Value) -> Reply {
    web::json(format!("{value}\n"))
}

fn empty(status: StatusCode) -> Reply {
    let mut reply = Reply::default();
    *reply.status_mut() = status;
    reply
}

fn not_allowed(endpoint: Endpoint) -> Reply {
    let mut reply = web::text(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed\n".to_owned());
    let allowed: Vec<&str> = endpoint.verbs().iter().map(|verb| verb.label()).collect();
    if let Ok(allowed) = HeaderValue::from_str(&allowed.join(", ")) {
        reply.headers_mut().insert(ALLOW, allowed);
    }
    reply
}
