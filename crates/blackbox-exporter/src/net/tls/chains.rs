//! Whether a certificate leads to a trusted one, and until when.

use std::cell::Cell;

use rustls::pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage, VerifiedPath};

use super::roots::Roots;
use crate::certificate::Certificate;
use crate::failure::Reason;

/// Why a certificate is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Distrust {
    /// One of the reasons with certificates.
    pub(super) reason: Reason,
    /// For people.
    pub(super) text: String,
}

/// What the other side sent, and what it must be.
pub(super) struct Presented<'c> {
    /// Its own certificate.
    pub(super) leaf: &'c CertificateDer<'c>,
    /// Those that are to lead to a trusted one, in any order.
    pub(super) others: &'c [CertificateDer<'c>],
    /// Whom we want to talk to.
    pub(super) name: &'c ServerName<'c>,
    /// The time.
    pub(super) now: UnixTime,
}

/// Checks everything, in Go's order: the certificate's time, its names, its way to a trusted one. Gives the end of the
/// chain that ends last, each ending with the first of its certificates, in seconds since 1970.
pub(super) fn verify(
    presented: &Presented<'_>,
    roots: &Roots,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Result<i64, Distrust> {
    let unreadable = || distrust(Reason::CertificateInvalid, "the certificate cannot be read");
    let certificate = Certificate::parse(presented.leaf).ok_or_else(unreadable)?;
    check_time(&certificate, presented.now)?;
    let leaf = EndEntityCert::try_from(presented.leaf).map_err(|error| explain(&error, &certificate))?;
    leaf.verify_is_valid_for_subject_name(presented.name)
        .map_err(|_| wrong_name(&certificate, presented.name))?;
    if roots.contains(presented.leaf) {
        return Ok(certificate.not_after());
    }
    let chains = Chains {
        roots,
        leaf_end: certificate.not_after(),
        now: seconds(presented.now),
        latest: Cell::new(None),
        expired_root: Cell::new(false),
    };
    // Every path that leads to an anchor is looked at and then refused, so that all are found. The library bounds its
    // own work, whatever was sent.
    let told = leaf.verify_for_usage(
        algorithms,
        &roots.anchors,
        presented.others,
        presented.now,
        KeyUsage::server_auth(),
        None,
        Some(&|path: &VerifiedPath<'_>| chains.look_at(path)),
    );
    match (chains.latest.get(), told) {
        (Some(latest), _) => Ok(latest),
        (None, _) if chains.expired_root.get() => Err(distrust(
            Reason::CertificateExpired,
            "the trusted certificate behind it has expired",
        )),
        (None, Err(error)) => Err(explain(&error, &certificate)),
        // Not possible, as every path was refused.
        (None, Ok(_)) => Err(distrust(Reason::CertificateInvalid, "no chain was found")),
    }
}

struct Chains<'r> {
    roots: &'r Roots,
    leaf_end: i64,
    now: i64,
    latest: Cell<Option<i64>>,
    expired_root: Cell<bool>,
}

impl Chains<'_> {
    fn look_at(&self, path: &VerifiedPath<'_>) -> Result<(), Error> {
        let anchor = self.end_of(path.anchor());
        let between = path.intermediate_certificates().map(|cert| {
            let der = cert.der();
            Certificate::parse(&der).map_or(i64::MIN, |certificate| certificate.not_after())
        });
        if anchor < self.now {
            self.expired_root.set(true);
        } else {
            let end = between.fold(self.leaf_end.min(anchor), i64::min);
            self.latest.set(self.latest.get().max(Some(end)));
        }
        Err(Error::UnknownIssuer)
    }

    /// Anchors are told apart by their place: there may be several with the same name and key.
    fn end_of(&self, anchor: &TrustAnchor<'_>) -> i64 {
        let place = self.roots.anchors.iter().position(|known| std::ptr::eq(known, anchor));
        place
            .and_then(|place| self.roots.ends.get(place))
            .copied()
            .unwrap_or(i64::MIN)
    }
}

fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

fn distrust(reason: Reason, text: impl Into<String>) -> Distrust {
    Distrust {
        reason,
        text: text.into(),
    }
}

fn check_time(certificate: &Certificate<'_>, now: UnixTime) -> Result<(), Distrust> {
    let now = seconds(now);
    if now > certificate.not_after() {
        let text = format!("the certificate expired at {}", date(certificate.not_after()));
        return Err(distrust(Reason::CertificateExpired, text));
    }
    if now < certificate.not_before() {
        let text = format!("the certificate is not valid before {}", date(certificate.not_before()));
        return Err(distrust(Reason::CertificateNotYetValid, text));
    }
    Ok(())
}

fn date(seconds: i64) -> String {
    use std::time::{Duration, UNIX_EPOCH};
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    // humantime knows dates up to the year 9999, as certificates do.
    UNIX_EPOCH
        .checked_add(since)
        .map(|time| humantime::format_rfc3339_seconds(time).to_string())
        .unwrap_or_default()
}

fn wrong_name(certificate: &Certificate<'_>, name: &ServerName<'_>) -> Distrust {
    let (name, names) = (name.to_str(), certificate.alternative_names());
    let text = if names.is_empty() {
        format!("the certificate is not for {name}: it has no alternative names, and its common name does not count")
    } else {
        format!("the certificate is for {}, not for {name}", names.join(", "))
    };
    distrust(Reason::CertificateName, text)
}

fn explain(error: &Error, certificate: &Certificate<'_>) -> Distrust {
    let unknown = || {
        let text = if certificate.is_self_issued() {
            "the certificate is self-signed and not among the trusted ones".to_owned()
        } else {
            format!(
                "the certificate is signed by an unknown authority: {:?} does not lead to a trusted one",
                certificate.issuer()
            )
        };
        distrust(Reason::CertificateUntrusted, text)
    };
    match error {
        Error::UnknownIssuer | Error::InvalidSignatureForPublicKey => unknown(),
        Error::CaUsedAsEndEntity if certificate.is_self_issued() => unknown(),
        Error::CertExpired { .. } => distrust(Reason::CertificateExpired, "a certificate of the chain has expired"),
        Error::CertNotValidYet { .. } => distrust(
            Reason::CertificateNotYetValid,
            "a certificate of the chain is not valid yet",
        ),
        Error::CaUsedAsEndEntity => distrust(
            Reason::CertificateInvalid,
            "the certificate is an authority's, not a server's",
        ),
        other => distrust(
            Reason::CertificateInvalid,
            format!("the certificate is invalid: {other}"),
        ),
    }
}
