//! One call over HTTP/2, and what its end means.

use std::io::{Cursor, ErrorKind};
use std::pin::pin;

use h2::RecvStream;
use h2::client::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HeaderMap};
use hyper::{Request, Response, StatusCode};

use super::health::{self, Serving};
use super::status::Code;
use crate::failure::{Failure, Reason, Step};
use crate::net::Connection;
use crate::probe::Probe;

/// The longest body: a health check's answer has seven bytes, or some more in a later version.
const LONGEST: usize = 16 * 1024;

/// Of headers and trailers together; more is not read.
const HEADERS: u32 = 16 * 1024;

/// As much of the server's words is shown to people.
const SHOWN: usize = 200;

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// The status, the server's or what stands for how it failed.
    pub(super) code: Code,
    /// What the service said, if it did.
    pub(super) serving: Option<Serving>,
    /// Why this is no success.
    pub(super) failure: Option<Failure>,
}

impl Verdict {
    fn failed(code: Code, step: Step, reason: Reason, text: impl Into<String>) -> Self {
        Self {
            code,
            serving: None,
            failure: Some(Failure::new(step, reason, text)),
        }
    }
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
    trailers: Option<HeaderMap>,
}

/// Why nothing did.
enum Broken {
    Http2(h2::Error),
    TooLong,
}

impl From<h2::Error> for Broken {
    fn from(error: h2::Error) -> Self {
        Self::Http2(error)
    }
}

type Sender = SendRequest<Cursor<Vec<u8>>>;

/// Calls. The connection's own work is done in the same future, so that nothing is left when this is dropped.
pub(super) async fn call(probe: &Probe<'_>, connection: Connection, request: Request<Vec<u8>>) -> Verdict {
    probe.step.set(Step::Send);
    let begun = client::Builder::new()
        .enable_push(false)
        .max_header_list_size(HEADERS)
        .initial_window_size(LONGEST as u32)
        .max_concurrent_reset_streams(1)
        .handshake(connection)
        .await;
    let (sender, connection) = match begun {
        Ok(parts) => parts,
        Err(error) => return broken(&Broken::Http2(error)),
    };
    let mut exchange = pin!(exchange(probe, sender, request));
    let answer = tokio::select! {
        biased;
        answer = &mut exchange => answer,
        // Then no call goes on either, and this one tells why.
        _ended = connection => exchange.await,
    };
    answer.map_or_else(|error| broken(&error), |answer| judge(&answer))
}

async fn exchange(probe: &Probe<'_>, sender: Sender, request: Request<Vec<u8>>) -> Result<Answer, Broken> {
    let (head, body) = request.into_parts();
    let (response, mut stream) = sender
        .ready()
        .await?
        .send_request(Request::from_parts(head, ()), false)?;
    stream.send_data(Cursor::new(body), true)?;
    probe.step.set(Step::Receive);
    let (head, mut stream) = Response::into_parts(response.await?);
    probe.step.set(Step::Body);
    let body = read(&mut stream).await?;
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        body,
        trailers: stream.trailers().await?,
    })
}

