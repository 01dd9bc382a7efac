//! Why a probe failed: a reason and the step at which it happened, both from bounded sets, and a sentence for people.

use std::fmt;

/// How far a probe got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// Making sense of target and module, reading the module's files.
    Prepare,
    /// Finding the target's address.
    Resolve,
    /// Reaching it.
    Connect,
    /// Asking a proxy for the way.
    Proxy,
    /// The TLS handshake.
    Tls,
    /// Getting a token.
    Authorize,
    /// Sending the question.
    Send,
    /// Waiting for the answer, and its head.
    Receive,
    /// The rest of the answer.
    Body,
    /// The answer is here; is it what it must be?
    Validate,
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reason {
    /// The time was up.
    Timeout,
    /// The target makes no sense: no URL, no port.
    BadTarget,
    /// The module cannot be used: a file is missing, a key does not fit.
    BadModule,
    /// There is no such name.
    NameNotFound,
    /// The name has no address of the wanted kind.
    NoAddress,
    /// The DNS server failed, refused or did not answer.
    NameServer,
    /// The address may not be probed.
    Denied,
    /// Nobody listens there.
    ConnectionRefused,
    /// The other side broke the connection.
    ConnectionReset,
    /// The other side ended the connection too early.
    ConnectionClosed,
    /// No way leads there.
    Unreachable,
    /// This program lacks a right.
    Permission,
    /// The handshake failed for another reason than the certificate.
    TlsHandshake,
    /// A certificate is no longer valid.
    CertificateExpired,
    /// A certificate is not valid yet.
    CertificateNotYetValid,
    /// No trusted authority stands behind the certificate.
    CertificateUntrusted,
    /// The certificate is for other names.
    CertificateName,
    /// The certificate is wrong in another way.
    CertificateInvalid,
    /// What came is not the protocol that was expected.
    Protocol,
    /// The redirects do not end, or lead nowhere.
    Redirects,
    /// The proxy refused.
    ProxyRefused,
    /// No token was given.
    NotAuthorized,
    /// The status is not one of those wanted.
    Status,
    /// The version of the protocol is not one of those wanted.
    Version,
    /// TLS was used and must not be.
    TlsUsed,
    /// TLS was not used and must be.
    TlsMissing,
    /// A header is not what it must be.
    Header,
    /// The body, or a line, is not what it must be.
    Content,
    /// The body is larger than allowed.
    TooLarge,
    /// The body cannot be unpacked.
    Compression,
    /// A record of the answer is not what it must be.
    Record,
    /// The service says that it does not serve.
    NotServing,
    /// Something else.
    Other,
}

impl Step {
    /// The label's value.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Authorize => "authorize",
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Body => "body",
            Self::Validate => "validate",
        }
    }
}

impl Reason {
    /// The label's value.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::BadTarget => "bad_target",
            Self::BadModule => "bad_module",
            Self::NameNotFound => "name_not_found",
            Self::NoAddress => "no_address",
            Self::NameServer => "name_server",
            Self::Denied => "denied",
            Self::ConnectionRefused => "connection_refused",
            Self::ConnectionReset => "connection_reset",
            Self::ConnectionClosed => "connection_closed",
            Self::Unreachable => "unreachable",
            Self::Permission => "permission",
            Self::TlsHandshake => "tls_handshake",
            Self::CertificateExpired => "certificate_expired",
            Self::CertificateNotYetValid => "certificate_not_yet_valid",
            Self::CertificateUntrusted => "certificate_untrusted",
            Self::CertificateName => "certificate_name",
            Self::CertificateInvalid => "certificate_invalid",
            Self::Protocol => "protocol",
            Self::Redirects => "redirects",
            Self::ProxyRefused => "proxy_refused",
            Self::NotAuthorized => "not_authorized",
            Self::Status => "status",
            Self::Version => "version",
            Self::TlsUsed => "tls_used",
            Self::TlsMissing => "tls_missing",
            Self::Header => "header",
            Self::Content => "content",
            Self::TooLarge => "too_large",
            Self::Compression => "compression",
            Self::Record => "record",
            Self::NotServing => "not_serving",
            Self::Other => "other",
        }
    }

    /// What the system's error means at a connection.
    pub(crate) fn of_io(error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        if let Some(reason) = crate::net::reason_of_tls(error) {
            return reason;
        }
        match error.kind() {
            Kind::ConnectionRefused => Self::ConnectionRefused,
            Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => Self::ConnectionReset,
            Kind::UnexpectedEof => Self::ConnectionClosed,
            Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown | Kind::AddrNotAvailable => {
                Self::Unreachable
            }
            Kind::PermissionDenied => Self::Permission,
            Kind::TimedOut => Self::Timeout,
            _ => Self::Other,
        }
    }
}

/// A probe's failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// How far it got.
    pub(crate) step: Step,
    /// Why it went no further.
    pub(crate) reason: Reason,
    /// What happened, for people; never with a secret in it.
    pub(crate) text: String,
}

impl Failure {
    /// A failure told in words.
    pub(crate) fn new(step: Step, reason: Reason, text: impl Into<String>) -> Self {
        Self {
            step,
            reason,
            text: text.into(),
        }
    }

    /// What the system said at a step.
    pub(crate) fn io(step: Step, error: &std::io::Error, what: &str) -> Self {
        Self::new(step, Reason::of_io(error), format!("{what}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
