//! Why a handshake failed.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

use super::verifier::Seen;
use crate::failure::{Failure, Reason, Step};

/// The failure of a handshake with `name`.
pub(super) fn explain(error: &io::Error, seen: &Seen, name: &str) -> Failure {
    let text = match tls_error(error) {
        Some(error) => format!("{error}{}", hint(error)),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the other side closed the connection during the handshake".to_owned()
        }
        None => error.to_string(),
    };
    of_reason(Reason::of_io(error), &text, seen, name)
}

/// The same where the reason is known already; what we ourselves did not like about a certificate says more.
pub(super) fn of_reason(reason: Reason, text: &str, seen: &Seen, name: &str) -> Failure {
    let (reason, text) = match &seen.distrust {
        Some(distrust) => (distrust.reason, distrust.text.as_str()),
        None => (reason, text),
    };
    Failure::new(Step::Tls, reason, format!("TLS with {name}: {text}"))
}

fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

fn hint(error: &Error) -> &'static str {
    match error {
        Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_) => {
            " (this program speaks TLS 1.2 and TLS 1.3)"
        }
        _ => "",
    }
}

/// What an error of TLS within the system's means; also later, when a server tells only in answer to what is sent that it
/// does not like our certificate.
pub(crate) fn reason_of_tls(error: &io::Error) -> Option<Reason> {
    Some(match tls_error(error)? {
        // It fits in no answer of TLS, and so was none: a certificate list may be longer than what we take, though.
        Error::InvalidMessage(
            InvalidMessage::HandshakePayloadTooLarge | InvalidMessage::CertificatePayloadTooLarge,
        ) => Reason::TlsHandshake,
        Error::InvalidMessage(_) => Reason::Protocol,
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => Reason::CertificateUntrusted,
        Error::InvalidCertificate(_) | Error::NoCertificatesPresented => Reason::CertificateInvalid,
        _ => Reason::TlsHandshake,
    })
}