async fn read(stream: &mut RecvStream) -> Result<Vec<u8>, Broken> {
    let mut body = Vec::new();
    while let Some(piece) = stream.data().await {
        let piece = piece?;
        if body.len() + piece.len() > LONGEST {
            return Err(Broken::TooLong);
        }
        stream.flow_control().release_capacity(piece.len())?;
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// What an answer means, as upstream's library takes it.
fn judge(answer: &Answer) -> Verdict {
    let protocol = |code, text: String| Verdict::failed(code, Step::Receive, Reason::Protocol, text);
    if answer.status != StatusCode::OK {
        let text = format!("the answer is no gRPC: HTTP status {}", answer.status.as_u16());
        return protocol(Code::of_http(answer.status), text);
    }
    if !is_grpc(&answer.headers) {
        let kind = answer
            .headers
            .get(CONTENT_TYPE)
            .map_or(&b""[..], |value| value.as_bytes());
        let text = format!("the answer is no gRPC: content type {:?}", shown(kind));
        return protocol(Code::UNKNOWN, text);
    }
    // An answer that is only trailers comes as a head without a body.
    let only_trailers = || Some(&answer.headers).filter(|_| answer.body.is_empty());
    let Some(trailers) = answer.trailers.as_ref().or_else(only_trailers) else {
        return protocol(Code::INTERNAL, "the answer ended without trailers".to_owned());
    };
    let Some(status) = trailers.get("grpc-status") else {
        return protocol(Code::UNKNOWN, "the answer has no grpc-status".to_owned());
    };
    let Some(code) = status.to_str().ok().and_then(|text| text.parse().ok()).map(Code) else {
        let text = format!("grpc-status is {:?}", shown(status.as_bytes()));
        return protocol(Code::INTERNAL, text);
    };
    if code != Code::OK {
        let message = trailers.get("grpc-message").map_or(&b""[..], |value| value.as_bytes());
        let text = format!("the call ended with status {code}: {:?}", shown(&unescaped(message)));
        return Verdict::failed(code, Step::Validate, Reason::Status, text);
    }
    match health::response(&answer.body) {
        Ok(serving) => said(serving),
        Err(text) => protocol(Code::INTERNAL, text.to_owned()),
    }
}

fn said(serving: Serving) -> Verdict {
    let text = || format!("the service says {}", serving.name());
    let failure = || Failure::new(Step::Validate, Reason::NotServing, text());
    Verdict {
        code: Code::OK,
        serving: Some(serving),
        failure: (serving != Serving::SERVING).then(failure),
    }
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let rest = kind.and_then(|kind| kind.strip_prefix("application/grpc"));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['+', ';']))
}

fn broken(error: &Broken) -> Verdict {
    let error = match error {
        Broken::TooLong => {
            let text = "the answer is longer than any health check's";
            return Verdict::failed(Code::RESOURCE_EXHAUSTED, Step::Body, Reason::TooLarge, text);
        }
        Broken::Http2(error) => error,
    };
    let (code, reason) = match (error.reason(), error.get_io()) {
        (Some(reason), _) if error.is_reset() && error.is_remote() => (Code::of_reset(reason), Reason::ConnectionReset),
        (Some(_), _) if error.is_go_away() && error.is_remote() => (Code::UNAVAILABLE, Reason::ConnectionClosed),
        // This is how it tells that the other side went away.
        (_, Some(io)) if io.kind() == ErrorKind::BrokenPipe => (Code::UNAVAILABLE, Reason::ConnectionClosed),
        (_, Some(io)) => (Code::UNAVAILABLE, Reason::of_io(io)),
        _ => (Code::UNAVAILABLE, Reason::Protocol),
    };
    Verdict::failed(code, Step::Receive, reason, format!("the call broke off: {error}"))
}

/// The bytes of `grpc-message`, which has `%XX` for what cannot stand in a header.
fn unescaped(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len());
    let mut rest = message;
    while let [first, behind @ ..] = rest {
        let escaped = behind.get(..2).filter(|_| *first == b'%');
        let byte = escaped.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        out.push(byte.unwrap_or(*first));
        rest = if byte.is_some() {
            behind.get(2..).unwrap_or_default()
        } else {
            behind
        };
    }
    out
}

fn shown(bytes: &[u8]) -> String {
    let bytes = bytes.get(..SHOWN).unwrap_or(bytes);
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_unescaped() {
        for (message, expected) in [
            ("no%20way %C3%A9", "no way é"),
            ("100%", "100%"),
            ("%2", "%2"),
            ("%zz%41", "%zzA"),
            ("", ""),
        ] {
            assert_eq!(unescaped(message.as_bytes()), expected.as_bytes(), "{message}");
        }
    }

    #[test]
    fn content_types_of_grpc_are_told_apart() {
        for (kind, expected) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("application/grpc;charset=x", true),
            ("application/grpcweb", false),
            ("text/html", false),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind.parse().expect("a value"))]);
            assert_eq!(is_grpc(&headers), expected, "{kind}");
        }
    }
}
