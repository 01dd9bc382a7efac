//! The viewer's web server: pages for those who are on this machine, to a bounded number of them, each for a bounded time.

use std::{
    convert::Infallible,
    io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{self, HeaderMap, HeaderName, HeaderValue},
    http::request::Parts,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::sleep,
};

use super::{assets::asset, files::Shelf, list, page, query};
use crate::board::{Asker, draw_panel};

const CLIENTS: usize = 64;
/// For the head of a request.
const WITHIN: Duration = Duration::from_secs(10);
/// Out of descriptors: those who hold them may be gone by then.
const PAUSE: Duration = Duration::from_millis(100);

/// What is served.
pub struct Site {
    shelf: Shelf,
    asker: Asker,
    /// Whether only names and addresses of this machine may be asked for.
    local: bool,
    count: AtomicU64,
    secret: [u8; 16],
}

impl Site {
    /// Dashboards of a folder, fed by a Prometheus. `local`: it listens on this machine alone, so a request for any
    /// other name comes from a page that wants to look in.
    ///
    /// # Errors
    /// The system has no chance to give.
    pub fn new(shelf: Shelf, asker: Asker, local: bool) -> io::Result<Arc<Self>> {
        let mut secret = [0; 16];
        let chance = SystemRandom::new().fill(&mut secret);
        chance.map_err(|_| io::Error::other("the system has no random numbers"))?;
        Ok(Arc::new(Self {
            shelf,
            asker,
            local,
            count: AtomicU64::new(0),
            secret,
        }))
    }

    /// What nobody can guess, and no two pages share.
    fn nonce(&self) -> String {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let mut text = self.secret.to_vec();
        text.extend(count.to_be_bytes());
        let digest = ring::digest::digest(&ring::digest::SHA256, &text);
        BASE64_URL_SAFE_NO_PAD.encode(digest.as_ref().get(..18).unwrap_or_default())
    }
}

/// Never comes back.
pub async fn serve(listener: TcpListener, site: Arc<Site>) {
    let places = Arc::new(Semaphore::new(CLIENTS));
    loop {
        // Never closed, so there is always a place in the end.
        let place = Arc::clone(&places).acquire_owned().await;
        let Ok((stream, _)) = listener.accept().await else {
            sleep(PAUSE).await;
            continue;
        };
        let site = Arc::clone(&site);
        tokio::spawn(async move {
            connection(stream, &site).await;
            drop(place);
        });
    }
}

async fn connection(stream: TcpStream, site: &Site) {
    let answer = |request: Request<Incoming>| async move {
        let (head, _) = request.into_parts();
        Ok::<_, Infallible>(answer(&head, site).await)
    };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(WITHIN)
        .serve_connection(TokioIo::new(stream), service_fn(answer));
    // A client that hangs up or talks nonsense has nobody to tell here.
    connection.await.ok();
}

async fn answer(request: &Parts, site: &Site) -> Response<Full<Bytes>> {
    let nonce = site.nonce();
    let Reply { status, kind, text } = reply(request, site, &nonce).await;
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    for (name, value) in headers {
        set(response.headers_mut(), name, value);
    }
    response
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

struct Reply {
    status: StatusCode,
    kind: &'static str,
    text: String,
}

const HTML: &str = "text/html; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

fn plain(status: StatusCode, text: &str) -> Reply {
    Reply {
        status,
        kind: PLAIN,
        text: format!("{text}\n"),
    }
}

async fn reply(request: &Parts, site: &Site, nonce: &str) -> Reply {
    if site.local && !is_local(&request.headers) {
        return plain(
            StatusCode::FORBIDDEN,
            "this viewer is for this machine: ask for 127.0.0.1 or localhost",
        );
    }
    if !matches!(request.method, Method::GET | Method::HEAD) {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "pages are read with GET");
    }
    let path = request.uri.path();
    if let Some((kind, text)) = asset(path) {
        return Reply {
            status: StatusCode::OK,
            kind,
            text: text.to_owned(),
        };
    }
    let header = |name| {
        request
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let browser = query::Browser {
        phone: header(header::USER_AGENT).contains("Mobi"),
        navigates: header(HeaderName::from_static("sec-fetch-mode")) == "navigate",
    };
    let address = request.uri.query().unwrap_or_default();
    let query = query::parse(address, header(header::COOKIE), browser);
    match path.trim_matches('/').split('/').collect::<Vec<_>>().as_slice() {
        [""] => match site.shelf.entries() {
            Ok(folders) => {
                let list = list::html(&folders, &site.shelf.dir().display().to_string());
                html(
                    StatusCode::OK,
                    page::page(
                        "Dashboards",
                        query.theme,
                        "",
                        format!("<main class=\"list\">{list}</main>"),
                        nonce,
                    ),
                )
            }
            Err(error) => {
                let dir = site.shelf.dir().display();
                plain(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    &format!("reading {dir}: {error}; name a folder of dashboards with --dir"),
                )
            }
        },
        ["-", "healthy" | "ready"] => plain(StatusCode::OK, "ok"),
        ["d", uid, "panel", id] => panel(site, uid, id, &query).await,
        // Grafana has the title in the address, too.
        ["d", uid] | ["d", uid, _] => match site.shelf.find(uid) {
            Ok(board) => html(
                StatusCode::OK,
                page::board(&board, &site.shelf, &site.asker, &query, address, nonce).await,
            ),
            Err(error) => plain(StatusCode::NOT_FOUND, &error),
        },
        _ => plain(
            StatusCode::NOT_FOUND,
            "there is nothing here; GET / lists the dashboards",
        ),
    }
}

async fn panel(site: &Site, uid: &str, id: &str, query: &query::Query) -> Reply {
    let board = match site.shelf.find(uid) {
        Ok(board) => board,
        Err(error) => return plain(StatusCode::NOT_FOUND, &error),
    };
    let drawn = match id.parse() {
        Ok(id) => draw_panel(&board, id, &site.asker, &query.request).await,
        Err(_) => None,
    };
    match drawn {
        Some(text) => html(StatusCode::OK, text),
        None => plain(StatusCode::NOT_FOUND, "no such panel"),
    }
}

fn html(status: StatusCode, text: String) -> Reply {
    Reply {
        status,
        kind: HTML,
        text,
    }
}

/// A page of some site can have its own name lead to this machine, but cannot have its name changed on the way.
fn is_local(headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machines_names_are_local() {
        let table = [
            ("127.0.0.1:3000", true),
            ("localhost", true),
            ("LocalHost:3000", true),
            ("[::1]:3000", true),
            ("evil.example:3000", false),
            ("localhost.evil.example", false),
            ("", false),
        ];
        for (host, local) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            assert_eq!(is_local(&headers), local, "{host}");
        }
    }
}
