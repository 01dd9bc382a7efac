//! The pages put together: which request gets which answer, and with which headers.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use exporter_toolkit::web::{self, Link, PageRequest, Pages, PendingReply, Reply};
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY};
use hyper::{Method, StatusCode};

use super::api::{self, ApiError, Machine, Request};
use super::place::{Place, Subject};
use super::view::View;
use super::worker::{NoAnswer, Worker};
use super::{detail, frame, list};
use crate::reader::Reader;

/// Scripts, styles and data come from here, and nothing else is loaded, sent or run: names of containers are not ours.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

/// How often an open page reads again.
const EVERY: Duration = Duration::from_secs(3);

/// Makes an answer of a view; the number is how often its page reads again, in milliseconds.
type Make = fn(&View, &Subject, u64) -> Reply;

/// What is wrong with the sources of what is known of containers, in sentences: `Docker does not answer: …`.
pub(crate) type Troubles = Arc<dyn Fn() -> Vec<String> + Send + Sync>;

/// Reads the machine's hardware and software.
pub(crate) type ReadMachine = Arc<dyn Fn() -> Machine + Send + Sync>;

/// The exporter's pages.
pub(crate) struct ContainerPages {
    worker: Worker,
    troubles: Troubles,
    read_machine: ReadMachine,
    every: Duration,
}

impl ContainerPages {
    /// Pages of what `reader` reads.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(crate) fn new(reader: Arc<Reader>, troubles: Troubles, read_machine: ReadMachine) -> io::Result<Self> {
        Ok(Self {
            worker: Worker::start(reader)?,
            troubles,
            read_machine,
            every: EVERY,
        })
    }

    /// The same, read again so often while a page is open.
    #[cfg(test)]
    pub(crate) fn every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    async fn reply(&self, place: Place) -> Reply {
        let (subject, make): (Subject, Make) = match place {
            Place::Health => return web::text(StatusCode::OK, "ok".to_owned()),
            Place::Asset(asset) => return asset.reply(),
            Place::Api(request) => return self.api(request).await,
            Place::Data(subject) => (subject, data),
            Place::Page(subject) => (subject, page),
        };
        let (troubles, every) = (Arc::clone(&self.troubles), self.every.as_millis() as u64);
        let task = move |reader: &Reader| {
            // A scrape must not wait while a page is written, so the reading is let go first.
            let view = View::new(&reader.read(), &subject, troubles());
            view.map_or_else(|| missing(&subject), |view| make(&view, &subject, every))
        };
        self.worker.ask(task).await.unwrap_or_else(unavailable)
    }

    async fn api(&self, request: Request) -> Reply {
        let read_machine = Arc::clone(&self.read_machine);
        let task = move |reader: &Reader| match api::answer(&request, &reader.read(), || read_machine()) {
            Ok(text) => web::json(text),
            Err(ApiError { status, text }) => web::text(status, text + "\n"),
        };
        self.worker.ask(task).await.unwrap_or_else(unavailable)
    }
}

impl Pages for ContainerPages {
    fn links(&self) -> Vec<Link> {
        vec![
            Link::new("All containers", "/containers/"),
            Link::new("Docker's containers", "/docker/"),
        ]
    }

    fn answer<'a>(&'a self, request: PageRequest<'a>) -> PendingReply<'a> {
        let place = Place::find(request.path, request.query);
        // cAdvisor's own client posts how many of the stored values it wants; there is one.
        let takes = |place: &Place| request.reads() || (request.method == Method::POST && place.is_api());
        let place = place.filter(takes);
        Box::pin(async move { Some(guarded(self.reply(place?).await)) })
    }
}

fn guarded(mut reply: Reply) -> Reply {
    let headers = reply.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

fn page(view: &View, subject: &Subject, every: u64) -> Reply {
    let facts = view.container.as_ref().and_then(|container| container.facts.as_deref());
    let title_of_all;
    let (title, content) = match (&view.own, subject) {
        (_, Subject::All(runtime)) => {
            title_of_all = format!("{}'s containers", runtime.title());
            (title_of_all.as_str(), list::content(view, &title_of_all))
        }
        (Some(own), _) if own.id != "/" => (own.name.as_str(), detail::content(view, own, facts)),
        _ => ("Containers", list::content(view, "Containers")),
    };
    web::html(frame::page(title, &content, every))
}

fn data(view: &View, _subject: &Subject, _every: u64) -> Reply {
    match serde_json::to_vec(view) {
        Ok(text) => web::json(text),
        Err(error) => web::text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
    }
}

fn missing(subject: &Subject) -> Reply {
    let what = match subject {
        Subject::All(runtime) => runtime.title().to_owned(),
        Subject::Container(runtime, name) => format!("container {name:?} of {}'s", runtime.title()),
        Subject::Cgroup(id) => format!("cgroup {id:?}"),
    };
    let mut reply = web::html(frame::missing(&what));
    *reply.status_mut() = StatusCode::NOT_FOUND;
    reply
}

fn unavailable(why: NoAnswer) -> Reply {
    let text = match why {
        NoAnswer::Busy => "Too many pages are being read; try again in a moment.\n",
        NoAnswer::Late => "The containers' values could not be read in time.\n",
    };
    web::text(StatusCode::SERVICE_UNAVAILABLE, text.to_owned())
}
