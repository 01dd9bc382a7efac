//! The web site's pages: what each path answers.

use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::{Request, Response};
use percent_encoding::percent_decode_str;

type Page = Response<BoxBody<Bytes, Infallible>>;

/// "hello hello hello" as a stored block and an empty last one (RFC 7932, 9.2).
const BROTLI: &[u8] = b"\x00\x01\x10hello hello hello\x03";
const HELLO: &[u8] = b"hello hello hello";

const JSON: &str = r#"{"status": "ok", "count": 3, "ratio": 0.5, "list": [1, 2], "none": null, "user": {"name": "Ada", "roles": ["admin"]}}"#;

/// A body whose length is not told.
struct Unmeasured(Full<Bytes>);

impl Body for Unmeasured {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }
}

fn page(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Page {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Full::new(body.into()).boxed()).unwrap()
}

pub(crate) async fn answer(request: Request<Incoming>) -> Page {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let parts: Vec<&str> = path.trim_start_matches('/').splitn(3, '/').collect();
    match parts.as_slice() {
        ["status", code] => page(code.parse().unwrap(), &[], "a body"),
        ["to", code, rest] => redirect(code, &format!("/{rest}")),
        ["away", code] => redirect(code, &query),
        ["loop", ..] => redirect("302", "/loop"),
        ["count", number] => match number.parse::<u32>().unwrap() {
            0 => page(200, &[], "the end"),
            more => redirect("302", &format!("/count/{}", more - 1)),
        },
        ["cookies"] => {
            let cookies = [("set-cookie", "a=1; Path=/"), ("set-cookie", "b=2; Path=/other")];
            let headers = [&cookies[..], &[("location", "/echo")]].concat();
            page(302, &headers, "")
        }
        ["text", words] => {
            let headers = [("x-words", *words), ("x-twice", "1"), ("x-twice", "2")];
            page(200, &headers, percent_decode_str(words).collect::<Vec<u8>>())
        }
        ["header", name, value] => page(200, &[(name, value)], ""),
        ["modified"] => page(200, &[("last-modified", "Tue, 15 Nov 1994 12:45:26 GMT")], "old"),
        ["modified", "wrong"] => page(200, &[("last-modified", "yesterday")], "old"),
        // In the kind that the request wants, or as it is.
        ["packed", "asked"] => {
            let wanted = request.headers().get("accept-encoding");
            let wants_gzip = wanted.is_some_and(|value| value.as_bytes().starts_with(b"gzip"));
            page(200, &[], packed(if wants_gzip { "gzip" } else { "identity" }))
        }
        ["packed", kind] => page(200, &[("content-encoding", kind)], packed(kind)),
        ["mispacked", kind] => page(200, &[("content-encoding", kind)], HELLO),
        ["large", size] => page(200, &[], vec![b'x'; size.parse().unwrap()]),
        ["chunked"] => Response::new(Unmeasured(Full::from("in chunks")).boxed()),
        ["json"] => page(200, &[("content-type", "application/json")], JSON),
        ["slow", millis] => {
            tokio::time::sleep(Duration::from_millis(millis.parse().unwrap())).await;
            page(200, &[], "late")
        }
        ["login"] => login(&request),
        ["token"] => token(request).await,
        ["echo", ..] => echo(request).await,
        _ => page(404, &[], "no such page"),
    }
}

fn redirect(code: &str, to: &str) -> Page {
    page(code.parse().unwrap(), &[("location", to)], "moved")
}

fn packed(kind: &str) -> Vec<u8> {
    match kind {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(HELLO).unwrap();
            encoder.finish().unwrap()
        }
        "deflate" => {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(HELLO).unwrap();
            encoder.finish().unwrap()
        }
        "br" => BROTLI.to_vec(),
        _ => HELLO.to_vec(),
    }
}

/// Lets in who has user:swordfish, or the bearer of token-of-a-file.
fn login(request: &Request<Incoming>) -> Page {
    let given = request.headers().get("authorization").map(|value| value.as_bytes());
    match given {
        Some(b"Basic dXNlcjpzd29yZGZpc2g=" | b"Bearer token-of-a-file" | b"Bearer token-of-oauth2") => {
            page(200, &[], "welcome")
        }
        _ => page(401, &[("www-authenticate", "Basic realm=\"x\"")], "who are you?"),
    }
}

/// OAuth 2's client credentials grant.
async fn token(request: Request<Incoming>) -> Page {
    let told = text_of(request).await;
    let right = [
        "authorization: Basic aWQ6c2VjcmV0\n",
        "grant_type=client_credentials",
        "scope=a+b",
    ];
    match right.iter().all(|words| told.contains(words)) {
        true => {
            let json = r#"{"access_token": "token-of-oauth2", "token_type": "Bearer", "expires_in": 60}"#;
            page(200, &[("content-type", "application/json")], json)
        }
        false => page(401, &[], told),
    }
}

async fn echo(request: Request<Incoming>) -> Page {
    let text = text_of(request).await;
    page(200, &[], text)
}

/// The request as text. The name of the program is left out, so that both see the same.
async fn text_of(request: Request<Incoming>) -> String {
    let (head, body) = request.into_parts();
    let mut lines: Vec<String> = head
        .headers
        .iter()
        .filter(|(name, _)| *name != "user-agent" || head.uri.path() == "/echo/agent")
        .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()))
        .collect();
    lines.sort();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let host = head
        .uri
        .authority()
        .map(|host| format!("host: {host}\n"))
        .unwrap_or_default();
    format!(
        "{} {} {:?}\n{host}{}\n{}",
        head.method,
        head.uri.path_and_query().map_or("", |path| path.as_str()),
        head.version,
        lines.concat(),
        String::from_utf8_lossy(&body)
    )
}
