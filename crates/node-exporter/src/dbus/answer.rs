//! What came back for a call.

use exporter_toolkit::collector::CollectError;

use super::message::{Kind, Message};
use super::wire::{Malformed, Value, Wire};

/// An answer, or why there is none.
pub(crate) type Answer = Result<Body, Refusal>;

/// The one that was called answered with an error, as when an object is gone.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {text}")]
pub(crate) struct Refusal {
    /// The error's name, such as `org.freedesktop.DBus.Error.UnknownObject`.
    pub(crate) name: String,
    /// What it says for people.
    pub(crate) text: String,
}

impl Refusal {
    /// The refusal of something that a collector cannot do without. A service that does not run is one that this host
    /// lacks.
    pub(crate) fn of(self, what: &str) -> CollectError {
        let text = format!("asking for {what}: {self}");
        match self.name.as_str() {
            "org.freedesktop.DBus.Error.ServiceUnknown" => CollectError::NoData(text.into()),
            _ => CollectError::failed(text),
        }
    }
}

/// The values of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Body {
    signature: String,
    bytes: Vec<u8>,
}

impl Body {
    /// The values, which must be of these types.
    ///
    /// # Errors
    /// When they are of others.
    pub(crate) fn values(&self, signature: &str) -> Result<Wire<'_>, Malformed> {
        if self.signature == signature {
            Ok(Wire::new(&self.bytes))
        } else {
            Err(Malformed("an answer of other types than expected"))
        }
    }

    /// A property's value.
    ///
    /// # Errors
    /// When this is no variant of a basic type.
    pub(crate) fn property(&self) -> Result<Value<'_>, Malformed> {
        self.values("v")?.variant()
    }
}

impl Message<'_> {
    /// The answer that this is, and the serial number of the call.
    pub(super) fn into_answer(self) -> Option<(u32, Answer)> {
        match self.kind {
            Kind::Return(serial) => Some((serial, Ok(self.into_body()))),
            Kind::Error(serial, name) => {
                let refusal = Refusal {
                    name: name.to_owned(),
                    text: self.first_text().unwrap_or_default().to_owned(),
                };
                Some((serial, Err(refusal)))
            }
            Kind::Other => None,
        }
    }

    fn into_body(self) -> Body {
        Body {
            signature: self.signature.to_owned(),
            bytes: self.body.to_vec(),
        }
    }

    /// Errors carry their explanation as the first value.
    fn first_text(&self) -> Option<&str> {
        let mut body = Wire::new(self.body);
        self.signature.starts_with('s').then(|| body.text().ok()).flatten()
    }
}
