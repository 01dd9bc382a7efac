//! An answer's body, whichever version of HTTP brings it.

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};

use super::fault;
use crate::failure::{Failure, Step};

/// A body that is still to come.
pub(super) enum Body {
    /// By HTTP/1 or 2.
    Stream(Incoming),
    /// By HTTP/3.
    #[cfg(feature = "http3")]
    Http3(Box<super::http3::Body>),
}

impl Body {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// When it breaks off.
    pub(super) async fn data(&mut self) -> Result<Option<Bytes>, Failure> {
        let incoming = match self {
            Self::Stream(incoming) => incoming,
            #[cfg(feature = "http3")]
            Self::Http3(body) => return body.data().await,
        };
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|error| fault::failure(Step::Body, &error, "reading the body"))?;
            // The others are trailers.
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }

    /// Whether the head has told that there is none.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Stream(incoming) => incoming.is_end_stream(),
            #[cfg(feature = "http3")]
            Self::Http3(_) => false,
        }
    }
}
