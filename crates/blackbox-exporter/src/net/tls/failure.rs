//! Why a handshake failed.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

use super::verifier::Seen;
use crate::failure::{Failure, Reason, Step};

/// The failure of a handshake with `name`.
pub(super) fn explain(error: &io::Error, seen: &Seen, name: &str) -> Failure {
    if let Some(distrust) = &seen.distrust {
        return Failure::new(
            Step::Tls,
            distrust.reason,
            format!("TLS with {name}: {}", distrust.text),
        );
    }
    let text = match tls_error(error) {
        Some(error) => format!("TLS with {name}: {error}{}", hint(error)),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            format!("TLS with {name}: the other side closed the connection during the handshake")
        }
        None => format!("TLS with {name}: {error}"),
    };
    Failure::new(Step::Tls, Reason::of_io(error), text)
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
