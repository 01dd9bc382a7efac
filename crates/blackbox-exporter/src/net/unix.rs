//! Unix sockets.

use std::borrow::Cow;
use std::io::ErrorKind;

use tokio::net::UnixStream;

use super::Connection;
use crate::failure::{Failure, Reason, Step};
use crate::probe::Probe;

impl Probe<'_> {
    /// A connection to the socket at `path`; `@name` is one in the abstract namespace.
    pub(crate) async fn connect_unix(&self, path: &str) -> Result<Connection, Failure> {
        self.step.set(Step::Connect);
        let place = match path.strip_prefix('@') {
            Some(name) => Cow::Owned(format!("\0{name}")),
            None => Cow::Borrowed(path),
        };
        match UnixStream::connect(place.as_ref()).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(refused(&error, path)),
        }
    }
}

fn refused(error: &std::io::Error, path: &str) -> Failure {
    let failure = Failure::io(Step::Connect, error, &format!("connecting to {path}"));
    let reason = match error.kind() {
        // Where no socket is, nobody listens.
        ErrorKind::NotFound => Reason::ConnectionRefused,
        // The path is too long, or has a NUL in it.
        ErrorKind::InvalidInput => Reason::BadTarget,
        _ => failure.reason,
    };
    Failure { reason, ..failure }
}
