//! What an error of the HTTP library means.

use std::error::Error;
use std::io::ErrorKind;

use crate::failure::{Failure, Reason, Step};
use crate::net::reason_of_tls;

/// A failure at a step, with the whole chain of what went wrong.
pub(super) fn failure(step: Step, error: &hyper::Error, what: &str) -> Failure {
    let mut text = format!("{what}: {error}");
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(&format!(": {inner}"));
        source = inner.source();
    }
    Failure::new(step, reason(error), text)
}

fn reason(error: &hyper::Error) -> Reason {
    if error.is_parse_too_large() {
        return Reason::TooLarge;
    }
    if error.is_parse() {
        return Reason::Protocol;
    }
    if let Some(io) = io_error(error) {
        if let Some(reason) = reason_of_tls(io) {
            return reason;
        }
        return match io.kind() {
            // The library's own word for chunks that are none.
            ErrorKind::InvalidInput | ErrorKind::InvalidData => Reason::Protocol,
            _ => Reason::of_io(io),
        };
    }
    if let Some(error) = error.source().and_then(|source| source.downcast_ref::<h2::Error>()) {
        return of_h2(error);
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return Reason::ConnectionClosed;
    }
    Reason::Protocol
}

/// The other side breaks off a stream, or a connection; or speaks HTTP/2 wrongly.
fn of_h2(error: &h2::Error) -> Reason {
    match error.get_io() {
        Some(io) => Reason::of_io(io),
        None if error.is_remote() => Reason::ConnectionReset,
        None => Reason::Protocol,
    }
}

fn io_error(error: &hyper::Error) -> Option<&std::io::Error> {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            return Some(io);
        }
        source = inner.source();
    }
    None
}
