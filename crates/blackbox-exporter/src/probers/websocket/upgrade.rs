//! The request that turns HTTP/1.1 into a WebSocket, and whether the answer does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use httparse::{EMPTY_HEADER, Header, Response};
use hyper::header::{HeaderName, HeaderValue};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::target::Target;
use crate::config::{BasicAuth, WebsocketModule};
use crate::failure::{Failure, Reason, Step};
use crate::probers::files::secret;

/// What is put behind the key, for no other reason than that nothing else does: RFC 6455, 1.3.
const SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// More headers than these are no answer to a request for a WebSocket.
const MOST_HEADERS: usize = 64;

/// The request's head.
///
/// # Errors
/// When a file cannot be read, or a header cannot be sent.
pub(super) fn request(module: &WebsocketModule, target: &Target<'_>, key: &str) -> Result<Vec<u8>, Failure> {
    let mut head = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n",
        target.path, target.authority
    )
    .into_bytes();
    for (name, value) in headers(module)? {
        let bad = || wrong(format!("the header {name:?} cannot be sent"));
        HeaderName::try_from(&name).map_err(|_| bad())?;
        HeaderValue::try_from(&value).map_err(|_| bad())?;
        head.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    Ok(head)
}

fn headers(module: &WebsocketModule) -> Result<Vec<(String, String)>, Failure> {
    let mut headers = Vec::new();
    if let Some(value) = authorization(module)? {
        headers.push(("Authorization".to_owned(), value));
    }
    for (name, header) in &module.headers {
        let mut values = header.values.clone();
        values.extend(header.secrets.iter().map(|secret| secret.0.clone()));
        for path in &header.files {
            values.push(secret("", path)?);
        }
        headers.extend(values.into_iter().map(|value| (name.clone(), value)));
    }
    Ok(headers)
}

fn authorization(module: &WebsocketModule) -> Result<Option<String>, Failure> {
    let client = &module.http_config;
    if let Some(basic) = &client.basic_auth {
        return basic_auth(basic).map(Some);
    }
    let bearer = (&client.bearer_token, &client.bearer_token_file, "");
    let (inline, path, kind) = match &client.authorization {
        Some(other) => (&other.credentials, &other.credentials_file, other.kind.as_str()),
        None => bearer,
    };
    let kind = if kind.is_empty() { "Bearer" } else { kind };
    let credentials = secret(&inline.0, path)?;
    Ok((!credentials.is_empty()).then(|| format!("{kind} {credentials}")))
}

fn basic_auth(basic: &BasicAuth) -> Result<String, Failure> {
    let user = secret(&basic.username, &basic.username_file)?;
    let password = secret(&basic.password.0, &basic.password_file)?;
    Ok(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
}

fn wrong(text: String) -> Failure {
    Failure::new(Step::Prepare, Reason::BadModule, text)
}

/// What the server must make of the key.
pub(super) fn accept(key: &str) -> String {
    let text = [key.as_bytes(), SUFFIX].concat();
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &text))
}

/// The answer's status, and whether it turned the connection into a WebSocket.
///
/// # Errors
/// When the head is no answer of HTTP.
pub(super) fn answer(head: &[u8], key: &str) -> Result<(u16, bool), Failure> {
    let mut headers = [EMPTY_HEADER; MOST_HEADERS];
    let mut response = Response::new(&mut headers);
    let parsed = response.parse(head).ok().filter(httparse::Status::is_complete);
    let (Some(_), Some(status)) = (parsed, response.code) else {
        return Err(Failure::new(Step::Receive, Reason::Protocol, "the answer is no HTTP"));
    };
    let headers = &*response.headers;
    let accepted = header(headers, "sec-websocket-accept").any(|value| value.trim_ascii() == accept(key).as_bytes());
    let upgraded = has_token(headers, "upgrade", "websocket") && has_token(headers, "connection", "upgrade");
    Ok((status, status == 101 && upgraded && accepted))
}

fn header<'h>(headers: &'h [Header<'h>], name: &'h str) -> impl Iterator<Item = &'h [u8]> {
    let named = move |header: &&Header<'_>| header.name.eq_ignore_ascii_case(name);
    headers.iter().filter(named).map(|header| header.value)
}

fn has_token(headers: &[Header<'_>], name: &str, token: &str) -> bool {
    header(headers, name)
        .flat_map(|value| value.split(|byte| *byte == b','))
        .any(|word| word.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of RFC 6455, 1.3.
    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    #[test]
    fn the_answer_must_know_the_key() {
        let good = "Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
        for (head, expected) in [
            (format!("HTTP/1.1 101 Switching\r\n{good}\r\n\r\n"), Some((101, true))),
            (format!("HTTP/1.1 200 OK\r\n{good}\r\n\r\n"), Some((200, false))),
            (
                format!("HTTP/1.1 101 X\r\n{}\r\n\r\n", good.replace("s3p", "S3p")),
                Some((101, false)),
            ),
            (
                format!("HTTP/1.1 101 X\r\n{}\r\n\r\n", good.replace("WebSocket\r", "h2c\r")),
                Some((101, false)),
            ),
            ("HTTP/1.1 403 Forbidden\r\n\r\n".to_owned(), Some((403, false))),
            ("SSH-2.0-x\r\n\r\n".to_owned(), None),
        ] {
            assert_eq!(answer(head.as_bytes(), KEY).ok(), expected, "{head}");
        }
    }

    #[test]
    fn a_request_says_who_we_are() {
        let target = Target::parse("ws://a.example:8080/chat?x=1#f").expect("a target");
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(&file, " from a file\n").expect("it is written");
        let config = format!(
            "modules: {{m: {{prober: websocket, websocket: {{http_config: {{basic_auth: {{username: u, password: p}}}},
             headers: {{X-A: {{values: [one], secrets: [two], files: ['{}']}}}}}}}}}}",
            file.path().display()
        );
        let config = crate::config::parse(&config).expect("a module");
        let request = request(&config.modules["m"].websocket, &target, KEY).expect("a request");
        let expected = "GET /chat?x=1 HTTP/1.1\r\nHost: a.example:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nAuthorization: Basic dTpw\r\n\
            X-A: one\r\nX-A: two\r\nX-A: from a file\r\n\r\n";
        assert_eq!(String::from_utf8_lossy(&request), expected);
    }

    #[test]
    fn a_token_that_is_no_header_is_not_told() {
        let mut module = WebsocketModule::default();
        module.http_config.bearer_token = crate::config::Secret("sec\r\nret: x".to_owned());
        let target = Target::parse("wss://a").expect("a target");
        let failure = request(&module, &target, KEY).expect_err("a bad header");
        assert_eq!(failure, wrong("the header \"Authorization\" cannot be sent".to_owned()));
    }
}
